"""Train: a point, a block of seeds, from one milestone of the chain to the next.

takes: arrays of the data set, state.npz and optimizer.npz of the milestone before, and their records
makes: results/runs/{point}/seeds={first}-{last}/epochs={epochs}/state.npz (the model's variables), optimizer.npz (what a longer
    training needs besides), history.csv (this link's epochs) and train.json, the record of these
"""


rule train:
    """One epoch after the other, each a single call of TensorFlow; resumed equals uninterrupted, bit for bit."""
    input:
        data=rules.data.input,
        network=ancient(DESCRIPTION),
        previous=lambda wildcards: files(PLAN.previous(link(wildcards)), "train.json"),
        states=lambda wildcards: files(PLAN.previous(link(wildcards)), "state.npz", "optimizer.npz"),
    output:
        state=f"{MILESTONE}/state.npz",
        optimizer=f"{MILESTONE}/optimizer.npz" if CONFIG.keep_optimizer_state else temp(f"{MILESTONE}/optimizer.npz"),
        history=f"{MILESTONE}/history.csv",
        record=f"{MILESTONE}/train.json",
    log:
        f"results/logs/train/{LINK}.log",
    benchmark:
        f"results/benchmarks/train/{LINK}.tsv"
    priority: lambda wildcards: round(1000 * training_seconds(wildcards, PLAN.epochs_left(link(wildcards))))
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * described(wildcards).training_memory_mb,
        runtime=lambda wildcards, attempt: attempt
        * cost.runtime_minutes(link(wildcards).seeds * training_seconds(wildcards, PLAN.epochs(link(wildcards)))),
    params:
        command=command("train"),
        point=lambda wildcards: canonical_name(known_point(wildcards)),
        engine=TRAINED_BY,
        network=NETWORK_SHA256,
        arguments=network_arguments,
        start=lambda wildcards, input: PLAN.start(int(wildcards.epochs)),
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Train {params.point}, seeds {wildcards.first} to {wildcards.last}, to {wildcards.epochs} epochs"
    shell:
        "{params.command} {params.arguments} --seeds {wildcards.first} {wildcards.last}"
        " --epochs {params.start} {wildcards.epochs} --data-folder {params.folder}"
        " --previous {input.previous:q} --engine {params.engine:q}"
        " --state {output.state:q} --optimizer-state {output.optimizer:q} --history {output.history:q}"
        " --record {output.record:q} > {log:q} 2>&1"
