"""IDX files are read to the byte, and what is none is refused in one line that names the file."""

import gzip
import math
import struct
import tracemalloc

import numpy as np
import pytest

from data.idx import content_kind, read_idx, read_idx_header
from helpers.idx_writer import idx_content, write_idx

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
LABELS = np.array([7, 0, 9], dtype=np.uint8)
IMAGES_BYTES = struct.pack(">IIII", 0x803, 3, 4, 5) + IMAGES.tobytes()
LABELS_BYTES = struct.pack(">II", 0x801, 3) + LABELS.tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some-idx-ubyte"


@pytest.mark.parametrize(("content", "array"), [(IMAGES_BYTES, IMAGES), (LABELS_BYTES, LABELS)])
def test_read_is_byte_for_byte(path, content, array):
    path.write_bytes(content)
    received = read_idx(path)
    assert received.dtype == np.uint8
    np.testing.assert_array_equal(received, array)
    assert read_idx_header(path) == (array.shape, np.uint8)


@pytest.mark.parametrize(("content", "array"), [(IMAGES_BYTES, IMAGES), (LABELS_BYTES, LABELS)])
def test_write_is_byte_for_byte(path, content, array):
    write_idx(path, array)
    assert path.read_bytes() == content


def test_write_orders_bytes_by_rows_whatever_the_memory_layout(path):
    write_idx(path, np.asfortranarray(IMAGES))
    assert path.read_bytes() == IMAGES_BYTES


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "received nothing"),
        (b"\x00\x00\x08", "received 0x000008"),
        (gzip.compress(b"\x1f\x8b", mtime=0), "received gzip-compressed data"),
        (b"<!DOCTYPE html><html></html>", "received an HTML or XML page"),
        (b"PK\x03\x04...", "received a zip archive"),
        (b"\x00\x00\x0a\x03" + IMAGES_BYTES[4:], "received 0x00000a03"),
        (b"\x00\x00\x08\x00" + IMAGES_BYTES[4:], "received 0x00000800"),
        (b"\x00\x00\x08\x05" + IMAGES_BYTES[4:], "received 0x00000805"),
        (b"\x00\x00\x0d\x03" + IMAGES_BYTES[4:], "expected 256 bytes for shape (3, 4, 5), received 76 (180 missing)"),
        (b"\x03\x08\x00\x00" + IMAGES_BYTES[4:], "received 0x03080000"),
        (IMAGES_BYTES[:15], "expected a header of 16 bytes, received 15"),
        (LABELS_BYTES[:4], "expected a header of 8 bytes, received 4"),
        (IMAGES_BYTES[:-1], "expected 76 bytes for shape (3, 4, 5), received 75 (1 missing)"),
        (IMAGES_BYTES + b"ab", "expected 76 bytes for shape (3, 4, 5), received 78 (2 too many)"),
        (struct.pack(">IIII", 0x803, *3 * [2**32 - 1]), f"expected {16 + (2**32 - 1) ** 3} bytes"),
    ],
)
@pytest.mark.parametrize("read", [read_idx, read_idx_header])
def test_what_is_no_idx_file_is_refused(path, content, problem, read):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="some-idx-ubyte: ") as caught:
        read(path)
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(6,), (3, 2), (3, 2, 4), (2, 2, 2, 3)])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_type_and_number_of_dimensions_is_read(path, dtype, shape, compressed):
    array = np.arange(-3, math.prod(shape) - 3).reshape(shape).astype(dtype)
    content = idx_content(array)
    path.write_bytes(gzip.compress(content) if compressed else content)
    received = read_idx(path)
    np.testing.assert_array_equal(received, array)
    assert received.dtype == array.dtype.newbyteorder(">")
    assert read_idx_header(path) == (shape, received.dtype)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (gzip.compress(IMAGES_BYTES[:-1]), "expected 76 bytes for shape (3, 4, 5), received 75 (1 missing)"),
        (gzip.compress(IMAGES_BYTES + b"ab"), "expected 76 bytes for shape (3, 4, 5), received more"),
        (gzip.compress(IMAGES_BYTES)[:-9], "expected whole gzip-compressed data, received damaged or truncated: "),
        (
            gzip.compress(IMAGES_BYTES)[:-4] + b"abcd",
            "expected whole gzip-compressed data, received damaged or truncated: ",
        ),
        (gzip.compress(struct.pack(">IIII", 0x803, *3 * [2**32 - 1])), "received 16 ("),
    ],
    ids=["cut off before", "longer", "cut off", "another check", "a header alone"],
)
def test_compressed_files_of_another_length_or_damaged_are_refused(path, content, problem):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="some-idx-ubyte: ") as caught:
        read_idx(path)
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_bomb_is_not_unpacked_beyond_its_header(path):
    path.write_bytes(gzip.compress(LABELS_BYTES + bytes(200_000_000), 1))
    tracemalloc.start()
    with pytest.raises(ValueError, match="expected 11 bytes"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_shape_that_no_array_can_have_is_refused_in_one_line(path):
    """Without items, so that the file is as long as its header says."""
    path.write_bytes(struct.pack(">IIII", 0x803, 2**32 - 1, 0, 2**32 - 1))
    with pytest.raises(ValueError, match=r"^\S*some-idx-ubyte: .+$"):
        read_idx(path)


def test_a_file_that_is_not_there_is_an_os_error(path):
    with pytest.raises(FileNotFoundError, match="some-idx-ubyte"):
        read_idx(path)


def test_content_kind_sees_through_leading_blanks():
    assert content_kind(b"\xef\xbb\xbf \r\n<html>") == "an HTML or XML page"
