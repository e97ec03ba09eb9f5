"""Aggregate: one table of all runs, one table for each sweep and grid.

takes: results/plan.csv, every history.csv and metrics.csv it asks for
makes: results/tables/runs.csv, results/tables/{factor or grid}.csv and .md
"""


rule aggregate:
    """Statistics of the study; reads the plan, since the metrics are too many for a command line."""
    message:
        "Aggregate all runs into tables"
    input:
        plan="results/plan.csv",
        metrics=milestone_files("metrics.csv"),
        histories=milestone_files("history.csv"),
    output:
        runs="results/tables/runs.csv",
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
    shell:
        "{params.command} --plan {input.plan} {params.study} > {log} 2>&1"
