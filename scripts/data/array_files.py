"""Files that hold an array: IDX (raw or gzip-compressed), .npy, or an array of an .npz; none is ever unpickled."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from data.idx import content_kind, read_idx, read_idx_header


class Header(NamedTuple):
    """What a file says of its array."""

    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class ArrayFile:
    """Where an array is: a file, or a name in an .npz. As text it is what messages call it."""

    path: Path
    member: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.member}" if self.member else f"{self.path}"

    @property
    def is_idx(self) -> bool:
        """Whether it is an IDX file."""
        return self.path.suffix not in (".npy", ".npz")

    def header(self) -> Header:
        """Return what the file says of its array; takes no longer where the array is large.

        Raises:
            ValueError: if this is no such file, or not as long as its header says; one line that names it.
            OSError: if it cannot be opened.
        """
        if self.is_idx:
            return Header(*read_idx_header(self.path))
        with self._opened() as (file, size):
            header = self._npy_header(file)
            expected = file.tell() + math.prod(header.shape) * header.dtype.itemsize
            if size != expected and not header.dtype.hasobject:
                raise ValueError(f"{self}: expected {expected} bytes for shape {header.shape}, received {size}")
            return header

    def read(self) -> np.ndarray:
        """Return the array; that of a .npy stays in the file until it is used.

        Raises:
            ValueError: as `header` does, and if compressed data are damaged or Python objects would be unpickled.
            OSError: if the file cannot be opened.
        """
        if self.is_idx:
            return read_idx(self.path)
        header = self.header()
        if header.dtype.hasobject:
            raise ValueError(f"{self}: holds Python objects, which are never unpickled")
        if not self.member and math.prod(header.shape):
            return np.load(self.path, mmap_mode="r", allow_pickle=False)
        with self._opened() as (file, _):
            return npy_format.read_array(file, allow_pickle=False)

    def _npy_header(self, file: BinaryIO) -> Header:
        start = file.read(64)
        file.seek(0)
        try:
            version = npy_format.read_magic(file)
            read = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}[version]
            shape, _, dtype = read(file)
        except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, tokenize.TokenError):
            damaged = start.startswith(npy_format.MAGIC_PREFIX)
            received = "a damaged header" if damaged else content_kind(start)
            raise ValueError(f"{self}: expected a NumPy array, received {received}") from None
        return Header(shape, dtype)

    @contextmanager
    def _opened(self) -> Iterator[tuple[BinaryIO, int]]:
        """Open a .npy or an array of an .npz; gives the file and its size in bytes."""
        if not self.member:
            with self.path.open("rb") as file:
                yield file, self.path.stat().st_size
            return
        try:
            with zipfile.ZipFile(self.path) as archive:
                name = f"{self.member}.npy"
                with archive.open(name) as file:
                    yield file, archive.getinfo(name).file_size
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as error:  # …, encrypted
            raise ValueError(f"{self}: cannot be read: {' '.join(str(error).split())}") from None


def npz_names(path: Path) -> list[str]:
    """Return the names of the arrays in an .npz; none where it is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return []
