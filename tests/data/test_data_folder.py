"""A data set of one's own: its four files are found, and its images counted."""

import gzip
import shutil

import pytest

from data.data_folder import find_data_folder, idx_files, image_counts
from data.datasets import FILES
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


def test_the_four_files_come_in_the_order_of_their_keys(folder):
    assert idx_files(folder) == [folder / name for name in FILES.values()]


def test_compressed_files_are_found_beside_raw_ones(folder):
    packed = compress(folder / LABELS)
    names = list(FILES.values())
    assert idx_files(folder) == [folder / names[0], packed, *(folder / name for name in names[2:])]


def test_a_raw_file_is_taken_before_a_compressed_one(folder):
    (folder / f"{LABELS}.gz").write_bytes(b"anything")
    assert idx_files(folder)[1] == folder / LABELS


@pytest.mark.parametrize("name", FILES.values())
def test_a_file_that_is_missing_is_named(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()  # a folder of that name does not count
    with pytest.raises(ValueError, match="data_folder") as caught:
        idx_files(folder)
    assert str(caught.value) == f"`data_folder` must hold the file {name} or {name}.gz. Received: {str(folder)!r}"


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_a_listed_data_set_is_counted_by_its_entry(count, folder, dataset):
    assert count(dataset, None) == (60000, 10000)
    assert count(dataset, str(folder)) == (60000, 10000)


def test_a_data_set_of_ones_own_is_counted_by_its_label_files(count, folder):
    assert count("mine", str(folder)) == (1000, 500)
    compress(folder / LABELS)
    assert count("mine", str(folder)) == (1000, 500)
    (folder / LABELS).write_bytes(b"\x00\x00\x08\x01\x00\x01\x00\x02" + bytes(100))
    (folder / FILES["test_labels"]).write_bytes(b"\x00\x00\x08\x01\x00\x00\xea\x60" + bytes(100))
    assert count("mine", str(folder)) == (65538, 60000)  # QMNIST has as many test images


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
    ("content", "received"),
    [
        (b"", "0x"),
        (HEADER[:4], "0x00000801"),
        (HEADER[:7], "0x00000801000003"),
        (b"\x00\x00\x08\x03" + HEADER[4:], "0x00000803000003e8"),
        (b"<html>\n<head>", "0x3c68746d6c3e0a3c"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_that_is_no_label_file_is_refused(count, folder, content, received, ending):
    (folder / LABELS).unlink()
    path = folder / f"{LABELS}{ending}"
    path.write_bytes(gzip.compress(content, mtime=0) if ending else content)
    with pytest.raises(ValueError, match="expected an IDX label file") as caught:
        count("mine", str(folder))
    assert str(caught.value) == (
        f"{path}: expected an IDX label file, which begins with 0x00000801. Received: {received}"
    )


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
    with pytest.raises(ValueError, match="cannot be read") as caught:
        count("mine", str(folder))
    assert str(caught.value).startswith(f"{path}: cannot be read: ")
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
    assert count("mine", "results_of_a_scan") == (1000, 500)
