"""Aggregate, resample, check published numbers: the statistics of the study.

takes: results/study.json, results/plan.csv, every history.csv, metrics.csv and test.npz the plan asks for, the data set's
    test labels, and the records of these; the file of published numbers that the config names
makes: results/tables/runs.csv, comparisons.csv, differences.csv, selection.csv, learning.csv, trends.csv, two_way.csv; published,
    orderings and {factor or grid}, each as .csv and .md; and each rule's record of its tables, aggregate.json, resample.json,
    check_published.json
"""

SUMMARIES = [*CONFIG.sweeps, *CONFIG.grids]
MARGINS = f"--margin-accuracy {CONFIG.margins.accuracy} --margin-loss {CONFIG.margins.loss}"
PUBLISHED_FILE = publication_file(CONFIG.published, PLACES)


rule aggregate:
    """Statistics of the study; reads the plan, since the metrics are too many for a command line."""
    input:
        study=rules.plan.output.study,
        plan=rules.plan.output.plan,
        data=data_files(),
        evaluations=files(PLAN.evaluated(), "metrics.csv", "evaluate.json"),
        trainings=files(dict.fromkeys([*PLAN.evaluated(), *PLAN.baseline_chain()]), "history.csv", "train.json"),
    output:
        runs="results/tables/runs.csv",
        comparisons="results/tables/comparisons.csv",
        differences="results/tables/differences.csv",
        selection="results/tables/selection.csv",
        learning="results/tables/learning.csv",
        trends="results/tables/trends.csv",
        record="results/tables/aggregate.json",
        tables=report(
            expand("results/tables/{summary}.{ending}", summary=SUMMARIES, ending=["csv", "md"]),
            category="Tables",
            caption="../report/table.rst",
        ),
    log:
        "results/logs/aggregate/tables.log",
    benchmark:
        "results/benchmarks/aggregate/tables.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("aggregate"),
        code=code("aggregate"),
        margins=MARGINS,
    message:
        "Aggregate all runs into tables"
    shell:
        "{params.command} --study {input.study} {params.margins} > {log} 2>&1"


rule resample:
    """Two-way bootstrap over seeds and test images: how far the differences hold beyond these images."""
    input:
        study=rules.plan.output.study,
        plan=rules.plan.output.plan,
        data=data_files("y_test.npy"),
        outcomes=files(PLAN.evaluated(), "test.npz", "evaluate.json", "train.json"),
    output:
        table="results/tables/two_way.csv",
        record="results/tables/resample.json",
    log:
        "results/logs/resample/two_way.log",
    benchmark:
        "results/benchmarks/resample/two_way.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("resample"),
        code=code("resample"),
    message:
        "Resample seeds and test images"
    shell:
        "{params.command} --study {input.study} --output {output.table} > {log} 2>&1"


rule check_published:
    """The numbers and orderings a publication states, against these runs."""
    input:
        study=rules.plan.output.study,
        plan=rules.plan.output.plan,
        data=data_files(),
        runs=rules.aggregate.output.runs,
        record=rules.aggregate.output.record,
    output:
        published=multiext("results/tables/published", ".csv", ".md"),
        orderings=multiext("results/tables/orderings", ".csv", ".md"),
        record="results/tables/check_published.json",
    log:
        "results/logs/check_published/published.log",
    benchmark:
        "results/benchmarks/check_published/published.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("check_published"),
        code=code("check_published"),
        published=lambda wildcards, input: f"--published={shlex.quote(str(PUBLISHED_FILE))}" if PUBLISHED_FILE else "",
        content=f"published: {files_digest([PUBLISHED_FILE]) if PUBLISHED_FILE else None}",
        margins=MARGINS,
    message:
        "Check the published numbers"
    shell:
        "{params.command} --study {input.study} {params.margins} {params.published} > {log} 2>&1"
