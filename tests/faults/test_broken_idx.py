"""IDX files damaged in any way: read to the byte, or refused in one line, and then no array is written.

tests/test_idx.py and tests/test_preprocess.py have wrong magic numbers, counts and labels one by one.
"""

import shutil
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import preprocess
from conftest import SUBSET
from datasets import FILES
from idx import check_labelled_images, read_idx
from records import write_record

HEADERS = [(FILES["test_images"], 16), (FILES["test_labels"], 8), (FILES["train_images"], 16)]
BITS = [(name, bit) for name, length in HEADERS for bit in range(8 * length)]


@pytest.fixture
def raw(tmp_path):
    """A folder of real raw files to damage."""
    return shutil.copytree(SUBSET, tmp_path / "raw")


def refusal(raw, folder):
    """Preprocess raw files as if they had come like this; return the one line it ends with."""
    files = [raw / name for name in FILES.values() if (raw / name).exists()]
    write_record(raw / "download.json", files, dataset=folder.name)
    with pytest.raises(SystemExit) as caught:
        preprocess.main(["--raw-folder", str(raw), "--output-folder", str(folder)])
    line = caught.value.code
    assert [line] == line.splitlines()
    assert line.startswith("ERROR: ")
    assert not folder.exists()
    return line


def test_every_flipped_bit_of_a_header_is_refused(raw, tmp_path):
    for name, bit in BITS:
        content = bytearray((SUBSET / name).read_bytes())
        content[bit // 8] ^= 1 << bit % 8
        (raw / name).write_bytes(content)
        assert name in refusal(raw, tmp_path / "arrays")
        shutil.copy(SUBSET / name, raw / name)


@pytest.mark.parametrize("name", FILES.values())
@pytest.mark.parametrize("length", [0, 1, 4, 7, 8, 15, 16, 17, -1, -784])
def test_a_file_cut_off_anywhere_is_refused(raw, tmp_path, name, length):
    (raw / name).write_bytes((SUBSET / name).read_bytes()[:length])
    assert name in refusal(raw, tmp_path / "arrays")


@pytest.mark.parametrize(("one", "other"), [(a, b) for a in FILES.values() for b in FILES.values() if a < b])
def test_files_in_each_others_place_are_refused(raw, tmp_path, one, other):
    """All but training and test set as wholes, which only the SHA-256 of the listed data sets tell apart."""
    shutil.copy(SUBSET / one, raw / other)
    shutil.copy(SUBSET / other, raw / one)
    assert "expected" in refusal(raw, tmp_path / "arrays")


@pytest.mark.parametrize("label", [10, 11, 127, 128, 255])
@pytest.mark.parametrize("index", [0, 250, 499])
def test_a_label_above_nine_is_refused_wherever_it_stands(raw, tmp_path, label, index):
    path = raw / FILES["test_labels"]
    content = bytearray(path.read_bytes())
    content[8 + index] = label
    path.write_bytes(content)
    assert f"expected labels from 0 to 9, received {label} at index {index}" in refusal(raw, tmp_path / "arrays")


NUMBERS = st.integers(0, 6) | st.integers(0, 2**32 - 1)
HEADS = st.one_of(
    st.tuples(st.just(0x803), NUMBERS, NUMBERS, NUMBERS).map(lambda head: struct.pack(">IIII", *head)),
    st.integers(0, 4).map(lambda count: struct.pack(">IIII", 0x803, count, 2, 3)),
    st.tuples(st.just(0x801), NUMBERS).map(lambda head: struct.pack(">II", *head)),
    st.tuples(st.integers(0, 2**32 - 1), NUMBERS).map(lambda head: struct.pack(">II", *head)),
    st.binary(max_size=16),
)


def fitting(head):
    """Return how many bytes a header announces, where these are few."""
    if len(head) == 16 and head[:4] == b"\x00\x00\x08\x03":
        size = int(np.prod([*map(int, struct.unpack(">III", head[4:]))], dtype=object))
    elif len(head) == 8 and head[:4] == b"\x00\x00\x08\x01":
        (size,) = struct.unpack(">I", head[4:])
    else:
        return 0
    return size if size < 1000 else 0


def check_any_files(folder, examples):
    """Any two files: read to the byte, and taken for labelled images only where they are such."""
    paths = [folder / "images", folder / "labels"]

    def content(head, body, exact):
        return head + (body * 1000)[: fitting(head)] if exact else head + body

    files = st.builds(content, HEADS, st.binary(min_size=1, max_size=40), st.booleans())

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(files, files))
    def check(contents):
        arrays = []
        for path, sent in zip(paths, contents, strict=True):
            path.write_bytes(sent)
            try:
                array, problem = read_idx(path), ""
            except ValueError as error:
                array, problem = None, str(error)
            assert len(problem.splitlines()) == (array is None)
            if array is not None:
                head = 4 + 4 * array.ndim
                assert struct.unpack(f">{array.ndim}I", sent[4:head]) == array.shape
                assert array.tobytes() == sent[head:]
            arrays.append(array)
        images, labels = arrays
        try:
            check_labelled_images(*paths, (2, 3), 10)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - most examples end here
            return
        assert images.shape == (len(labels), 2, 3)
        assert len(labels) > 0
        assert labels.max() < 10

    check()


def test_any_bytes_are_read_to_the_byte_or_refused(tmp_path):
    check_any_files(tmp_path, 300)


@pytest.mark.long
def test_ten_thousand_files_are_read_to_the_byte_or_refused(tmp_path):
    check_any_files(tmp_path, 10_000)
