"""Describe: each network of the study built, checked and timed before anything is trained.

takes: results/network.py, the copy of the network's file, and the arrays of the data set
makes: results/networks/{file and shape}/{point}.json, one for each set of values of the network's own hyperparameters and
    each batch size: its layers, and the seconds and memory of its steps, by which trainings ask for resources
"""


# A description is made where it is missing, and never again. All its inputs are ancient, and it has no param that changes.
# So no training runs because of it; and while one is made again, Snakemake would not look whether the trainings that wait
# for it are out of date themselves. Its path names the network's file and the shape of the images.
rule describe:
    """Refuses, before any training, a network that would spoil the study."""
    input:
        data=[ancient(path) for path in data_files("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy")],
    output:
        DESCRIPTION,
    log:
        f"results/logs/describe/{NETWORK}.log",
    benchmark:
        f"results/benchmarks/describe/{NETWORK}.tsv"
    priority: 10**9
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 2000,
        runtime=lambda wildcards, attempt: attempt * 30,
    params:
        command=command("describe"),
        network=lambda wildcards, input: NETWORK_SHA256,
        point=point_described,
        folder=lambda wildcards, input: Path(input.data[0]).parent,
    message:
        "Describe the network {wildcards}"
    shell:
        "{params.command} --network results/network.py --network-sha256 {params.network} --point {params.point}"
        " --data-folder {params.folder} --description {output:q} > {log:q} 2>&1"


rule networks:
    """All descriptions; `make` brings them up to date with the data, before the study."""
    input:
        [f"{NETWORKS}/{name}.json" for name in DESCRIBED],
