"""IDX files damaged in any way: read to the byte, or refused in one line, and then no array is written.

tests/data/test_idx.py and tests/data/test_arrays.py have wrong magic numbers, counts and labels one by one.
"""

import math
import shutil
import struct
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import preprocess
from data.array_files import ArrayFile
from data.datasets import FILES
from data.idx import read_idx
from data.labelled_images import ARRAYS, read_labelled_images
from files.records import write_record
from helpers.mutations import EDIT, edited
from helpers.workflow import SUBSET

HEADERS = [(FILES["test_images"], 16), (FILES["test_labels"], 8), (FILES["train_images"], 16)]
SIGNED = (FILES["test_labels"], 16)  # this bit makes them signed bytes, which hold the same labels
BITS = [(name, bit) for name, length in HEADERS for bit in range(8 * length) if (name, bit) != SIGNED]


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


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in FILES.values() for b in FILES.values() if a < b])
def test_files_in_each_others_place_are_refused(raw, tmp_path, first, second):
    """All but training and test set as wholes, which only the SHA-256 of the listed data sets tell apart."""
    shutil.copy(SUBSET / first, raw / second)
    shutil.copy(SUBSET / second, raw / first)
    assert "expected" in refusal(raw, tmp_path / "arrays")


@pytest.mark.parametrize("label", [10, 11, 127, 128, 255])
@pytest.mark.parametrize("index", [0, 250, 499])
def test_a_class_that_training_lacks_is_refused_wherever_it_stands(raw, tmp_path, label, index):
    path = raw / FILES["test_labels"]
    content = bytearray(path.read_bytes())
    content[8 + index] = label
    path.write_bytes(content)
    line = refusal(raw, tmp_path / "arrays")
    assert f"expected classes that training images have, received {label} at index {index}" in line


NUMBERS = st.integers(0, 6) | st.integers(0, 2**32 - 1)
HEADS = st.one_of(
    st.tuples(st.just(0x803), NUMBERS, NUMBERS, NUMBERS).map(lambda head: struct.pack(">IIII", *head)),
    st.integers(0, 4).map(lambda count: struct.pack(">IIII", 0x803, count, 2, 3)),
    st.tuples(st.just(0x801), NUMBERS).map(lambda head: struct.pack(">II", *head)),
    st.tuples(st.integers(0, 2**32 - 1), NUMBERS).map(lambda head: struct.pack(">II", *head)),
    st.binary(max_size=16),
)


SIZES = {8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8}  # bytes of an item by the third byte, as the format's description says


def shape_of(content):
    """Return the shape that a file of these bytes has by the format's description; None if it is no such file."""
    if len(content) < 4 or content[:2] != b"\0\0":
        return None
    kind, dimensions = content[2:4]
    if kind not in SIZES or dimensions not in (1, 2, 3, 4) or len(content) < 4 + 4 * dimensions:
        return None
    shape = [int.from_bytes(content[4 + 4 * axis :][:4], "big") for axis in range(dimensions)]
    if math.prod(filter(None, shape)) * SIZES[kind] >= 2**63:  # no array has such a shape, not even one without items
        return None
    return tuple(shape) if len(content) - 4 - 4 * dimensions == math.prod(shape) * SIZES[kind] else None


def are_labelled_images(images, labels):
    """Whether two files hold images of bytes and their labels, of at least two classes from 0, by the descriptions."""
    shape, numbers = shape_of(images), shape_of(labels)
    if not shape or not numbers or images[2] != 8 or labels[2] != 8 or len(shape) not in (2, 3) or 0 in shape:
        return False
    classes = labels[4 + 4 * len(numbers) :]
    return numbers in (shape[:1], (*shape[:1], 1)) and min(classes) == 0 < max(classes)


@st.composite
def any_files(draw):
    """Draw two files of any bytes, as long as their headers say in a good part."""
    files = []
    for _ in range(2):
        head, body = draw(HEADS), draw(st.binary(min_size=1, max_size=40))
        shape = [int.from_bytes(head[place : place + 4], "big") for place in range(4, len(head), 4)]
        exact = draw(st.booleans()) and math.prod(shape) < 1000
        files.append(head + (body * 1000)[: math.prod(shape)] if exact else head + body)
    return files


@st.composite
def nearly_labelled_images(draw):
    """Draw images and their labels: as they should be, one too many, labels from 1, or with bytes changed."""
    images = draw(st.integers(2, 6))
    labels = images + draw(st.sampled_from([0, 0, 0, -1, 1]))
    lowest = draw(st.sampled_from([0, 0, 0, 1]))
    pixels = draw(st.binary(min_size=6 * images, max_size=6 * images))
    classes = draw(
        st.lists(st.integers(lowest, lowest + draw(st.sampled_from([1, 1, 9]))), min_size=labels, max_size=labels)
    )
    files = [
        struct.pack(">IIII", 0x803, images, 2, 3) + pixels,
        struct.pack(">II", 0x801, labels) + bytes(classes),
    ]
    for index, edit in draw(st.lists(st.tuples(st.integers(0, 1), EDIT), max_size=draw(st.integers(0, 2)))):
        files[index] = edited(files[index], [edit])
    return files


@pytest.mark.long
def test_ten_thousand_pairs_of_files_are_read_to_the_byte_or_refused(tmp_path):
    """And taken for labelled images if and only if they are such; many of the pairs end in each way."""
    paths = [tmp_path / "images", tmp_path / "labels"]
    ends = Counter()

    @settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(any_files() | nearly_labelled_images())
    def check(contents):
        for path, sent in zip(paths, contents, strict=True):
            path.write_bytes(sent)
            try:
                array, problem = read_idx(path), ""
            except ValueError as error:
                array, problem = None, str(error)
            assert problem == "" or problem.startswith(f"{path}: ")
            assert len(problem.splitlines()) == (array is None)
            assert (array is None) == (shape_of(sent) is None)
            if array is not None:
                assert array.shape == shape_of(sent)
                assert array.tobytes() == sent[4 + 4 * array.ndim :]
                ends["files read"] += 1
        try:
            read_labelled_images(dict(zip(ARRAYS, map(ArrayFile, paths * 2), strict=True)))
            problem = ""
        except ValueError as error:
            problem = str(error)
        assert problem == "" or problem.startswith((f"{paths[0]}: ", f"{paths[1]}: "))
        assert len(problem.splitlines()) == (not are_labelled_images(*contents))
        ends["pairs refused" if problem else "pairs accepted"] += 1

    check()
    print(dict(ends))
    assert ends["pairs accepted"] > 1_000
    assert ends["pairs refused"] > 1_000
    assert ends["files read"] > 5_000
