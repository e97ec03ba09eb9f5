"""A data set of one's own: its files are found, and its images counted by headers alone."""

import gzip
import shutil
import tracemalloc

import numpy as np
import pytest

from data.array_files import ArrayFile
from data.data_folder import find_data_folder, image_counts, own_arrays, raw_arrays, raw_copies
from data.datasets import FILES
from data.labelled_images import ARRAYS
from design.places import Places
from helpers.workflow import PROJECT, SUBSET

DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
LABELS = FILES["train_labels"]
HEADER = b"\x00\x00\x08\x01\x00\x00\x03\xe8"  # of 1,000 labels


@pytest.fixture
def count(tmp_path):
    return image_counts(DATASETS_FILE, Places(tmp_path, PROJECT))


@pytest.fixture
def folder(tmp_path):
    """A folder with the small real data, to be spoiled."""
    return shutil.copytree(SUBSET, tmp_path / "mine")


def compress(path):
    """Replace a file by its .gz."""
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def paths(folder):
    return [file.path for file in own_arrays(folder).values()]


def save(folder, archive="", **arrays):
    """Save a small data set of vectors as .npy, or as an .npz of that name."""
    folder.mkdir(exist_ok=True)
    x, y = np.zeros((4, 3), np.float32), np.arange(4) % 2
    arrays = {"x_train": x, "y_train": y, "x_test": x, "y_test": y} | arrays
    if archive:
        np.savez(folder / archive, **arrays)
    else:
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)


def test_the_four_files_come_in_the_order_of_their_arrays(folder):
    assert paths(folder) == [folder / name for name in FILES.values()]
    assert list(own_arrays(folder)) == list(ARRAYS)


def test_compressed_files_are_found_beside_raw_ones(folder):
    packed = compress(folder / LABELS)
    names = list(FILES.values())
    assert paths(folder) == [folder / names[0], packed, *(folder / name for name in names[2:])]


def test_a_raw_file_is_taken_before_a_compressed_one(folder):
    (folder / f"{LABELS}.gz").write_bytes(b"anything")
    assert paths(folder)[1] == folder / LABELS


def test_arrays_of_numpy_are_found(tmp_path, count):
    save(tmp_path)
    assert paths(tmp_path) == [tmp_path / f"{name}.npy" for name in ARRAYS]
    assert count("mine", str(tmp_path)) == (4, 4, (3,))


def test_one_archive_is_found_among_others_and_may_hold_more(tmp_path, count):
    save(tmp_path, "mine.npz", x_val=np.zeros(3))
    np.savez(tmp_path / "other.npz", x_train=np.zeros(3))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "._mine.npz").write_bytes(b"of a Mac")
    assert own_arrays(tmp_path) == {name: ArrayFile(tmp_path / "mine.npz", name) for name in ARRAYS}
    assert count("mine", str(tmp_path)) == (4, 4, (3,))


def test_two_data_sets_in_one_folder_are_refused_and_both_named(folder):
    save(folder, "first.npz")
    with pytest.raises(ValueError, match="`data_folder` must hold one data set, ") as caught:
        own_arrays(folder)
    assert str(caught.value).endswith(
        "but both train-images-idx3-ubyte, … and first.npz are one. Move one of them elsewhere. Received: "
        f"{str(folder)!r}"
    )
    (folder / LABELS).unlink()
    assert own_arrays(folder)["x_train"].path.name == "first.npz"
    save(folder, "second.npz")
    with pytest.raises(ValueError, match=r"but both first\.npz and second\.npz are one\."):
        own_arrays(folder)
    (folder / "second.npz").unlink()
    save(folder)
    with pytest.raises(ValueError, match=r"but both x_train\.npy, … and first\.npz are one\."):
        own_arrays(folder)


@pytest.mark.parametrize("name", FILES.values())
def test_a_file_that_is_missing_is_named(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()  # a folder of that name does not count
    with pytest.raises(ValueError, match="data_folder") as caught:
        own_arrays(folder)
    assert str(caught.value) == f"`data_folder` must hold the file {name} or {name}.gz. Received: {str(folder)!r}"


def test_copies_take_fixed_names_among_the_results(folder, tmp_path):
    assert raw_copies(own_arrays(folder)) == {name: folder / name for name in FILES.values()}
    save(tmp_path / "arrays")
    assert list(raw_copies(own_arrays(tmp_path / "arrays"))) == [f"{name}.npy" for name in ARRAYS]
    save(tmp_path / "archive", "{$(touch pwned)}.npz")
    copies = raw_copies(own_arrays(tmp_path / "archive"))
    assert copies == {"data.npz": tmp_path / "archive" / "{$(touch pwned)}.npz"}
    assert raw_arrays(tmp_path, copies)["y_test"] == ArrayFile(tmp_path / "data.npz", "y_test")
    assert raw_arrays(tmp_path, ["x_train.npy"])["y_test"] == ArrayFile(tmp_path / "y_test.npy")


def test_counting_reads_headers_alone(tmp_path, count):
    """Of images of four gigabytes, which take no room on a disk that keeps holes."""
    save(tmp_path, y_train=np.zeros(1_000_000, np.uint8), y_test=np.zeros(1, np.uint8), x_test=np.zeros((1, 64, 64)))
    with (tmp_path / "x_train.npy").open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (1_000_000, 64, 64)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 8 * 64 * 64 * 1_000_000)
    tracemalloc.start()
    assert count("mine", str(tmp_path)) == (1_000_000, 1, (64, 64, 1))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_a_listed_data_set_is_counted_by_its_entry(count, folder, dataset):
    assert count(dataset, None) == (60000, 10000, (28, 28, 1))
    assert count(dataset, str(folder)) == (60000, 10000, (28, 28, 1))


def test_a_data_set_of_ones_own_is_counted_by_its_headers(count, folder):
    assert count("mine", str(folder)) == (1000, 500, (28, 28, 1))
    for name in FILES.values():
        compress(folder / name)
    assert count("mine", str(folder)) == (1000, 500, (28, 28, 1))


def test_an_unknown_data_set_without_a_folder_is_told_with_the_nearest(count):
    with pytest.raises(ValueError, match=r"must be one of mnist, fashion_mnist, .* \(did you mean 'mnist'\?\)$"):
        count("minst", None)


@pytest.mark.parametrize("dataset", ["mnist", "mine"])
@pytest.mark.parametrize("folder", ["/no/such", __file__])
def test_a_data_folder_must_exist_for_any_data_set(count, dataset, folder):
    with pytest.raises(ValueError, match="data_folder") as caught:
        count(dataset, folder)
    assert str(caught.value) == f"`data_folder` must be an existing folder. Received: {folder!r}"


@pytest.mark.parametrize("exists", [False, True])
def test_a_relative_data_folder_leads_to_the_same_place_before_and_after_the_studys_folder_exists(tmp_path, exists):
    """From the study's folder, else from the project; `.` and what the study makes are never the project's."""
    study, project = tmp_path / "study", tmp_path / "project"
    for folder in (project / "images", project / "results" / "raw", tmp_path / "beside"):
        folder.mkdir(parents=True)
    if exists:
        (study / "results" / "raw").mkdir(parents=True)
    places = Places(study, project)
    assert find_data_folder("images", places) == project / "images"
    assert find_data_folder("../beside/", places) == tmp_path / "beside"
    assert find_data_folder(".", places) == study
    assert find_data_folder("..", places) == tmp_path
    with pytest.raises(ValueError, match="`data_folder` must lie outside results/"):
        find_data_folder("results/raw", places)
    with pytest.raises(ValueError, match=f"looked for as '{study}/no' and as '{project}/no'$"):
        find_data_folder("no", places)
    (study / "images").mkdir(parents=True)
    assert find_data_folder("images", places) == study / "images"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected an IDX file, which begins with "),
        (HEADER[:4], "expected a header of 8 bytes, received 4"),
        (b"\x00\x00\x08\x03" + HEADER[4:], "expected a header of 16 bytes, received 8"),
        (b"<html>\n<head>", "received an HTML or XML page"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_that_is_no_label_file_is_refused(count, folder, content, problem, ending):
    (folder / LABELS).unlink()
    path = folder / f"{LABELS}{ending}"
    path.write_bytes(gzip.compress(content, mtime=0) if ending else content)
    with pytest.raises(ValueError, match=r"IDX|header") as caught:
        count("mine", str(folder))
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip at all",
        gzip.compress(HEADER, mtime=0)[:12],
        gzip.compress(HEADER, mtime=0)[:10] + b"\xff" * 20,
    ],
)
def test_a_file_that_is_no_gzip_is_refused_in_one_line(count, folder, content):
    (folder / LABELS).unlink()
    path = folder / f"{LABELS}.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="expected") as caught:
        count("mine", str(folder))
    assert str(caught.value).startswith(f"{path}: expected ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("place", ["results", "results/data/mine/raw"])
@pytest.mark.parametrize("dataset", ["mnist", "mine"])
def test_a_folder_whose_files_the_workflow_would_remove_is_refused(count, tmp_path, place, dataset):
    """Before it makes files anew Snakemake removes the old ones: here, the only copy of the user's images."""
    shutil.copytree(SUBSET, tmp_path / place)
    for folder in (place, str(tmp_path / place)):
        with pytest.raises(ValueError, match="`data_folder` must lie outside results/"):
            count(dataset, folder)
    shutil.copytree(SUBSET, tmp_path / "results_of_a_scan")
    assert count("mine", "results_of_a_scan") == (1000, 500, (28, 28, 1))
