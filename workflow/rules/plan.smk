"""Plan: what the summarising scripts know of the study, written once.

takes: results/config.json, the completed config, which each run writes at its start
makes: results/plan.csv (every point, milestone and block of seeds, and which sweep or grid wants it) and
    results/study.json (data set, baseline, sweeps and grids, level of the tests, engines)
"""


rule plan:
    """A plan that did not change is not written again, whatever else in the config did: its digest is a param."""
    input:
        begin_run,
    output:
        plan="results/plan.csv",
        study="results/study.json",
    log:
        "results/logs/plan/plan.log",
    benchmark:
        "results/benchmarks/plan/plan.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("plan"),
        content=digest("plan", *PLAN_FILES.values()),
        engines=lambda wildcards, input: shlex.join(["--trained-by", TRAINED_BY, "--evaluated-by", EVALUATED_BY]),
    message:
        "Write the plan"
    shell:
        "{params.command} --config results/config.json --network results/network.py {params.engines} --plan {output.plan} --study {output.study}"
        " > {log} 2>&1"
