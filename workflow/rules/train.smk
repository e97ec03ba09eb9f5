"""Train: a point, a block of seeds, from one milestone of the chain to the next.

takes: arrays of the data set, state.npz and optimizer.npz of the milestone before
makes: results/runs/{point}/seeds={first}-{last}/epochs={epochs}/state.npz (weights), optimizer.npz (what a longer
    training needs besides) and history.csv (this link's epochs)
"""


rule train:
    """One XLA-compiled epoch after the other; resumed equals uninterrupted, bit for bit."""
    input:
        data=rules.data.input,
        previous=previous_state,
    output:
        state=f"{MILESTONE}/state.npz",
        optimizer=kept_if(STUDY.keep_optimizer_state, f"{MILESTONE}/optimizer.npz"),
        history=f"{MILESTONE}/history.csv",
    log:
        "results/logs/train/{point}/seeds={first}-{last}/epochs={epochs}.log",
    benchmark:
        "results/benchmarks/train/{point}/seeds={first}-{last}/epochs={epochs}.tsv"
    priority: training_still_to_do
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=training_memory,
    params:
        command=command("train"),
        engine=f"{code('train')}; {ENGINE}",
        hyperparameters=hyperparameters,
        start=lambda wildcards, input: start_epochs(wildcards),
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Train {wildcards.point}, seeds {wildcards.first} to {wildcards.last}, to {wildcards.epochs} epochs"
    shell:
        "{params.command} {params.hyperparameters} --seeds {wildcards.first} {wildcards.last}"
        " --epochs {params.start} {wildcards.epochs} --data-folder {params.folder}"
        " --previous {input.previous:q} --engine {params.engine:q} --threads {threads}"
        " --state {output.state:q} --optimizer-state {output.optimizer:q} --history {output.history:q} > {log:q} 2>&1"
