"""Network files of the project and of the tests, and models that they build for the small real data."""

import hashlib
import json
from pathlib import Path

from helpers.workflow import PROJECT
from training.networks import Build, load_build

DENSE = PROJECT / "config" / "networks" / "dense.py"
KINDS = PROJECT / "tests" / "fixtures" / "networks" / "kinds.py"
DATA = {"input_shape": [28, 28, 1], "classes": 10}


def sha256(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_of(path: Path, **keywords) -> Build:
    """Return the function `seed -> model` of a network file for images of 28 x 28 and ten classes."""
    return load_build(path, sha256(path), DATA, keywords)


def arguments_of(path: Path, point: dict) -> list[str]:
    """Return the command-line arguments that name a network and a point."""
    return ["--network", str(path), "--network-sha256", sha256(path), "--point", json.dumps(point)]
