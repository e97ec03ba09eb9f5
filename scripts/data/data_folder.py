"""What the config's `dataset` and `data_folder` point at: a listed data set, or IDX files in a folder."""

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data.datasets import FILES, find_dataset, load_datasets


def idx_files(folder: str | Path) -> list[str]:
    """Return the four IDX files of a local folder, raw or .gz, in the order of `FILES`.

    Raises:
        ValueError: if the folder or one of the files does not exist, or Snakemake cannot name it.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # unlike pathlib's, it takes no name for too long
        raise ValueError(f"`data_folder` must be an existing folder. Received: {str(folder)!r}")
    if {"{", "}"} & set(str(folder)):
        raise ValueError(
            "`data_folder` of an own data set must be a path without { and }, which Snakemake takes for wildcards. "
            f"Received: {str(folder)!r}"
        )
    found = []
    for name in FILES.values():
        choices = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
        if not choices:
            raise ValueError(f"`data_folder` must hold the file {name} or {name}.gz. Received: {str(folder)!r}")
        found.append(str(choices[0]))
    return found


class ImageCounts(NamedTuple):
    """How many images a data set has."""

    train: int
    test: int


def image_counts(datasets_file: Path) -> Callable[[str, str | None], ImageCounts]:
    """Return the function that says how many images a data set has, for `configuration.validate`.

    A listed data set's counts stand in its entry; those of another are read from its label files' headers.
    """

    def count(dataset: str, data_folder: str | None) -> ImageCounts:
        datasets = load_datasets(datasets_file)
        if data_folder is not None and not os.path.isdir(data_folder):
            raise ValueError(f"`data_folder` must be an existing folder. Received: {data_folder!r}")
        if data_folder is not None and Path(data_folder).resolve().is_relative_to(Path("results").resolve()):
            raise ValueError(
                "`data_folder` must lie outside results/, where the workflow removes files before it makes them anew. "
                f"Received: {data_folder!r}"
            )
        if dataset in datasets or data_folder is None:
            entry = find_dataset(datasets, dataset)
            return ImageCounts(entry.train_images_count, entry.test_images_count)
        _, train_labels, _, test_labels = idx_files(data_folder)
        return ImageCounts(_labels_in_header(Path(train_labels)), _labels_in_header(Path(test_labels)))

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
