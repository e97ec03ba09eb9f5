"""Train: a point, a block of seeds, from one milestone of the chain to the next.

takes: arrays of the data set, state.npz and optimizer.npz of the milestone before, and their records
makes: results/runs/{point}/seeds={first}-{last}/epochs={epochs}/state.npz (weights), optimizer.npz (what a longer
    training needs besides), history.csv (this link's epochs) and train.json, the record of these
"""


rule train:
    """One XLA-compiled epoch after the other; resumed equals uninterrupted, bit for bit."""
    input:
        data=rules.data.input,
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
    priority: lambda wildcards: PLAN.epochs_left(link(wildcards)) * work_of_an_epoch(wildcards)
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt
        * cost.training_memory_mb(known_point(wildcards).units, known_point(wildcards).batch_size, IMAGES.train),
        runtime=lambda wildcards, attempt: attempt
        * cost.training_runtime_minutes(
            known_point(wildcards).units,
            known_point(wildcards).batch_size,
            PLAN.epochs(link(wildcards)),
            link(wildcards).seeds,
            IMAGES.train,
            IMAGES.test,
        ),
    params:
        command=command("train"),
        point=lambda wildcards: known_point(wildcards).name,
        engine=TRAINED_BY,
        hyperparameters=lambda wildcards: " ".join(
            f"--{name.replace('_', '-')} {canonical_value(value)}"
            for name, value in known_point(wildcards).model_dump().items()
        ),
        start=lambda wildcards, input: PLAN.start(int(wildcards.epochs)),
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Train {params.point}, seeds {wildcards.first} to {wildcards.last}, to {wildcards.epochs} epochs"
    shell:
        "{params.command} {params.hyperparameters} --seeds {wildcards.first} {wildcards.last}"
        " --epochs {params.start} {wildcards.epochs} --data-folder {params.folder}"
        " --previous {input.previous:q} --engine {params.engine:q} --threads {threads}"
        " --state {output.state:q} --optimizer-state {output.optimizer:q} --history {output.history:q}"
        " --record {output.record:q} > {log:q} 2>&1"
