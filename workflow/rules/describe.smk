"""Describe: each network of the study built, checked and timed before anything is trained.

takes: results/network.py, the copy of the network's file, and the arrays of the data set
makes: results/networks/{keywords}.json, one for each set of values of the network's own hyperparameters: its layers, and the
    seconds and memory of its steps, by which trainings ask for resources. A training does not depend on it.
"""


rule describe:
    """Refuses, before any training, a network that would spoil the study."""
    input:
        data=data_files("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),
    output:
        f"results/networks/{NETWORK}.json",
    log:
        f"results/logs/describe/{NETWORK}.log",
    benchmark:
        f"results/benchmarks/describe/{NETWORK}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 2000,
        runtime=lambda wildcards, attempt: attempt * 30,
    params:
        command=command("describe"),
        code=code("describe"),
        network=NETWORK_SHA256,
        points=lambda wildcards: shlex.quote(json.dumps(points_described(wildcards))),
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Describe the network {wildcards}"
    shell:
        "{params.command} --network results/network.py --network-sha256 {params.network} --points {params.points}"
        " --data-folder {params.folder} --description {output:q} > {log:q} 2>&1"


rule networks:
    """All descriptions; `make` brings them up to date with the data, before the study."""
    input:
        DESCRIPTIONS,
