"""What the config's `dataset` and `data_folder` point at: a listed data set, or IDX files in a folder."""

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data.datasets import FILES, find_dataset, load_datasets
from design.places import Places, found


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


def idx_files(folder: Path) -> list[Path]:
    """Return the four IDX files of a local folder, raw or .gz, in the order of `FILES`.

    Raises:
        ValueError: if one of the files does not exist.
    """
    files = []
    for name in FILES.values():
        choices = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
        if not choices:
            raise ValueError(f"`data_folder` must hold the file {name} or {name}.gz. Received: {str(folder)!r}")
        files.append(choices[0])
    return files


class ImageCounts(NamedTuple):
    """How many images a data set has."""

    train: int
    test: int


def image_counts(datasets_file: Path, places: Places) -> Callable[[str, str | None], ImageCounts]:
    """Return the function that says how many images a data set has, for `configuration.validate`.

    A listed data set's counts stand in its entry; those of another are read from its label files' headers.
    """

    def count(dataset: str, data_folder: str | None) -> ImageCounts:
        datasets = load_datasets(datasets_file)
        folder = None if data_folder is None else find_data_folder(data_folder, places)
        if dataset in datasets or folder is None:
            entry = find_dataset(datasets, dataset)
            return ImageCounts(entry.train_images_count, entry.test_images_count)
        _, train_labels, _, test_labels = idx_files(folder)
        return ImageCounts(_labels_in_header(train_labels), _labels_in_header(test_labels))

    return count


def _labels_in_header(path: Path) -> int:
    """Return the number of items an IDX label file's header names; the download checks the rest."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            header = file.read(8)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from None
    if header[:4] != b"\x00\x00\x08\x01" or len(header) < 8:
        raise ValueError(
            f"{path}: expected an IDX label file, which begins with 0x00000801. Received: 0x{header.hex()}"
        )
    return int.from_bytes(header[4:], "big")
