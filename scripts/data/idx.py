"""IDX files, the format of MNIST: a magic number, the shape as big-endian 32-bit integers, then plain numbers."""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

# The third byte of the magic number says of which type the items are, the fourth how many dimensions follow.
DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4
MARKUP = "an HTML or XML page"
CHUNK_BYTES = 1 << 20


def read_idx_header(path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """Read an IDX file's header and, if the file is not compressed, check that it is as long as that says.

    Args:
        path: an IDX file, raw or gzip-compressed.

    Returns:
        The shape, of one to four dimensions, and the type of the items.

    Raises:
        ValueError: if this is no such file, or it is truncated or too long; one line that names the file.
        OSError: if the file cannot be opened.
    """
    with opened(path) as file:
        return _read_header(file, path)


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file.

    Args:
        path: an IDX file, raw or gzip-compressed.

    Returns:
        Its array, in the byte order of the file.

    Raises:
        ValueError: as `read_idx_header` does, and if compressed data are damaged or of another length.
        OSError: if the file cannot be opened.
    """
    with opened(path) as file:
        shape, dtype = _read_header(file, path)
        size = math.prod(shape) * dtype.itemsize
        content = bytearray()  # grows with what is there: nothing is allocated on the header's word
        while len(content) <= size and (chunk := file.read(CHUNK_BYTES)):
            content += chunk
    if len(content) != size:
        expected, missing = idx_bytes(shape, dtype), size - len(content)
        received = f"{expected - missing} ({missing} missing)" if missing > 0 else "more"
        raise ValueError(f"{path}: expected {expected} bytes for shape {shape}, received {received}")
    try:
        return np.frombuffer(content, dtype).reshape(shape)
    except ValueError:  # no items at all, and yet dimensions beyond all memory
        raise ValueError(f"{path}: expected a shape that an array can have, received {shape}") from None


def idx_bytes(shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Return the size of a raw IDX file."""
    return 4 + 4 * len(shape) + math.prod(shape) * dtype.itemsize


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, decompressed if it is gzip-compressed, whatever its name; damaged data are a ValueError."""
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if compressed else file as raw:
                yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path}: expected whole gzip-compressed data, received damaged or truncated: {error}"
        ) from None


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


def _read_header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """Read and check the header, leaving the file at its first item."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or not 1 <= magic[3] <= MOST_DIMENSIONS:
        raise ValueError(
            f"{path}: expected an IDX file, which begins with 0x0000, a byte for its type (08: bytes) and one for its "
            f"dimensions (01 to 04), received {content_kind(magic)}"
        )
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise ValueError(f"{path}: expected a header of {4 + 4 * magic[3]} bytes, received {4 + len(lengths)}")
    shape, dtype = struct.unpack(f">{magic[3]}I", lengths), np.dtype(DTYPES[magic[2]])
    if not isinstance(file, gzip.GzipFile):
        expected, received = idx_bytes(shape, dtype), os.fstat(file.fileno()).st_size
        if received != expected:
            difference = f"{expected - received} missing" if received < expected else f"{received - expected} too many"
            raise ValueError(f"{path}: expected {expected} bytes for shape {shape}, received {received} ({difference})")
    return shape, dtype
