"""IDX files, the format of MNIST: a magic number, the shape as big-endian 32-bit integers, then plain bytes."""

import math
import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

# The third byte says that items are unsigned bytes, the fourth how many dimensions follow.
_DIMENSIONS = {b"\x00\x00\x08\x01": 1, b"\x00\x00\x08\x03": 3}
MARKUP = "an HTML or XML page"


def read_idx_shape(path: Path) -> tuple[int, ...]:
    """Read an IDX file's header and check that the file is as long as it says.

    Args:
        path: a raw (not compressed) IDX file of unsigned bytes.

    Returns:
        The shape, (n,) for labels or (n, rows, columns) for images.

    Raises:
        ValueError: if this is no such file, or it is truncated or too long; one line that names the file.
        OSError: if the file cannot be opened.
    """
    with open(path, "rb") as file:
        return _read_header(file, path)


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file.

    Args:
        path: a raw (not compressed) IDX file of unsigned bytes.

    Returns:
        uint8 array of shape (n,) for labels or (n, rows, columns) for images.

    Raises:
        ValueError: if this is no such file, or it is truncated or too long; one line that names the file.
        OSError: if the file cannot be opened.
    """
    with open(path, "rb") as file:
        shape = _read_header(file, path)
        items = np.fromfile(file, dtype=np.uint8, count=math.prod(shape))
    try:
        return items.reshape(shape)
    except ValueError:  # no items at all, and yet dimensions beyond all memory
        raise ValueError(f"{path}: expected a shape that an array can have. Received: {shape}") from None


def check_labelled_images(images_path: Path, labels_path: Path, image_shape: tuple[int, int], classes: int) -> None:
    """Check that two IDX files are images and their labels; of the images only the header is read.

    Args:
        images_path: IDX file of shape (n, rows, columns).
        labels_path: IDX file of shape (n,).
        image_shape: the rows and columns expected, in pixels.
        classes: number of classes; labels are 0 … classes-1.

    Raises:
        ValueError: if a file is no IDX file, holds other than n > 0 images of that shape and n labels, or a label
            outside the classes; one line that names the file.
        OSError: if a file cannot be opened.
    """
    count, *shape = read_idx_shape(images_path)
    if tuple(shape) != tuple(image_shape):
        received = f"{shape[0]} x {shape[1]} pixels" if shape else "labels"
        raise ValueError(
            f"{images_path}: expected images of {image_shape[0]} x {image_shape[1]} pixels, received {received}"
        )
    if count == 0:
        raise ValueError(f"{images_path}: expected at least one image, received none")
    labels = read_idx(labels_path)
    if labels.ndim != 1:
        raise ValueError(f"{labels_path}: expected labels, received images of shape {labels.shape}")
    if len(labels) != count:
        raise ValueError(f"{labels_path}: expected {count} labels, one for each image, received {len(labels)}")
    if labels.max() >= classes:
        index = int(np.argmax(labels >= classes))
        raise ValueError(
            f"{labels_path}: expected labels from 0 to {classes - 1}, received {labels[index]} at index {index}"
        )


def content_kind(head: bytes) -> str:
    """Say in a few words what a file that is no IDX file seems to be.

    Args:
        head: the file's first bytes; 64 are plenty.

    Returns:
        E.g. "gzip-compressed data" or "0x00000d03".
    """
    if not head:
        return "nothing"
    if head.startswith(b"\x1f\x8b"):
        return "gzip-compressed data"
    if head.startswith(b"PK\x03\x04"):
        return "a zip archive"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return MARKUP
    return f"0x{head[:4].hex()}"


def _read_header(file: BinaryIO, path: Path) -> tuple[int, ...]:
    """Read and check the header, leaving the file at its first item; nothing is allocated on the header's word."""
    magic = file.read(4)
    if magic not in _DIMENSIONS:
        raise ValueError(
            f"{path}: expected an IDX file, which begins with 0x00000801 (labels) or 0x00000803 (images), "
            f"received {content_kind(magic)}"
        )
    lengths = file.read(4 * _DIMENSIONS[magic])
    if len(lengths) < 4 * _DIMENSIONS[magic]:
        raise ValueError(
            f"{path}: expected a header of {4 + 4 * _DIMENSIONS[magic]} bytes, received {4 + len(lengths)}"
        )
    shape = struct.unpack(f">{_DIMENSIONS[magic]}I", lengths)
    expected = file.tell() + math.prod(shape)
    received = os.fstat(file.fileno()).st_size
    if received != expected:
        difference = f"{expected - received} missing" if received < expected else f"{received - expected} too many"
        raise ValueError(f"{path}: expected {expected} bytes for shape {shape}, received {received} ({difference})")
    return shape
