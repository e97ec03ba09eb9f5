"""Images, or vectors, and their labels: what they must be, and the NumPy call that helps where they are otherwise.

Every line names the file, what was expected, what was received and what to do. What headers show is refused by headers
alone, so before any job starts; what an array's numbers show, when the data are taken.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from data.array_files import ArrayFile, Header
from design.explanations import MOST_CLASSES

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
FEW_CHANNELS = (1, 2, 3, 4)
ANEW = "`names, y_train = np.unique(y_train, return_inverse=True)`, `y_test = np.searchsorted(names, y_test)`"

Files = Mapping[str, ArrayFile]  # by the names of `ARRAYS`


class ImageCounts(NamedTuple):
    """How many images a data set has, and their shape.

    Attributes:
        train: number of training images.
        test: number of test images.
        shape: of an image as a network gets it, (height, width, channels), or (length,) for vectors.
    """

    train: int
    test: int
    shape: tuple[int, ...]


class LabelledImages(NamedTuple):
    """A data set in memory.

    Attributes:
        arrays: by the names of `ARRAYS`: x, uint8 or float32 of shape (n, height, width, channels) or (n, length);
            y, uint8 of shape (n,).
        classes: number of classes.
        absent: classes that no training image has.
    """

    arrays: dict[str, np.ndarray]
    classes: int
    absent: list[int]


def check_headers(files: Files) -> ImageCounts:
    """Check what the headers of four files say.

    Args:
        files: where the arrays are.

    Returns:
        The number of images and their shape.

    Raises:
        ValueError: if they cannot be images, or vectors, and their labels; one line that says what to do.
        OSError: if a file cannot be opened.
    """
    headers = {name: files[name].header() for name in ARRAYS}
    for split in ("train", "test"):
        x, y = f"x_{split}", f"y_{split}"
        _check_labels_header(files[y], headers[y])
        _check_images_header(files[x], headers[x])
        _check_numbers(files[x], headers[x].shape, files[y], headers[y].shape[0])
    train, test = headers["x_train"], headers["x_test"]
    shape, other = (with_channels(header.shape[1:]) for header in (train, test))
    if shape != other:
        raise ValueError(f"{files['x_test']}: expected images of the shape {shape}, as in training, received {other}")
    kind, other = ("uint8" if header.dtype == np.uint8 else "floats" for header in (train, test))
    if kind != other:
        raise ValueError(
            f"{files['x_test']}: expected {kind}, as in training, received {other}. Save both as one type: uint8 is "
            "scaled to [0, 1], floats are taken as they are"
        )
    return ImageCounts(train.shape[0], test.shape[0], shape)


def with_channels(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an image, or a vector, as a network gets it: (height, width) becomes (height, width, 1)."""
    return (*shape, 1) if len(shape) == 2 else tuple(shape)


def read_labelled_images(files: Files, classes: int | None = None) -> LabelledImages:
    """Read a data set.

    Args:
        files: where its arrays are.
        classes: number of classes; None takes it from the labels.

    Raises:
        ValueError: as `check_headers` does, and if the numbers themselves are not as they should be.
        OSError: if a file cannot be read.
    """
    check_headers(files)
    labels = {name: files[name].read().reshape(-1) for name in ("y_train", "y_test")}
    _check_range(files, labels, classes)
    present = np.unique(labels["y_train"]).tolist()
    _check_test_classes(files["y_test"], labels["y_test"], present)
    classes = classes or present[-1] + 1
    absent = [label for label in range(classes) if label not in present]
    arrays = {name: labels[name].astype(np.uint8) if name in labels else _images(files[name]) for name in ARRAYS}
    return LabelledImages(arrays, classes, absent)


def _check_images_header(file: ArrayFile, header: Header) -> None:
    """Refuse what cannot be images or vectors, by type and shape."""
    shape, dtype = header
    if dtype.hasobject:
        raise ValueError(
            f"{file}: expected uint8 or floats, received Python objects, which are never unpickled. Bring all images "
            "to one size, then save `np.stack(images)`"
        )
    if dtype != np.uint8 and not np.issubdtype(dtype, np.floating):
        raise ValueError(f"{file}: expected uint8 or floats, received {dtype.name}. {_conversion(dtype)}")
    if len(shape) not in (2, 3, 4) or 0 in shape[1:]:
        advice = "" if 0 in shape else ". As vectors: save `x.reshape(len(x), -1)`"
        raise ValueError(
            f"{file}: expected images, (n, height, width) or (n, height, width, channels), or vectors, (n, length), "
            f"received the shape {shape}{advice}"
        )
    if shape[0] == 0:
        raise ValueError(f"{file}: expected at least one image, received none")
    if len(shape) == 4 and shape[1] in FEW_CHANNELS and not {*shape[2:]} & {*FEW_CHANNELS}:
        raise ValueError(
            f"{file}: expected the channels last, (n, height, width, channels), received {shape}. Save `np.moveaxis(x, "
            "1, -1)`"
        )


def _conversion(dtype: np.dtype) -> str:
    """Return what to do with images of a type that is neither uint8 nor floats."""
    if np.issubdtype(dtype, np.integer):
        scaled = "`(x / np.abs(x_train).max()).astype(np.float32)`"
        return f"Save `x.astype(np.uint8)` if all values are from 0 to 255, else floats, e.g. {scaled}"
    return "Save `x.astype(np.float32)`"


def _check_numbers(images: ArrayFile, shape: tuple[int, ...], labels: ArrayFile, count: int) -> None:
    """Refuse another number of images than of labels."""
    if shape[0] != count and shape[-1] == count:
        raise ValueError(
            f"{images}: expected the first dimension to count the {count} images, received the shape {shape}. Save "
            "`np.moveaxis(x, -1, 0)`"
        )
    if shape[0] != count:
        raise ValueError(f"{labels}: expected {shape[0]} labels, one for each image, received {count}")


def _check_labels_header(file: ArrayFile, header: Header) -> None:
    """Refuse what cannot be labels, by type and shape; what the advice depends on is read from the file."""
    shape, dtype = header
    if dtype.hasobject or dtype.kind in "US":
        received = "Python objects, which are never unpickled" if dtype.hasobject else "text"
        advice = ANEW.replace("(y_train,", "(y_train.astype(str),").replace("y_test)", "y_test.astype(str))")
        raise ValueError(f"{file}: expected whole numbers from 0, received {received}. Number the classes: {advice}")
    if len(shape) == 2 and shape[0] == 1 < shape[1]:
        raise ValueError(f"{file}: expected labels of shape (n,) or (n, 1), received {shape}. Save `y.ravel()`")
    if len(shape) == 2 and shape[1] > 1:
        raise ValueError(f"{file}: expected one label for each image, received {_columns(file.read())}")
    if len(shape) not in (1, 2) or 0 in shape[1:]:
        raise ValueError(f"{file}: expected labels of shape (n,) or (n, 1), received {shape}")
    if np.issubdtype(dtype, np.floating):
        raise ValueError(f"{file}: expected whole numbers from 0, received {_floats(file.read())}")
    if not np.issubdtype(dtype, np.integer):
        raise ValueError(f"{file}: expected whole numbers from 0, received {dtype.name}. Save `y.astype(np.uint8)`")


def _columns(rows: np.ndarray) -> str:
    """Say what labels of several columns seem to be, and what to do about it."""
    kind = f"rows of {rows.shape[1]} numbers"
    if not np.isin(rows, (0, 1)).all():
        if np.issubdtype(rows.dtype, np.floating) and np.allclose(rows.sum(axis=1), 1, atol=1e-3):
            return f"probabilities of {rows.shape[1]} classes. Save the most probable class, `y.argmax(axis=1)`"
        return f"{kind}. Save the column that holds the class, e.g. `y[:, 0]`"
    ones = np.count_nonzero(rows, axis=1)
    if (ones == 1).all():
        return f"one-hot rows of {rows.shape[1]} classes. Save `y.argmax(axis=1)`"
    return (
        f"{kind} with {ones.min()} to {ones.max()} ones, many-hot: a network here chooses one class. Study one column, "
        "`y[:, 0]`, or keep the images with one class: `keep = y.sum(axis=1) == 1`, `x[keep]`, `y[keep].argmax(axis=1)`"
    )


def _floats(labels: np.ndarray) -> str:
    """Say what labels of floats seem to be, and what to do about it."""
    whole = np.isfinite(labels) & (labels == np.round(labels))
    if whole.all():
        return f"whole numbers stored as {labels.dtype.name}. Save `y.astype(np.int64)`"
    index = int(np.argmin(whole))
    return f"{labels.flat[index]} at index {index}. To make classes of a quantity: `np.digitize(y, limits)`"


def _check_range(files: Files, labels: dict[str, np.ndarray], classes: int | None) -> None:
    """Refuse labels that are not 0 … classes-1."""
    most = classes or MOST_CLASSES
    for name, array in labels.items():
        outside = (array < 0) | (array >= most)
        if outside.any():
            index = int(np.argmax(outside))
            can_number = not classes and len(np.unique(labels["y_train"])) <= MOST_CLASSES
            raise ValueError(
                f"{files[name]}: expected labels from 0 to {most - 1}, received {array[index]} at index {index}"
                + can_number * f". Number the classes: {ANEW}"
            )
    if classes:
        return
    lowest, highest = (int(of([of(array) for array in labels.values()])) for of in (np.min, np.max))
    if lowest > 0:
        advice = f"Number the classes: {ANEW}"
        if lowest == 1:
            advice = "Save `y - 1` of both" + ", or `y % 10` if 10 stands for the digit 0" * (highest == 10)
        raise ValueError(f"{files['y_train']}: expected labels from 0, received {lowest} to {highest}. {advice}")
    if labels["y_train"].max() == 0:
        raise ValueError(f"{files['y_train']}: expected at least two classes, received the label 0 alone")


def _check_test_classes(file: ArrayFile, labels: np.ndarray, present: list[int]) -> None:
    """Refuse test images of a class that training lacks."""
    unknown = ~np.isin(labels, present)
    if unknown.any():
        index = int(np.argmax(unknown))
        raise ValueError(
            f"{file}: expected classes that training images have, received {labels[index]} at index {index}. Split the "
            "images anew, or leave these out: `keep = np.isin(y_test, y_train)`, `x_test[keep]`, `y_test[keep]`"
        )


def _images(file: ArrayFile) -> np.ndarray:
    """Return uint8 as it is, other numbers as float32; refuse those that are not finite."""
    array = file.read()
    images = np.ascontiguousarray(array)
    if array.dtype != np.uint8:
        with np.errstate(over="ignore"):
            images = np.ascontiguousarray(array, dtype=np.float32)
        finite = np.isfinite(images)
        if not finite.all():
            index = tuple(map(int, np.unravel_index(np.argmin(finite), finite.shape)))
            advice = "Leave these images out, or save `np.nan_to_num(x, posinf=0, neginf=0)`"
            if np.isfinite(array[index]):
                advice = "Save `(x / np.abs(x_train).max()).astype(np.float32)`"
            raise ValueError(f"{file}: expected finite float32, received {array[index]} at index {index}. {advice}")
    return images.reshape(len(images), *with_channels(images.shape[1:]))
