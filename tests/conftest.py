"""Fixtures of all tests: the small real data, and a finished small study."""

import fcntl
import os
import shutil

import pytest

from helpers.workflow import PROJECT, SUBSET, copy_project, run_snakemake, write_config

SLOW_FOLDERS = ("workflow", "faults", "benchmarks")
SLOW_FIXTURES = {"finished", "browser"}


def pytest_collection_modifyitems(items):
    """Put the files that take longest first, so that two processes end together; mark what `make test-quick` omits."""
    order = (*SLOW_FOLDERS, "training")

    def folder(item):
        return item.path.relative_to(PROJECT / "tests").parts[0]

    items.sort(key=lambda item: order.index(folder(item)) if folder(item) in order else len(order))
    for item in items:
        if folder(item) in SLOW_FOLDERS or SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker("slow")


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
    write_record(folder / "preprocess.json", sorted(folder.glob("*.npy")), dataset=folder.name, classes=10)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder and the small study, run to the end in it with two cores; copy the study before changing it.

    Of several pytest processes the first makes both, and each has a copy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "complete").exists():
            copy_project(shared / "project")
            write_config(shared / "study")
            run_snakemake(shared / "project", shared / "study", "data")
            run_snakemake(shared / "project", shared / "study")
            (shared / "complete").touch()
    folder = tmp_path_factory.mktemp("copy")
    return tuple(shutil.copytree(shared / name, folder / name) for name in ("project", "study"))
