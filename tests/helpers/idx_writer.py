"""Writing IDX files, for tests: the counterpart of scripts/data/idx.py."""

import struct
from pathlib import Path

import numpy as np

MAGIC = {1: b"\x00\x00\x08\x01", 3: b"\x00\x00\x08\x03"}  # unsigned bytes of so many dimensions


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write a uint8 array of shape (n,), labels, or (n, rows, columns), images, as a raw IDX file."""
    assert array.dtype == np.uint8
    header = MAGIC[array.ndim] + struct.pack(f">{array.ndim}I", *array.shape)
    Path(path).write_bytes(header + array.tobytes())
