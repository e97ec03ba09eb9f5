"""Fixtures of all tests: the small real data, and a finished small study."""

import pytest

from helpers.workflow import SUBSET, copy_project, run_snakemake, write_config


@pytest.fixture(scope="session")
def subset():
    """The small real data as arrays: train (1000, 784) and test (500, 784), uint8, each with labels."""
    from data.idx import read_idx

    def part(name):
        images = read_idx(SUBSET / f"{name}-images-idx3-ubyte")
        return images.reshape(len(images), -1), read_idx(SUBSET / f"{name}-labels-idx1-ubyte")

    return {"train": part("train"), "test": part("t10k")}


@pytest.fixture(scope="session")
def arrays(subset, tmp_path_factory):
    """A folder with the small data as .npy files, and their record."""
    import numpy as np

    from files.records import write_record

    folder = tmp_path_factory.mktemp("arrays")
    for name, (images, labels) in subset.items():
        np.save(folder / f"x_{name}.npy", images)
        np.save(folder / f"y_{name}.npy", labels)
    write_record(folder / "preprocess.json", sorted(folder.glob("*.npy")), dataset=folder.name)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder and the small study, run to the end in it with two cores; copy the study before changing it."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    study = tmp_path_factory.mktemp("finished") / "study"
    write_config(study)
    run_snakemake(project, study, "data")
    run_snakemake(project, study)
    return project, study
