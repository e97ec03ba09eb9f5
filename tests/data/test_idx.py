"""IDX files are read to the byte, and what is none is refused in one line that names the file."""

import gzip
import struct

import numpy as np
import pytest

from data.idx import check_labelled_images, content_kind, read_idx, read_idx_shape
from helpers.idx_writer import write_idx

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
    assert read_idx_shape(path) == array.shape


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
        (gzip.compress(LABELS_BYTES, mtime=0), "received gzip-compressed data"),
        (b"<!DOCTYPE html><html></html>", "received an HTML or XML page"),
        (b"PK\x03\x04...", "received a zip archive"),
        (b"\x00\x00\x0d\x03" + IMAGES_BYTES[4:], "received 0x00000d03"),
        (b"\x00\x00\x08\x02" + IMAGES_BYTES[4:], "received 0x00000802"),
        (b"\x03\x08\x00\x00" + IMAGES_BYTES[4:], "received 0x03080000"),
        (IMAGES_BYTES[:15], "expected a header of 16 bytes, received 15"),
        (LABELS_BYTES[:4], "expected a header of 8 bytes, received 4"),
        (IMAGES_BYTES[:-1], "expected 76 bytes for shape (3, 4, 5), received 75 (1 missing)"),
        (IMAGES_BYTES + b"ab", "expected 76 bytes for shape (3, 4, 5), received 78 (2 too many)"),
        (struct.pack(">IIII", 0x803, *3 * [2**32 - 1]), f"expected {16 + (2**32 - 1) ** 3} bytes"),
    ],
)
@pytest.mark.parametrize("read", [read_idx, read_idx_shape])
def test_what_is_no_idx_file_is_refused(path, content, problem, read):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="some-idx-ubyte: ") as caught:
        read(path)
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_shape_that_no_array_can_have_is_refused_in_one_line(path):
    """Without items, so that the file is as long as its header says."""
    path.write_bytes(struct.pack(">IIII", 0x803, 2**32 - 1, 0, 2**32 - 1))
    with pytest.raises(ValueError, match=r"^\S*some-idx-ubyte: .+$"):
        read_idx(path)


def test_a_file_that_is_not_there_is_an_os_error(path):
    with pytest.raises(FileNotFoundError, match="some-idx-ubyte"):
        read_idx(path)


def check(tmp_path, images, labels):
    write_idx(tmp_path / "images", images)
    write_idx(tmp_path / "labels", labels)
    check_labelled_images(tmp_path / "images", tmp_path / "labels", (4, 5), 10)


def test_images_with_their_labels_pass(tmp_path):
    check(tmp_path, IMAGES, LABELS)


@pytest.mark.parametrize(
    ("images", "labels", "problem"),
    [
        (IMAGES.reshape(3, 5, 4), LABELS, "images: expected images of 4 x 5 pixels, received 5 x 4 pixels"),
        (LABELS, LABELS, "images: expected images of 4 x 5 pixels, received labels"),
        (IMAGES, IMAGES, "labels: expected labels, received images of shape (3, 4, 5)"),
        (IMAGES, LABELS[:2], "labels: expected 3 labels, one for each image, received 2"),
        (IMAGES, LABELS + np.uint8(1), "labels: expected labels from 0 to 9, received 10 at index 2"),
        (IMAGES[:0], LABELS[:0], "images: expected at least one image, received none"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, images, labels, problem):
    with pytest.raises(ValueError, match="expected") as caught:
        check(tmp_path, images, labels)
    assert str(caught.value) == f"{tmp_path}/{problem}"


def test_content_kind_sees_through_leading_blanks():
    assert content_kind(b"\xef\xbb\xbf \r\n<html>") == "an HTML or XML page"
