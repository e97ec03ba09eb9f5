"""Writing IDX files, for tests: the counterpart of scripts/data/idx.py."""

import struct
from pathlib import Path

import numpy as np

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_content(array: np.ndarray) -> bytes:
    """Return the bytes of a raw IDX file that holds an array of one to four dimensions."""
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[array.dtype.name], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write an array of one to four dimensions as a raw IDX file."""
    Path(path).write_bytes(idx_content(array))
