"""Arrays hold what the raw files hold, and nothing is written where a raw file is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import preprocess
from data import arrays
from data.datasets import FILES
from files.records import Record, write_record
from helpers.idx_writer import write_idx

PROJECT = Path(__file__).parents[2]
SUBSET = PROJECT / "tests" / "fixtures" / "mnist-subset"


def put_on_record(raw):
    """Write the record of raw files, as the download does, for arrays that go to a folder `arrays`."""
    files = [raw / name for name in FILES.values() if (raw / name).exists()]
    return write_record(raw / "download.json", files, dataset="arrays")


@pytest.fixture
def raw(tmp_path):
    """A folder of raw files to spoil."""
    folder = Path(shutil.copytree(SUBSET, tmp_path / "raw"))
    put_on_record(folder)
    return folder


def test_arrays_of_real_images(raw, tmp_path):
    folder = tmp_path / "new" / "arrays"
    preprocess.main(["--raw-folder", str(raw), "--output-folder", str(folder)])
    record = Record(folder / "preprocess.json", dataset="arrays", download=Record(raw / "download.json").digest)
    arrays = {name.removesuffix(".npy"): np.load(record.file(name), allow_pickle=False) for name in record.sha256}
    assert {name: (array.dtype, array.shape) for name, array in arrays.items()} == {
        "x_train": (np.uint8, (1000, 28, 28, 1)),
        "y_train": (np.uint8, (1000,)),
        "x_test": (np.uint8, (500, 28, 28, 1)),
        "y_test": (np.uint8, (500,)),
    }
    assert record.label["input_shape"] == [28, 28, 1]
    assert record.label["classes"] == 10
    # Well known starts of MNIST.
    assert arrays["y_train"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert arrays["y_test"][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    for name, split in (("train-images-idx3-ubyte", "train"), ("t10k-images-idx3-ubyte", "test")):
        assert arrays[f"x_{split}"].tobytes() == (SUBSET / name).read_bytes()[16:]


def test_pixels_are_in_reading_order(raw, tmp_path):
    images = np.zeros((500, 28, 28), np.uint8)
    images[3, 2, 1] = 200
    write_idx(raw / FILES["test_images"], images)
    put_on_record(raw)
    arrays.preprocess(raw, tmp_path / "arrays")
    assert np.argwhere(np.load(tmp_path / "arrays" / "x_test.npy")).tolist() == [[3, 2, 1, 0]]


def test_classes_are_those_that_have_names(raw, tmp_path):
    call = ["--raw-folder", str(raw), "--output-folder", str(tmp_path / "arrays"), "--classes"]
    preprocess.main([*call, "12"])
    label = Record(tmp_path / "arrays" / "preprocess.json").label
    assert (label["classes"], label["absent_classes"]) == (12, [10, 11])
    with pytest.raises(
        SystemExit, match=r"train-labels-idx1-ubyte: expected labels from 0 to 8, received 9 at index 4$"
    ):
        preprocess.main([*call, "9"])


def test_same_bytes_each_time_and_old_arrays_are_replaced(raw, tmp_path):
    folder = tmp_path / "arrays"
    folder.mkdir()
    (folder / "x_train.npy").write_bytes(b"old")
    contents = []
    for _ in range(2):
        arrays.preprocess(raw, folder)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == ["preprocess.json", "x_test.npy", "x_train.npy", "y_test.npy", "y_train.npy"]


def spoil_size(raw):
    write_idx(raw / FILES["test_images"], np.zeros((500, 32, 32), np.uint8))


def spoil_label(raw):
    labels = np.zeros(500, np.uint8)
    labels[7] = 10
    write_idx(raw / FILES["test_labels"], labels)


def spoil_count(raw):
    write_idx(raw / FILES["test_labels"], np.zeros(499, np.uint8))


def spoil_all(raw):
    write_idx(raw / FILES["test_images"], np.zeros((0, 28, 28), np.uint8))
    write_idx(raw / FILES["test_labels"], np.zeros(0, np.uint8))


def spoil_bytes(raw):
    (raw / FILES["test_images"]).write_bytes((SUBSET / FILES["test_images"]).read_bytes()[:-100])


def spoil_presence(raw):
    (raw / FILES["test_labels"]).unlink()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (
            spoil_size,
            "t10k-images-idx3-ubyte: expected images of the shape (28, 28, 1), as in training, received (32, ",
        ),
        (spoil_label, "t10k-labels-idx1-ubyte: expected classes that training images have, received 10 at index 7. "),
        (spoil_count, "t10k-labels-idx1-ubyte: expected 500 labels, one for each image, received 499"),
        (spoil_all, "t10k-images-idx3-ubyte: expected at least one image, received none"),
        (spoil_bytes, "t10k-images-idx3-ubyte: expected 392016 bytes for shape (500, 28, 28), received 391916"),
        (spoil_presence, "No such file or directory"),
    ],
)
def test_wrong_raw_files_write_nothing(raw, tmp_path, spoil, problem):
    spoil(raw)
    put_on_record(raw)
    with pytest.raises(SystemExit) as caught:
        preprocess.main(["--raw-folder", str(raw), "--output-folder", str(tmp_path / "arrays")])
    assert caught.value.code.startswith("ERROR: ")
    assert problem in caught.value.code
    assert len(caught.value.code.splitlines()) == 1
    assert not (tmp_path / "arrays").exists()


def test_failure_while_writing_leaves_no_temporary_file(raw, tmp_path, monkeypatch):
    def half(file, array, **_):
        file.write(array.tobytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", half)
    with pytest.raises(SystemExit, match="No space left on device"):
        preprocess.main(["--raw-folder", str(raw), "--output-folder", str(tmp_path / "arrays")])
    assert list((tmp_path / "arrays").iterdir()) == []


def test_command_line_ends_with_status_1_and_one_line(tmp_path):
    script = PROJECT / "scripts" / "preprocess.py"
    command = [sys.executable, script, "--raw-folder", tmp_path / "nothing", "--output-folder", tmp_path]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("ERROR: ")
    assert len(answer.stderr.splitlines()) == 1
