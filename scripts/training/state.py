"""Trained states on disk: weights or optimizer variables of each seed of a block, labelled with what they are.

The files are ordinary `.npz`: `label` (JSON as uint8), then for each seed `{seed}/weights/…` or `{seed}/optimizer/…`.
Seeds are written and read one by one, so that a block takes no more memory than a run.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from files.atomic import atomic_path

Arrays = dict[str, np.ndarray]


class StateError(ValueError):
    """A state file cannot be used; the message is one line."""


@contextmanager
def writing_state(path: Path, label: dict) -> Iterator[Callable[[int, Arrays], None]]:
    """Write a state seed by seed; the same content gives the same bytes.

    Args:
        path: the `.npz` file; it appears when the block ends without error.
        label: what the state is: what it holds, point, seeds, epochs, code digest, versions; plain JSON values.

    Yields:
        A function that adds the arrays of one seed.
    """
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:

        def add(name: str, array: np.ndarray) -> None:
            # Opened by name, an entry bears a fixed date (as in numpy.savez).
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)

        add("label", np.frombuffer(json.dumps(label, sort_keys=True).encode(), np.uint8))
        yield lambda seed, arrays: [add(f"{seed}/{name}", array) for name, array in arrays.items()] and None


class StateReader:
    """Reads one state, and only if it is the one that was asked for.

    Args:
        path: the `.npz` file.
        expected: entries the label must hold, e.g. `point="units=512,…"`, `epochs=5`.

    Raises:
        StateError: if the file is damaged, or another state than expected.
    """

    def __init__(self, path: Path, **expected):
        self.path = path
        with self._damage_told():
            self._archive = np.load(path, allow_pickle=False)
            self.label = dict(json.loads(self._archive["label"].tobytes()))
        for key, value in expected.items():
            if self.label.get(key) != value:
                received = f"Received: {key}={self.label.get(key)}"
                raise StateError(f"{path}: expected {key}={value}. {received}. Delete it, it will be trained again.")

    def arrays(self, seed: int, prefix: str = "") -> Arrays:
        """Return the arrays of one seed whose names start with `prefix`, e.g. `weights/`.

        Raises:
            StateError: if they are damaged or missing.
        """
        start = f"{seed}/{prefix}"
        with self._damage_told():
            names = [name for name in self._archive.files if name.startswith(start)]
            if not names:
                raise KeyError(f"no arrays of seed {seed}")
            return {name.split("/", 1)[1]: self._archive[name] for name in names}

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a damaged file can make zipfile and NumPy raise almost anything
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise StateError(
                f"{self.path}: is no readable state ({reason}). Delete it, it will be trained again."
            ) from None
