"""Plot and report.

takes: results/plan.csv, results/tables/*, the baseline's histories and test outcomes, the data set's test images
makes: results/figures/*.svg and *.png with their record plot.json, results/report.md, results/report.html, results/provenance.json
"""


rule plot:
    """All figures of the study in one job: the imports cost more than the drawing."""
    input:
        plan="results/plan.csv",
        data=data_files("x_test.npy", "y_test.npy"),
        runs=rules.aggregate.output.runs,
        comparisons=rules.aggregate.output.comparisons,
        published=rules.check_published.output.published,
        records=[rules.aggregate.output.record, rules.check_published.output.record],
        histories=baseline_chain("history.csv", "train.json"),
        outcomes=milestone_files("test.npz", "evaluate.json", wanted=is_baseline),
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
        "../../environment.yml"
    params:
        command=command("plot"),
        code=code("plot"),
        study=study_arguments(),
        margins=margin_arguments(),
        figures=lambda wildcards: figure_arguments(),  # a function, so that no name of a class is taken for a wildcard
    message:
        "Plot all figures"
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.margins} {params.figures} > {log} 2>&1"


rule report:
    """The report, every sentence filled from the tables, and the record of what made it, and when."""
    input:
        plan="results/plan.csv",
        tables=[*rules.aggregate.output, *rules.resample.output, *rules.check_published.output],
        figures=rules.plot.output,
        config="results/config.json",
        data=data_files(),
        raw=expand(rules.download.output, dataset=CONFIG.dataset),
    output:
        markdown="results/report.md",
        html="results/report.html",
        provenance="results/provenance.json",
    log:
        "results/logs/report/report.log",
    benchmark:
        "results/benchmarks/report/report.tsv"
    conda:
        "../../environment.yml"
    params:
        command=command("report"),
        code=code("report"),
        template=f"templates: {files_digest(sorted(TEMPLATES.glob('*.j*')))}",
        templates=lambda wildcards, input: shlex.quote(str(TEMPLATES)),
        raw=lambda wildcards, input: Path(input.raw[0]).parent,
        study=study_arguments(),
        about=about_arguments(),
        margins=margin_arguments(),
    message:
        "Write the report"
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.about} {params.margins} --templates {params.templates}"
        " --config {input.config} --raw-folder {params.raw} --provenance {output.provenance} --markdown {output.markdown} --html {output.html} > {log} 2>&1"
