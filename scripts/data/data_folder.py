"""What the config's `dataset` and `data_folder` point at: a listed data set, or files of one's own in a folder."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from data.array_files import ArrayFile, npz_names
from data.datasets import FILES, find_dataset, load_datasets
from data.labelled_images import ARRAYS, ImageCounts, check_headers, with_channels
from design.places import Places, found

IDX_NAMES = dict(zip(ARRAYS, FILES.values(), strict=True))
NPY_NAMES = {name: f"{name}.npy" for name in ARRAYS}
RAW_NPZ = "data.npz"  # the name that an .npz takes among the results, whatever it was called
EXPECTED = (
    f"the IDX files {', '.join(FILES.values())} (raw or .gz), the arrays {', '.join(NPY_NAMES.values())}, or an .npz "
    f"with {', '.join(ARRAYS)}"
)
SHOWN_FILES = 8


def find_data_folder(name: str, places: Places) -> Path:
    """Return the folder that the config's `data_folder` names.

    Raises:
        ValueError: if there is no such folder, or it lies where the workflow removes files.
    """

    def exists(path: Path) -> bool:  # os.path's isdir, unlike pathlib's, takes no name for too long
        return os.path.isdir(path) or places.study.is_relative_to(path)

    if places.candidates(name)[0].is_relative_to((places.study / "results").resolve()):
        raise ValueError(
            "`data_folder` must lie outside results/, where the workflow removes files before it makes them anew. "
            f"Received: {name!r}"
        )
    return found("data_folder", "an existing folder", name, places, exists)


def own_arrays(folder: Path) -> dict[str, ArrayFile]:
    """Return where the four arrays of a data set of one's own are, by the names of `ARRAYS`.

    Args:
        folder: holds the four IDX files, raw or .gz, the four .npy, or an .npz with all four.

    Raises:
        ValueError: if there is no such folder, or it holds none of these, or several; one line.
    """
    if not folder.is_dir():
        raise ValueError(f"`data_folder` must be an existing folder. Received: {str(folder)!r}")
    idx = _present(folder, IDX_NAMES, ("", ".gz"))
    npy = _present(folder, NPY_NAMES, ("",))
    archives = {path: npz_names(path) for path in sorted(folder.glob("[!.]*.npz"))}
    whole = [arrays for arrays in (idx, npy) if len(arrays) == len(ARRAYS)]
    whole += [
        {name: ArrayFile(path, name) for name in ARRAYS} for path, names in archives.items() if {*ARRAYS} <= {*names}
    ]
    if len(whole) == 1:
        return whole[0]
    if whole:
        first, second = (_names(arrays) for arrays in whole[:2])
        raise ValueError(
            f"`data_folder` must hold one data set, but both {first} and {second} are one. Move one of them elsewhere. "
            f"Received: {str(folder)!r}"
        )
    raise ValueError(_what_is_missing(folder, idx, npy, archives))


def raw_copies(arrays: dict[str, ArrayFile]) -> dict[str, Path]:
    """Return the files that hold the arrays of `own_arrays`, by the name that each takes among the results."""
    if arrays["x_train"].member:
        return {RAW_NPZ: arrays["x_train"].path}
    names = IDX_NAMES if arrays["x_train"].is_idx else NPY_NAMES
    return {names[name]: file.path for name, file in arrays.items()}


def raw_arrays(folder: Path, names: Iterable[str]) -> dict[str, ArrayFile]:
    """Return where the four arrays are in a folder of raw files, of which these names are the data set's."""
    if RAW_NPZ in names:
        return {name: ArrayFile(folder / RAW_NPZ, name) for name in ARRAYS}
    files = NPY_NAMES if NPY_NAMES["x_train"] in names else IDX_NAMES
    return {name: ArrayFile(folder / file) for name, file in files.items()}


def image_counts(datasets_file: Path, places: Places) -> Callable[[str, str | None], ImageCounts]:
    """Return the function that says how many images a data set has, for `configuration.validate`.

    A listed data set's counts stand in its entry; those of another are read from its files' headers, and what these
    show to be wrong is refused.
    """

    def count(dataset: str, data_folder: str | None) -> ImageCounts:
        datasets = load_datasets(datasets_file)
        folder = None if data_folder is None else find_data_folder(data_folder, places)
        if dataset in datasets or folder is None:
            entry = find_dataset(datasets, dataset)
            return ImageCounts(entry.train_images_count, entry.test_images_count, with_channels(entry.image_shape))
        return check_headers(own_arrays(folder))

    return count


def _present(folder: Path, names: dict[str, str], endings: tuple[str, ...]) -> dict[str, ArrayFile]:
    """Return those of some files that a folder holds, by their arrays; the first ending that is there."""
    choices = ((array, folder / f"{name}{ending}") for ending in reversed(endings) for array, name in names.items())
    found = {array: ArrayFile(path) for array, path in choices if path.is_file()}
    return {array: found[array] for array in ARRAYS if array in found}


def _names(arrays: dict[str, ArrayFile]) -> str:
    """Return what a user calls the files of a data set."""
    if arrays["x_train"].member:
        return arrays["x_train"].path.name
    return f"{arrays['x_train'].path.name}, …" if arrays["x_train"].is_idx else "x_train.npy, …"


def _what_is_missing(
    folder: Path, idx: dict[str, ArrayFile], npy: dict[str, ArrayFile], archives: dict[Path, list[str]]
) -> str:
    """Return the line for a folder that holds no data set: what it lacks, and what to do."""
    partial = [(names, [*arrays]) for names, arrays in ((IDX_NAMES, idx), (NPY_NAMES, npy)) if arrays]
    partial += [({name: name for name in ARRAYS}, [*names]) for names in archives.values() if {*names} & {*ARRAYS}]
    for names, present in partial:
        missing = [array for array in ARRAYS if array not in present]
        if missing == ["x_test", "y_test"]:
            return (
                f"`data_folder` must hold a test set, {names['x_test']} and {names['y_test']}. If you have none, split "
                "once: `order = np.random.default_rng(0).permutation(len(x))`, `test, train = np.split(order, "
                "[len(x) // 6])`, and save x[train], y[train], x[test], y[test] as "
                f"{', '.join(NPY_NAMES.values())}. Received: {str(folder)!r}"
            )
    if idx and not npy and not archives:
        name = IDX_NAMES[next(array for array in ARRAYS if array not in idx)]
        return f"`data_folder` must hold the file {name} or {name}.gz. Received: {str(folder)!r}"
    files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    inside = {path.name: f" ({', '.join(names[:SHOWN_FILES])})" for path, names in archives.items()}
    shown = [f"{name}{inside.get(name, '')}" for name in files[:SHOWN_FILES]]
    if len(files) > SHOWN_FILES:
        shown.append(f"{len(files) - SHOWN_FILES} more")
    advice = "Save your arrays under these names: `np.savez('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)`"
    if any("idx" in name for name in files):
        advice = "Give your IDX files these names"
    content = ", ".join(shown) or "no file"
    return f"`data_folder` must hold {EXPECTED}. Received: {str(folder)!r} with {content}. {advice}"
