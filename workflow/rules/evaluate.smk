"""Evaluate: the saved state on the test set, apart from training: NumPy computes dense stacks, Keras all else.

takes: state.npz, x_test.npy, y_test.npy, and their records
makes: test.npz (per image: loss, predicted class), metrics.csv (per seed: test_loss, test_accuracy) and evaluate.json, the
    record of these, beside the state
"""


rule evaluate:
    """Per-image outcomes and metrics of a block of seeds."""
    input:
        training=rules.train.output.record,
        state=rules.train.output.state,
        data=data_files("x_test.npy", "y_test.npy"),
    output:
        outcomes=f"{MILESTONE}/test.npz",
        metrics=f"{MILESTONE}/metrics.csv",
        record=f"{MILESTONE}/evaluate.json",
    log:
        f"results/logs/evaluate/{LINK}.log",
    benchmark:
        f"results/benchmarks/evaluate/{LINK}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * described(wildcards).evaluation_memory_mb(IMAGES.test),
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        command=command("evaluate"),
        point=lambda wildcards: canonical_name(known_point(wildcards)),
        network=NETWORK_SHA256,
        arguments=network_arguments,
        engine=EVALUATED_BY,
        trained_by=TRAINED_BY,
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Evaluate {params.point}, seeds {wildcards.first} to {wildcards.last}, at {wildcards.epochs} epochs"
    shell:
        "{params.command} --training {input.training:q}"
        " {params.arguments} --seeds {wildcards.first} {wildcards.last} --epochs {wildcards.epochs}"
        " --trained-by {params.trained_by:q} --data-folder {params.folder} --engine {params.engine:q}"
        " --outcomes {output.outcomes:q} --metrics {output.metrics:q} --record {output.record:q} > {log:q} 2>&1"
