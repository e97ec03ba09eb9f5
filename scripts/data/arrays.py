"""Arrays of a data set from its raw files: x, uint8 or float32, (n, height, width, channels) or (n, length); y."""

from pathlib import Path

import numpy as np

from data.data_folder import raw_arrays
from data.labelled_images import LabelledImages, read_labelled_images
from files.atomic import atomic_path
from files.records import Record, write_record


def read_raw(raw_folder: Path, names: list[str], classes: int | None = None) -> LabelledImages:
    """Read a data set from its raw files.

    Args:
        raw_folder: folder of the raw files.
        names: names of those that are the data set's; others of an earlier download may lie there too.
        classes: number of classes; None takes it from the labels.

    Raises:
        ValueError: if they are not images, or vectors, and their labels.
        OSError: if a file cannot be opened.
    """
    return read_labelled_images(raw_arrays(raw_folder, names), classes)


def preprocess(raw_folder: Path, output_folder: Path, classes: int | None = None) -> None:
    """Write x_train.npy, y_train.npy, x_test.npy and y_test.npy, or none of them where a raw file is wrong.

    Args:
        raw_folder: folder of the raw files and of `download.json`.
        output_folder: folder of the arrays; made if need be. Its name is the data set's.
        classes: number of classes; None takes it from the labels.

    Raises:
        ValueError: as `read_raw` does, or if a raw file is not the one that was downloaded.
        OSError: if a file cannot be read or written.
    """
    raw = Record(raw_folder / "download.json", dataset=output_folder.name)
    for name in raw.sha256:
        raw.file(name)
    images = read_raw(raw_folder, list(raw.sha256), classes)
    files = {name: output_folder / f"{name}.npy" for name in images.arrays}
    for name, array in images.arrays.items():
        with atomic_path(files[name]) as path, path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    write_record(
        output_folder / "preprocess.json",
        files.values(),
        dataset=output_folder.name,
        download=raw.digest,
        input_shape=list(images.arrays["x_train"].shape[1:]),
        classes=images.classes,
        absent_classes=images.absent,
    )
