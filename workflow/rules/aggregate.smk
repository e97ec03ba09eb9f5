"""Aggregate, resample, check published numbers: the statistics of the study.

takes: results/plan.csv, every history.csv, metrics.csv and test.npz it asks for, the data set's test labels, and the records of
    these; the file of published numbers that the config names
makes: results/tables/runs.csv, comparisons.csv, differences.csv, selection.csv, learning.csv, trends.csv, two_way.csv; published,
    orderings and {factor or grid}, each as .csv and .md; and each rule's record of its tables, aggregate.json, resample.json,
    check_published.json
"""


rule aggregate:
    """Statistics of the study; reads the plan, since the metrics are too many for a command line."""
    input:
        plan="results/plan.csv",
        data=data_files(),
        evaluations=milestone_files("metrics.csv", "evaluate.json"),
        trainings=sorted({*milestone_files("history.csv", "train.json"), *baseline_chain("history.csv", "train.json")}),
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
        "../../environment.yml"
    params:
        command=command("aggregate"),
        code=code("aggregate"),
        study=study_arguments(),
        margins=margin_arguments(),
    message:
        "Aggregate all runs into tables"
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.margins} > {log} 2>&1"


rule resample:
    """Two-way bootstrap over seeds and test images: how far the differences hold beyond these images."""
    input:
        plan="results/plan.csv",
        data=data_files("y_test.npy"),
        outcomes=milestone_files("test.npz", "evaluate.json", "train.json"),
    output:
        table="results/tables/two_way.csv",
        record="results/tables/resample.json",
    log:
        "results/logs/resample/two_way.log",
    benchmark:
        "results/benchmarks/resample/two_way.tsv"
    conda:
        "../../environment.yml"
    params:
        command=command("resample"),
        code=code("resample"),
        study=study_arguments(),
    message:
        "Resample seeds and test images"
    shell:
        "{params.command} --plan {input.plan} {params.study} --output {output.table} > {log} 2>&1"


rule check_published:
    """The numbers and orderings a publication states, against these runs."""
    input:
        plan="results/plan.csv",
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
        "../../environment.yml"
    params:
        command=command("check_published"),
        code=code("check_published"),
        published=lambda wildcards, input: published_argument(),
        content=published_content(),
        study=study_arguments(),
        about=about_arguments(),
        margins=margin_arguments(),
    message:
        "Check the published numbers"
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.about} {params.margins}"
        " {params.published} > {log} 2>&1"
