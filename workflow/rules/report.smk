"""Plot and report.

takes: results/study.json, results/plan.csv, results/tables/*, the baseline's histories and test outcomes, the data set's test
    images
makes: results/figures/*.svg and *.png with their record plot.json, results/report.md, results/report.html, results/provenance.json
"""

TEMPLATES = PROJECT / "workflow" / "report"
PUBLICATION = read_publication(CONFIG.published, CONFIG.network, CONFIG.network_file)
CHECKED_NUMBERS = PUBLICATION.numbers if PUBLICATION and PUBLICATION.dataset == CONFIG.dataset else ()
SUMMARISED = {**{factor: [factor] for factor in CONFIG.sweeps}, **CONFIG.grids}
FIGURES = figure_names(SUMMARISED, len(IMAGES.shape) > 1, bool(CHECKED_NUMBERS))


rule plot:
    """All figures of the study in one job: the imports cost more than the drawing."""
    input:
        study=rules.plan.output.study,
        plan=rules.plan.output.plan,
        data=data_files("x_test.npy", "y_test.npy"),
        runs=rules.aggregate.output.runs,
        comparisons=rules.aggregate.output.comparisons,
        published=rules.check_published.output.published,
        records=[rules.aggregate.output.record, rules.check_published.output.record],
        histories=files(PLAN.baseline_chain(), "history.csv", "train.json"),
        outcomes=files(PLAN.baseline(), "test.npz", "evaluate.json"),
    output:
        svg=[
            report(
                f"results/figures/{figure}.svg",
                category="Figures",
                labels={"figure": figure.replace("_", " ")},
                caption="../report/figure.rst",
            )
            for figure in FIGURES
        ],
        png=expand("results/figures/{figure}.png", figure=FIGURES),
        record="results/figures/plot.json",
    log:
        "results/logs/plot/figures.log",
    benchmark:
        "results/benchmarks/plot/figures.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("plot"),
        code=code("plot"),
        margins=MARGINS,
        # a function, so that no name of a class is taken for a wildcard
        figures=lambda wildcards: f"--dpi {CONFIG.figures.dpi} --show-seeds {str(CONFIG.figures.show_seeds).lower()}"
        + (f" --class-names {shlex.quote(json.dumps(CLASS_NAMES, ensure_ascii=False))}" if CLASS_NAMES else ""),
    message:
        "Plot all figures"
    shell:
        "{params.command} --study {input.study} {params.margins} {params.figures} > {log} 2>&1"


rule report:
    """The report, every sentence filled from the tables, and the record of what made it, and when."""
    input:
        study=rules.plan.output.study,
        plan=rules.plan.output.plan,
        tables=[*rules.aggregate.output, *rules.resample.output, *rules.check_published.output],
        figures=rules.plot.output,
        data=data_files(),
        raw=expand(rules.download.output, dataset=CONFIG.dataset),
        description=ancient(description_of(point_of(CONFIG.baseline))),
    output:
        markdown="results/report.md",
        html="results/report.html",
        provenance="results/provenance.json",
    log:
        "results/logs/report/report.log",
    benchmark:
        "results/benchmarks/report/report.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("report"),
        code=code("report"),
        template=f"templates: {files_digest(sorted(TEMPLATES.glob('*.j*')))}",
        templates=lambda wildcards, input: shlex.quote(str(TEMPLATES)),
        raw=lambda wildcards, input: Path(input.raw[0]).parent,
        config=digest("config", CONFIG_TEXT),
        margins=MARGINS,
    message:
        "Write the report"
    shell:
        "{params.command} --study {input.study} {params.margins} --templates {params.templates} --description {input.description:q}"
        " --config results/config.json --raw-folder {params.raw} --provenance {output.provenance} --markdown {output.markdown} --html {output.html} > {log} 2>&1"
