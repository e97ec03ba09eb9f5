"""Plot and report.

takes: results/plan.csv, results/tables/*, the baseline's histories and test outcomes, the data set's test images
makes: results/figures/*.svg and *.png, results/provenance.json, results/report.md, results/report.html
"""


rule plot:
    """All figures of the study in one job: the imports cost more than the drawing."""
    input:
        plan="results/plan.csv",
        runs=rules.aggregate.output.runs,
        tables=rules.aggregate.output.tables,
        histories=baseline_histories(),
        outcomes=milestone_files("test.npz", is_baseline),
        x_test=f"results/data/{STUDY.dataset}/x_test.npy",
        y_test=f"results/data/{STUDY.dataset}/y_test.npy",
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
        figures=figure_arguments(),
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.figures}"
        " --x-test {input.x_test} --y-test {input.y_test} > {log} 2>&1"


rule provenance:
    """What made the results, and when: everything that may differ between two runs of the same study."""
    input:
        config="results/config.json",
        tables=rules.aggregate.output,
        figures=rules.plot.output,
        raw=expand(rules.download.output, dataset=STUDY.dataset),
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance/provenance.log",
    benchmark:
        "results/benchmarks/provenance/provenance.tsv"
    conda:
        "../../environment.yml"
    params:
        command=command("provenance"),
        code=code("provenance"),
    shell:
        "{params.command} --config {input.config} --raw {input.raw} --output {output} > {log} 2>&1"


rule report:
    """The report: every sentence filled from the tables."""
    input:
        plan="results/plan.csv",
        tables=rules.aggregate.output,
        figures=rules.plot.output,
        provenance=rules.provenance.output,
    output:
        markdown="results/report.md",
        html="results/report.html",
    log:
        "results/logs/report/report.log",
    benchmark:
        "results/benchmarks/report/report.tsv"
    conda:
        "../../environment.yml"
    params:
        command=command("report"),
        code=code("report"),
        template=f"templates: {files_digest(sorted(TEMPLATES.glob('*.j2')))}",
        templates=lambda wildcards, input: shlex.quote(str(TEMPLATES)),
        study=study_arguments(),
        about=about_arguments(),
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.about} --templates {params.templates}"
        " --provenance {input.provenance} --markdown {output.markdown} --html {output.html} > {log} 2>&1"
