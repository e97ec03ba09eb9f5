"""Shared by all tests: the small real data, a finished small study, and the workflow's command line."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SUBSET = PROJECT / "tests" / "data" / "mnist-subset"
sys.path.insert(0, str(PROJECT / "scripts"))


@pytest.fixture(scope="session")
def subset():
    """The small real data as arrays: train (1000, 784) and test (500, 784), uint8, each with labels."""
    from idx import read_idx

    def part(name):
        images = read_idx(SUBSET / f"{name}-images-idx3-ubyte")
        return images.reshape(len(images), -1), read_idx(SUBSET / f"{name}-labels-idx1-ubyte")

    return {"train": part("train"), "test": part("t10k")}


@pytest.fixture(scope="session")
def arrays(subset, tmp_path_factory):
    """A folder with the small data as .npy files."""
    import numpy as np

    folder = tmp_path_factory.mktemp("arrays")
    for name, (images, labels) in subset.items():
        np.save(folder / f"x_{name}.npy", images)
        np.save(folder / f"y_{name}.npy", labels)
    return folder


def run_script(name, arguments, check=True):
    """Run a script of the project in a process of its own."""
    call = [sys.executable, str(PROJECT / "scripts" / f"{name}.py"), *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=check, timeout=300)
