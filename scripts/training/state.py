"""Read and write the arrays of trained states by seed.

A state lies in ordinary `.npz` files, one for each kind of array, with entries `{seed}/weights/{position}` or
`{seed}/optimizer/{position}`: every variable of the model, seed states included, and of the optimizer. The record
beside them says what they are and vouches for their bytes (`files/records.py`). Seeds are read and written one by one,
so a block takes no more memory than a run.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from files.atomic import atomic_path

Arrays = dict[str, np.ndarray]


@contextmanager
def state_writer(paths: dict[str, Path]) -> Iterator[Callable[[int, Arrays], None]]:
    """Write states seed by seed; the same arrays give the same bytes.

    Args:
        paths: kind of array, the first part of its name -> its `.npz` file. The files appear when the block ends
            without error.

    Yields:
        A function that adds the arrays of one seed, each to the file of its kind.
    """
    with ExitStack() as stack:
        archives = {
            kind: stack.enter_context(zipfile.ZipFile(stack.enter_context(atomic_path(path)), "w"))
            for kind, path in paths.items()
        }

        def add(seed: int, arrays: Arrays) -> None:
            for name, array in arrays.items():
                # Opened by name, an entry has a fixed date (as in numpy.savez).
                with archives[name.split("/")[0]].open(f"{seed}/{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)

        yield add


def read_state(path: Path, seed: int) -> Arrays:
    """Return the arrays of one seed in a file that `Record.file` has checked."""
    start = f"{seed}/"
    with np.load(path, allow_pickle=False) as archive:
        return {name.removeprefix(start): archive[name] for name in archive.files if name.startswith(start)}


def assign(variables: dict, values: Arrays) -> None:
    """Give every variable of Keras its value.

    Args:
        variables: by name.
        values: the same names.

    Raises:
        ValueError: if names, shapes or types differ.
    """
    expected, received = (
        {name: f"{np.dtype(array.dtype).name} {tuple(array.shape)}" for name, array in arrays.items()}
        for arrays in (variables, values)
    )
    for name in sorted(expected.keys() | received.keys()):
        if expected.get(name) != received.get(name):
            raise ValueError(
                f"the state's array {name}: expected {expected.get(name)}. Received: {received.get(name)}. "
                "It is of another network or optimizer."
            )
    for name, variable in variables.items():
        variable.assign(values[name])
