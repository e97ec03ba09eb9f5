"""Trained states on disk: weights and optimizer variables of a block of seeds, with a label that says what they are."""

import json
import zipfile
from pathlib import Path

import numpy as np

from atomic import atomic_path


class StateError(ValueError):
    """A state file cannot be used; the message is one line."""


def write_state(path: Path, arrays: dict[str, np.ndarray], label: dict) -> None:
    """Write a state; the same content gives the same bytes.

    Args:
        path: the `.npz` file.
        arrays: name -> array whose first axis runs over the seeds of the block.
        label: what the state is: point, seeds, epochs, code digest, versions; plain JSON values.
    """
    text = np.frombuffer(json.dumps(label, sort_keys=True).encode(), np.uint8)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, label=text, **arrays)


def read_state(path: Path, prefix: str = "", **expected) -> tuple[dict[str, np.ndarray], dict]:
    """Read a state and check that it is the one that was asked for.

    Args:
        path: the `.npz` file.
        prefix: read only the arrays whose names start with it, e.g. `weights/`.
        expected: entries the label must hold, e.g. `point="units=512,…"`, `epochs=5`.

    Returns:
        The arrays by name, and the label.

    Raises:
        StateError: if the file is damaged, or another state than expected.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            label = json.loads(archive["label"].tobytes())
            arrays = {name: archive[name] for name in archive.files if name != "label" and name.startswith(prefix)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StateError(f"{path}: is no readable state ({error}). Delete it, it will be trained again.") from None
    for key, value in expected.items():
        if label.get(key) != value:
            received = f"Received: {key}={label.get(key)}"
            raise StateError(f"{path}: expected {key}={value}. {received}. Delete it, it will be trained again.")
    return arrays, label
