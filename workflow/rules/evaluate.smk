"""Evaluate: the saved state on the test set, apart from training and without TensorFlow.

takes: state.npz, x_test.npy, y_test.npy
makes: test.npz (per image: loss, predicted class) and metrics.csv (per seed: test_loss, test_accuracy) beside the state
"""


rule evaluate:
    """Per-image outcomes and metrics of a block of seeds."""
    input:
        state=rules.train.output.state,
        x_test=f"results/data/{STUDY.dataset}/x_test.npy",
        y_test=f"results/data/{STUDY.dataset}/y_test.npy",
    output:
        outcomes=f"{MILESTONE}/test.npz",
        metrics=f"{MILESTONE}/metrics.csv",
    log:
        "results/logs/evaluate/{point}/seeds={first}-{last}/epochs={epochs}.log",
    benchmark:
        "results/benchmarks/evaluate/{point}/seeds={first}-{last}/epochs={epochs}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=400,
    params:
        command=command("evaluate"),
        engine=f"{code('evaluate')}; {ENGINE}",
    message:
        "Evaluate {wildcards.point}, seeds {wildcards.first} to {wildcards.last}, at {wildcards.epochs} epochs"
    shell:
        "OPENBLAS_NUM_THREADS={threads} OMP_NUM_THREADS={threads} {params.command} --state {input.state:q}"
        " --point {wildcards.point:q} --seeds {wildcards.first} {wildcards.last} --epochs {wildcards.epochs}"
        " --x-test {input.x_test:q} --y-test {input.y_test:q}"
        " --outcomes {output.outcomes:q} --metrics {output.metrics:q} > {log:q} 2>&1"
