"""Aggregate, resample, check published numbers: the statistics of the study.

takes: results/plan.csv, every history.csv and metrics.csv it asks for
makes: results/tables/runs.csv, comparisons.csv, selection.csv, two_way.csv, published.csv, orderings.csv, {factor or grid}.csv and .md
"""


rule aggregate:
    """Statistics of the study; reads the plan, since the metrics are too many for a command line."""
    input:
        plan="results/plan.csv",
        metrics=milestone_files("metrics.csv"),
        histories=sorted({*milestone_files("history.csv"), *baseline_histories()}),
    output:
        runs="results/tables/runs.csv",
        comparisons="results/tables/comparisons.csv",
        differences="results/tables/differences.csv",
        selection="results/tables/selection.csv",
        learning="results/tables/learning.csv",
        trends="results/tables/trends.csv",
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
        outcomes=milestone_files("test.npz"),
        y_test=f"results/data/{STUDY.dataset}/y_test.npy",
    output:
        "results/tables/two_way.csv",
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
        "{params.command} --plan {input.plan} {params.study} --y-test {input.y_test} --output {output} > {log} 2>&1"


rule check_published:
    """The numbers and orderings a publication states, against these runs."""
    input:
        plan="results/plan.csv",
        runs=rules.aggregate.output.runs,
    output:
        published=multiext("results/tables/published", ".csv", ".md"),
        orderings=multiext("results/tables/orderings", ".csv", ".md"),
    log:
        "results/logs/check_published/published.log",
    benchmark:
        "results/benchmarks/check_published/published.tsv"
    conda:
        "../../environment.yml"
    params:
        command=command("check_published"),
        code=code("check_published"),
        published=lambda wildcards, input: shlex.quote(str(PUBLISHED_FILE)),
        content=f"published.yaml: {files_digest([PUBLISHED_FILE])}",
        study=study_arguments(),
        about=about_arguments(),
        margins=margin_arguments(),
    message:
        "Check the published numbers"
    shell:
        "{params.command} --plan {input.plan} {params.study} {params.about} {params.margins}"
        " --published {params.published} > {log} 2>&1"
