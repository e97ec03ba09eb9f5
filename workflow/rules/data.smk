"""Raw files of a data set, each checked by SHA-256, then arrays.

takes: config/datasets.yaml and the sources it names, or the config's data_folder
makes: results/data/{dataset}/raw/*, results/data/{dataset}/{x,y}_{train,test}.npy, and in each folder the record of its files,
    download.json and preprocess.json
"""


rule data:
    """The data target: `make` brings it up to date before the study."""
    input:
        data_files("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),


rule download:
    """Fetch the files from the first source that delivers the right bytes.

    Files of one's own are known by their digest, a param, not as inputs: their time stamps may lie in the future.
    """
    output:
        raw=[ensure(f"results/data/{{dataset}}/raw/{name}", non_empty=True) for name in RAW_FILES],
        record="results/data/{dataset}/raw/download.json",
    log:
        "results/logs/download/{dataset}.log",
    benchmark:
        "results/benchmarks/download/{dataset}.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("download"),
        code=code("download"),
        expected=lambda wildcards: (
            "; ".join(f"{key} sha256 {file.sha256}" for key, file in DATASETS[wildcards.dataset].files.items())
            if wildcards.dataset in DATASETS
            else f"{wildcards.dataset}: {files_digest(sorted(OWN_FILES.values()))}"
        ),
        folder=subpath(output.record, parent=True),
        datasets=lambda wildcards, input: shlex.quote(str(DATASETS_FILE)),
        local=lambda wildcards, input: f"--local-folder={shlex.quote(str(DATA_FOLDER))}" if DATA_FOLDER else "",
    message:
        "Download {wildcards.dataset}"
    shell:
        "{params.command} --datasets {params.datasets} --dataset {wildcards.dataset}"
        " --output-folder {params.folder} {params.local} > {log} 2>&1"


rule preprocess:
    """Turn raw files into arrays: x, uint8 or float32, (n, height, width, channels) or (n, length); y, uint8 (n,)."""
    input:
        raw=rules.download.output.raw,
        record=rules.download.output.record,
    output:
        multiext("results/data/{dataset}/", "x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),
        record="results/data/{dataset}/preprocess.json",
    log:
        "results/logs/preprocess/{dataset}.log",
    benchmark:
        "results/benchmarks/preprocess/{dataset}.tsv"
    conda:
        ENVIRONMENT
    params:
        command=command("preprocess"),
        code=code("preprocess"),
        raw=subpath(input.record, parent=True),
        folder=subpath(output[0], parent=True),
        classes=f"--classes {len(CLASS_NAMES)}" if CLASS_NAMES else "",
    message:
        "Preprocess {wildcards.dataset}"
    shell:
        "{params.command} --raw-folder {params.raw} --output-folder {params.folder} {params.classes} > {log} 2>&1"
