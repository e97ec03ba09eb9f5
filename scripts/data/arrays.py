"""Arrays of a data set from its raw IDX files: x uint8 (n, 28, 28, 1), y uint8 (n,)."""

from pathlib import Path

import numpy as np

from data.datasets import CLASSES, FILES, IMAGE_SHAPE
from data.idx import check_labelled_images, read_idx
from files.atomic import atomic_path
from files.records import Record, write_record


def read_split(raw_folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of one split.

    Args:
        raw_folder: folder of the raw IDX files, named as in `datasets.FILES`.
        split: "train" or "test".

    Returns:
        x, uint8 of shape (n, 28, 28, 1): height, width and one channel; y, uint8 of shape (n,), values 0 … 9.

    Raises:
        ValueError: if the files are not n > 0 images of 28 x 28 pixels and their n labels.
        OSError: if a file cannot be opened.
    """
    images_path, labels_path = (raw_folder / FILES[f"{split}_{part}"] for part in ("images", "labels"))
    check_labelled_images(images_path, labels_path, IMAGE_SHAPE, CLASSES)
    images = read_idx(images_path)
    return images[..., None], read_idx(labels_path)


def preprocess(raw_folder: Path, output_folder: Path) -> None:
    """Write x_train.npy, y_train.npy, x_test.npy and y_test.npy, or none of them where a raw file is wrong.

    Args:
        raw_folder: folder of the raw IDX files and of `download.json`.
        output_folder: folder of the arrays; made if need be. Its name is the data set's.

    Raises:
        ValueError: as `read_split` does, or if a raw file is not the one that was downloaded.
        OSError: if a file cannot be read or written.
    """
    raw = Record(raw_folder / "download.json", dataset=output_folder.name)
    for name in FILES.values():
        raw.file(name)
    arrays = {}
    for split in ("train", "test"):
        arrays[f"x_{split}"], arrays[f"y_{split}"] = read_split(raw_folder, split)
    for name, array in arrays.items():
        with atomic_path(output_folder / f"{name}.npy") as path, path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    files = [output_folder / f"{name}.npy" for name in arrays]
    shape = list(arrays["x_train"].shape[1:])
    write_record(
        output_folder / "preprocess.json",
        files,
        dataset=output_folder.name,
        download=raw.digest,
        input_shape=shape,
        classes=CLASSES,
    )
