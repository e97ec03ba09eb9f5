"""datasets.yaml is complete, and what is wrong with an entry is said in one line each."""

import copy
import hashlib
from pathlib import Path

import pytest
import yaml

from data.datasets import FILES, Source, find_dataset, load_datasets
from data.idx import read_idx_header

PROJECT = Path(__file__).parents[2]
ENTRY = {
    "description": "ten kinds of leaves",
    "license": "CC0-1.0",
    "citation": "nobody",
    "image_shape": [28, 28],
    "class_names": [f"leaf {index}" for index in range(10)],
    "train_images_count": 20,
    "test_images_count": 10,
    "files": {key: {"name": f"leaves-{name}", "sha256": "ab" * 32} for key, name in FILES.items()},
    "sources": [
        {"url": "https://leaves.example/{name}.gz"},
        {"npm": "@garden/leaves@1.0.0", "folder": "package/data"},
        {"debian": "dataset-leaves", "folder": "usr/share/datasets/leaves"},
    ],
}
SOURCE = "a url, or a package (npm or debian) and its folder"
SUBSET_DIGESTS = ["386bb018796babea", "895f65588e45d05b", "de0a55d8eb2a23fc", "60e902e82445d902"]


def load(tmp_path, content):
    path = tmp_path / "datasets.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return load_datasets(path)


def with_value(keys, value):
    """Return ENTRY with one value changed; `...` removes the key."""
    entry = copy.deepcopy(ENTRY)
    place = entry
    for key in keys[:-1]:
        place = place[key]
    if value is ...:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return entry


def test_project_file_lists_mnist_and_fashion_mnist():
    datasets = load_datasets(PROJECT / "config" / "datasets.yaml")
    assert list(datasets) == ["mnist", "fashion_mnist"]
    for dataset in datasets.values():
        assert [file.name for file in dataset.files.values()] == list(FILES.values())
        assert [file.size for file in dataset.files.values()] == [47040016, 60008, 7840016, 10008]
        assert len({file.sha256 for file in dataset.files.values()}) == 4
        assert dataset.sources[0].kind == "url"
    assert not {f.sha256 for f in datasets["mnist"].files.values()} & {
        f.sha256 for f in datasets["fashion_mnist"].files.values()
    }


def test_entry_of_ones_own(tmp_path):
    leaves = load(tmp_path, {"leaves": ENTRY})["leaves"]
    assert leaves.name == "leaves"
    assert list(leaves.files) == list(FILES)
    assert leaves.files["test_labels"] == ("leaves-t10k-labels-idx1-ubyte", "ab" * 32, 8 + 10)
    assert leaves.files["train_images"].size == 16 + 20 * 784
    assert leaves.sources[1] == Source("npm", "@garden/leaves@1.0.0", "package/data")
    assert [source.label for source in leaves.sources] == [
        "https://leaves.example/{name}.gz",
        "npm package @garden/leaves@1.0.0",
        "Debian package dataset-leaves",
    ]


@pytest.mark.parametrize(
    ("shape", "size"), [([32, 32, 3], 4 + 16 + 20 * 3072), ([7, 5], 4 + 12 + 20 * 35), ([64], 4 + 8 + 20 * 64)]
)
def test_sizes_follow_from_the_shape(tmp_path, shape, size):
    leaves = load(tmp_path, {"leaves": with_value(["image_shape"], shape)})["leaves"]
    assert leaves.image_shape == tuple(shape)
    assert leaves.files["train_images"].size == size
    assert leaves.files["train_labels"].size == 8 + 20


@pytest.mark.parametrize("classes", [2, 47, 256])
def test_an_entry_has_as_many_classes_as_names(tmp_path, classes):
    names = [f"leaf {index}" for index in range(classes)]
    assert load(tmp_path, {"leaves": with_value(["class_names"], names)})["leaves"].class_names == tuple(names)


def test_upper_case_digest_and_no_sources_are_fine(tmp_path):
    entry = with_value(["files", "test_labels", "sha256"], "AB" * 32) | {"sources": []}
    leaves = load(tmp_path, {"leaves": entry})["leaves"]
    assert leaves.files["test_labels"].sha256 == "ab" * 32
    assert leaves.sources == ()


@pytest.mark.parametrize(
    ("keys", "value", "problem"),
    [
        (["license"], ..., "`leaves.license` is missing"),
        (["license"], "", "`leaves.license` must be one line of text"),
        (["citation"], "two\nlines", "`leaves.citation` must be one line of text"),
        (["licence"], "MIT", "`leaves.licence` is not a known key. Did you mean `license`?"),
        (["quux"], "MIT", "`leaves.quux` is not a known key. Known: description, license, citation, image_shape, "),
        (["epoch"], 5, "`leaves.epoch` is not a known key. Known: description, "),
        (
            ["class_names"],
            ["a"],
            "`leaves.class_names` must be a list of 2 to 256 different names. Received: ['a']",
        ),
        (["class_names"], ["a"] * 10, "`leaves.class_names` must be a list of 2 to 256 different names"),
        (["class_names"], [*"abc", 3, *"efghij"], "`leaves.class_names[3]` must be one line of text, in quotes"),
        (
            ["class_names"],
            [f"{n}" for n in range(257)],
            "`leaves.class_names` must be a list of 2 to 256 different names",
        ),
        (["image_shape"], ..., "`leaves.image_shape` is missing"),
        (
            ["image_shape"],
            [],
            "`leaves.image_shape` must be [height, width], [height, width, channels] or [length]. Rec",
        ),
        (["image_shape"], [2, 2, 2, 2], "`leaves.image_shape` must be [height, width], [height, width, channels] or ["),
        (["image_shape"], 28, "`leaves.image_shape` must be a list. Received: 28"),
        (["image_shape"], [28, 0], "`leaves.image_shape[1]` must be a positive whole number. Received: 0"),
        (["image_shape"], [28, 2.5], "`leaves.image_shape[1]` must be a positive whole number. Received: 2.5"),
        (["train_images_count"], 0, "`leaves.train_images_count` must be a positive number of images. Received: 0"),
        (["test_images_count"], True, "`leaves.test_images_count` must be a positive number of images. Received: True"),
        (
            ["test_images_count"],
            2**32,
            "`leaves.test_images_count` must be a positive number of images. Received: 4294",
        ),
        (["files"], ["a"], "`leaves.files` must be a mapping. Received: ['a']"),
        (["files", "test_labels"], ..., "`leaves.files.test_labels` is missing"),
        (["files", "test_labels", "sha256"], "abc", "`leaves.files.test_labels.sha256` must be 64 hexadecimal digits"),
        (["files", "test_labels", "sha256"], 10**63, "`leaves.files.test_labels.sha256` must be 64 hexadecimal digits"),
        (["files", "test_labels", "name"], "../x", "`leaves.files.test_labels.name` must be a file name of letters"),
        (
            ["files", "test_labels", "name"],
            "leaves-train-labels-idx1-ubyte",
            "`leaves.files` must be four files, each with a name of its own. Received: {",
        ),
        (["sources"], "https://x.example/{name}", "`leaves.sources` must be a list. Received: 'https://x"),
        (["sources", 0], None, "`leaves.sources[0]` must be a mapping. Received: None"),
        (["sources", 0], {"ftp": "x"}, "`leaves.sources[0].ftp` is not a known key. Known: url, npm, debian, folder."),
        (["sources", 0], {}, f"`leaves.sources[0]` must be {SOURCE}. Received: {{}}"),
        (["sources", 0, "npm"], "x@1.0.0", f"`leaves.sources[0]` must be {SOURCE}. Received: "),
        (["sources", 0, "url"], "http://leaves.example/{name}", "`leaves.sources[0].url` must be an https:// address"),
        (["sources", 0, "url"], "https://leaves.example/all", "`leaves.sources[0].url` must be an https:// address"),
        (["sources", 0, "folder"], "data", f"`leaves.sources[0]` must be {SOURCE}. Received: "),
        (["sources", 1, "npm"], "leaves", "`leaves.sources[1].npm` must be a package at an exact version"),
        (["sources", 1, "npm"], "--registry=x@1.0.0", "`leaves.sources[1].npm` must be a package at an exact version"),
        (["sources", 1, "folder"], ..., f"`leaves.sources[1]` must be {SOURCE}. Received: "),
        (["sources", 1, "folder"], "/package", "`leaves.sources[1].folder` must be a folder inside the package"),
        (["sources", 2, "debian"], "-o", "`leaves.sources[2].debian` must be the name of a Debian package"),
    ],
)
def test_wrong_entry_is_refused_with_one_line(tmp_path, keys, value, problem):
    with pytest.raises(ValueError, match="leaves") as caught:
        load(tmp_path, {"leaves": with_value(keys, value)})
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/datasets.yaml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_all_problems_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match="leaves") as caught:
        load(
            tmp_path,
            {"leaves": with_value(["license"], ...) | {"test_images_count": -1}, "no leaves": ENTRY, "x": None},
        )
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "`no leaves` must be a name of letters, digits, _ and -" in lines[2]
    assert "`x` must be a mapping. Received: None" in lines[3]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "must hold at least one data set"),
        ("- mnist", "must hold a mapping"),
        ("mnist: {\n", "line 2"),
        ("mnist: 1\nmnist: 2\n", "line 2, column 1: the key `mnist` is given twice"),
    ],
)
def test_wrong_file_is_refused_with_one_line(tmp_path, text, problem):
    with pytest.raises(ValueError, match="datasets") as caught:
        load(tmp_path, text)
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_find_dataset_names_the_nearest():
    datasets = load_datasets(PROJECT / "config" / "datasets.yaml")
    assert find_dataset(datasets, "mnist").name == "mnist"
    with pytest.raises(
        ValueError, match=r"one of mnist, fashion_mnist, .*`data_folder`.*\(did you mean 'fashion_mnist'"
    ):
        find_dataset(datasets, "fashion-mnist")
    with pytest.raises(ValueError, match=r"Received: 'zebra'$"):
        find_dataset(datasets, "zebra")


def test_subset_is_the_start_of_mnist():
    folder = PROJECT / "tests" / "fixtures" / "mnist-subset"
    assert [read_idx_header(folder / name)[0] for name in FILES.values()] == [
        (1000, 28, 28),
        (1000,),
        (500, 28, 28),
        (500,),
    ]
    assert [hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in FILES.values()] == SUBSET_DIGESTS
