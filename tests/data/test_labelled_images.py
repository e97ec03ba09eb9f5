"""Public data sets in the shapes in which people have them, made small: what is taken, and the line where it is not.

Each is tried as a user would: the check of the config reads headers, then the download reads it all.
"""

import gzip

import numpy as np
import pytest

import download
import preprocess
from data.data_folder import IDX_NAMES, image_counts
from design.places import Places
from files.records import Record
from helpers.idx_writer import idx_content, write_idx
from helpers.workflow import PROJECT

DATASETS = PROJECT / "config" / "datasets.yaml"
DRAW = np.random.default_rng(0)
BOTH = {"train": 40, "test": 20}


def pixels(*shape):
    return DRAW.integers(0, 256, shape, np.uint8)


def labels(n, classes, start=0):
    """Return n labels, all classes in turn."""
    return (np.arange(n) % classes + start).astype(np.uint8)


def arrays(shape=(8, 8), classes=10, of_images=lambda x: x, of_labels=lambda y: y, start=0):
    """Return the four arrays of a small data set, each changed by a function."""
    found = {}
    for split, n in BOTH.items():
        found |= {f"x_{split}": of_images(pixels(n, *shape)), f"y_{split}": of_labels(labels(n, classes, start))}
    return found


def npz(name="data.npz", **changes):
    return lambda folder: np.savez(folder / name, **arrays(**changes))


def npy(**changes):
    def write(folder):
        for name, array in arrays(**changes).items():
            np.save(folder / f"{name}.npy", array, allow_pickle=True)

    return write


def idx(ending="", **changes):
    def write(folder):
        for name, array in arrays(**changes).items():
            content = idx_content(array)
            (folder / f"{IDX_NAMES[name]}{ending}").write_bytes(gzip.compress(content) if ending else content)

    return write


def renamed(names, archive=True, **changes):
    """Write the arrays under other names, in one .npz or as .npy; None leaves one out."""

    def write(folder):
        made = arrays(**changes)
        kept = {new: made[old] for old, new in names.items() if new}
        if archive:
            np.savez(folder / "data.npz", **kept)
        else:
            for name, array in kept.items():
                np.save(folder / f"{name}.npy", array)

    return write


def medmnist(folder):
    made = arrays(shape=(28, 28, 3), classes=9, of_labels=lambda y: y[:, None])
    names = {"x_train": "train_images", "y_train": "train_labels", "x_test": "test_images", "y_test": "test_labels"}
    np.savez(folder / "pathmnist.npz", val_images=pixels(5, 28, 28, 3), **{names[name]: made[name] for name in made})


def kmnist(folder):
    for name, array in arrays(shape=(28, 28)).items():
        split, part = name[2:], {"x": "imgs", "y": "labels"}[name[0]]
        np.savez_compressed(folder / f"kmnist-{split}-{part}.npz", array)


def qmnist(folder):
    for split, n in BOTH.items():
        rows = np.tile(np.arange(8, dtype=np.int32), (n, 1))
        rows[:, 0] = labels(n, 10)
        write_idx(folder / IDX_NAMES[f"x_{split}"], pixels(n, 28, 28))
        write_idx(folder / IDX_NAMES[f"y_{split}"], rows)


def many_hot(y):
    rows = np.zeros((len(y), 14), np.uint8)
    rows[np.arange(len(y)), y], rows[1::3, 13], rows[2::3] = 1, 1, 0
    return rows


def pickled(folder):
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        (folder / name).write_bytes(b"\x80\x02}q\x00")


def pictures(folder):
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(b"\x89PNG")


def one_hot(y):
    return np.eye(10, dtype=np.float32)[y]


NAMES = dict(zip(IDX_NAMES, IDX_NAMES, strict=True))
RENUMBER = "`names, y_train = np.unique(y_train, return_inverse=True)`, `y_test = np.searchsorted(names, y_test)`"
SAVE = "Save your arrays under these names: `np.savez('data.npz', x_train=…, y_train=…, x_test=…, y_test=…)`"

# What they have -> (writes it, shape and classes that a network gets).
TAKEN = {
    "Keras' mnist.npz": (npz("mnist.npz", shape=(28, 28)), (28, 28, 1), 10),
    "Fashion-MNIST, .gz": (idx(".gz", shape=(28, 28)), (28, 28, 1), 10),
    "EMNIST balanced, 47 classes, renamed": (idx(shape=(28, 28), classes=19), (28, 28, 1), 19),
    "CIFAR-10 as Keras has it, labels in a column": (
        npz("cifar.npz", shape=(32, 32, 3), of_labels=lambda y: y[:, None].astype(np.int64)),
        (32, 32, 3),
        10,
    ),
    "CIFAR-10 as .npy of float64": (npy(shape=(32, 32, 3), of_images=lambda x: x / 255), (32, 32, 3), 10),
    "CIFAR-10 in one IDX of four dimensions": (idx(shape=(32, 32, 3)), (32, 32, 3), 10),
    "scikit-learn's digits, rows of floats 0 … 16": (npy(shape=(64,), of_images=lambda x: x / 16.0), (64,), 10),
    "a table of UCI, two classes, int64 labels": (
        npz(shape=(30,), classes=2, of_images=np.float64, of_labels=np.int64),
        (30,),
        2,
    ),
    "spectrograms of float32, Fortran order": (
        npy(shape=(65, 40), classes=5, of_images=lambda x: np.asfortranarray(np.log1p(x), dtype=np.float32)),
        (65, 40, 1),
        5,
    ),
    "vectors of big-endian floats in IDX": (idx(shape=(7,), of_images=np.float64), (7,), 10),
    "half floats of a GPU": (npz(shape=(8, 8, 1), of_images=lambda x: (x / 255).astype(np.float16)), (8, 8, 1), 10),
}

# What they have -> (writes it, whether the headers show it, what the line says).
REFUSED = {
    "CIFAR-10 as pickles": (pickled, True, f" with batches.meta, data_batch_1, test_batch. {SAVE}"),
    "a folder of pictures": (pictures, True, f" with no file. {SAVE}"),
    "EMNIST letters, labels from 1": (
        idx(classes=19, start=1),
        False,
        "train-labels-idx1-ubyte: expected labels from 0, received 1 to 19. Save `y - 1` of both",
    ),
    "EMNIST under its own names": (
        lambda folder: write_idx(folder / "emnist-letters-train-images-idx3-ubyte", pixels(4, 28, 28)),
        True,
        "with emnist-letters-train-images-idx3-ubyte. Give your IDX files these names",
    ),
    "KMNIST, four .npz of arr_0": (
        kmnist,
        True,
        "with kmnist-test-imgs.npz (arr_0), kmnist-test-labels.npz (arr_0), kmnist-train-imgs.npz (arr_0), ",
    ),
    "QMNIST, labels of eight columns": (
        qmnist,
        True,
        "train-labels-idx1-ubyte: expected one label for each image, received rows of 8 numbers. Save the column that "
        "holds the class, e.g. `y[:, 0]`",
    ),
    "SVHN, images last": (
        npz(shape=(8, 8, 3), of_images=lambda x: np.moveaxis(x, 0, -1), of_labels=lambda y: y[:, None]),
        True,
        "data.npz: x_train: expected the first dimension to count the 40 images, received the shape (8, 8, 3, 40). "
        "Save `np.moveaxis(x, -1, 0)`",
    ),
    "SVHN, 10 for the digit 0": (
        npz(start=1),
        False,
        "data.npz: y_train: expected labels from 0, received 1 to 10. Save `y - 1` of both, or `y % 10` if 10 stands "
        "for the digit 0",
    ),
    "MedMNIST under its own names": (
        medmnist,
        True,
        f"with pathmnist.npz (val_images, train_images, train_labels, test_images, test_labels). {SAVE}",
    ),
    "ChestMNIST, several findings an image": (
        npz(of_labels=many_hot),
        True,
        "data.npz: y_train: expected one label for each image, received rows of 14 numbers with 0 to 2 ones, many-hot: "
        "a network here chooses one class. Study one column, `y[:, 0]`, or keep the images with one class: "
        "`keep = y.sum(axis=1) == 1`, `x[keep]`, `y[keep].argmax(axis=1)`",
    ),
    "one-hot labels": (
        npy(of_labels=one_hot),
        True,
        "y_train.npy: expected one label for each image, received one-hot rows of 10 classes. Save `y.argmax(axis=1)`",
    ),
    "probabilities of a teacher": (
        npy(of_labels=lambda y: 0.9 * one_hot(y) + 0.01),
        True,
        "received probabilities of 10 classes. Save the most probable class, `y.argmax(axis=1)`",
    ),
    "tensors of PyTorch, channels first": (
        npz(shape=(3, 32, 32), of_images=lambda x: (x / 255).astype(np.float32)),
        True,
        "data.npz: x_train: expected the channels last, (n, height, width, channels), received (40, 3, 32, 32). Save "
        "`np.moveaxis(x, 1, -1)`",
    ),
    "tensors of PyTorch, a tensor of int64 pixels": (
        npy(of_images=np.int64),
        True,
        "x_train.npy: expected uint8 or floats, received int64. Save `x.astype(np.uint8)` if all values are from 0 to "
        "255, else floats, e.g. `(x / np.abs(x_train).max()).astype(np.float32)`",
    ),
    "masks": (
        npy(of_images=lambda x: x > 127),
        True,
        "x_train.npy: expected uint8 or floats, received bool. Save `x.astype(np.float32)`",
    ),
    "a table of UCI, names of classes": (
        npz(shape=(4,), of_images=np.float64, of_labels=lambda y: np.array(["setosa", "virginica"])[y % 2]),
        True,
        "data.npz: y_train: expected whole numbers from 0, received text. Number the classes: `names, y_train = "
        "np.unique(y_train.astype(str), return_inverse=True)`, `y_test = np.searchsorted(names, y_test.astype(str))`",
    ),
    "names of classes out of pandas, objects": (
        npy(of_labels=lambda y: y.astype(str).astype(object)),
        True,
        "y_train.npy: expected whole numbers from 0, received Python objects, which are never unpickled. Number the "
        "classes: `names, y_train = np.unique(y_train.astype(str), return_inverse=True)`",
    ),
    "pictures of different sizes": (
        npy(of_images=lambda x: np.array([*x, 0], dtype=object)[:-1]),
        True,
        "x_train.npy: expected uint8 or floats, received Python objects, which are never unpickled. Bring all images "
        "to one size, then save `np.stack(images)`",
    ),
    "labels out of np.loadtxt": (
        npy(of_labels=np.float64),
        True,
        "y_train.npy: expected whole numbers from 0, received whole numbers stored as float64. Save "
        "`y.astype(np.int64)`",
    ),
    "a regression": (
        npy(of_labels=lambda y: y + 0.5),
        True,
        "y_train.npy: expected whole numbers from 0, received 0.5 at index 0. To make classes of a quantity: "
        "`np.digitize(y, limits)`",
    ),
    "labels of a support vector machine": (
        npy(of_labels=lambda y: y.astype(np.int8) % 2 * 2 - 1),
        False,
        f"y_train.npy: expected labels from 0 to 255, received -1 at index 0. Number the classes: {RENUMBER}",
    ),
    "labels that are identifiers": (
        npy(of_labels=lambda y: y.astype(np.int64) + 90_000),
        False,
        f"y_train.npy: expected labels from 0 to 255, received 90000 at index 0. Number the classes: {RENUMBER}",
    ),
    "two digits out of ten": (
        npy(of_labels=lambda y: y % 2 * 4 + 3),
        False,
        f"y_train.npy: expected labels from 0, received 3 to 7. Number the classes: {RENUMBER}",
    ),
    "bool labels": (
        npy(of_labels=lambda y: y > 4),
        True,
        "y_train.npy: expected whole numbers from 0, received bool. Save `y.astype(np.uint8)`",
    ),
    "labels of MATLAB, one row": (
        npy(of_labels=lambda y: y[None]),
        True,
        "y_train.npy: expected labels of shape (n,) or (n, 1), received (1, 40). Save `y.ravel()`",
    ),
    "no test set": (
        renamed(NAMES | {"x_test": None, "y_test": None}),
        True,
        "`data_folder` must hold a test set, x_test and y_test. If you have none, split once: `order = "
        "np.random.default_rng(0).permutation(len(x))`, `test, train = np.split(order, [len(x) // 6])`, and save "
        "x[train], y[train], x[test], y[test] as x_train.npy, y_train.npy, x_test.npy, y_test.npy. Received: ",
    ),
    "no test set, .npy": (
        renamed(NAMES | {"x_test": None, "y_test": None}, archive=False),
        True,
        "`data_folder` must hold a test set, x_test.npy and y_test.npy. If you have none, split once: ",
    ),
    "X and Y": (
        renamed({"x_train": "X_train", "y_train": "Y_train", "x_test": "X_test", "y_test": "Y_test"}, archive=False),
        True,
        f"with X_test.npy, X_train.npy, Y_test.npy, Y_train.npy. {SAVE}",
    ),
    "floats beyond float32": (
        npy(of_images=lambda x: x * 1e37),
        False,
        "Save `(x / np.abs(x_train).max()).astype(np.float32)`",
    ),
    "missing values": (
        npy(shape=(4,), of_images=lambda x: np.where(x < 9, np.nan, x)),
        False,
        "Leave these images out, or save `np.nan_to_num(x, posinf=0, neginf=0)`",
    ),
    "training images scaled, test images forgotten": (
        npy(of_images=lambda x: x / 255 if len(x) == BOTH["train"] else x),
        True,
        "x_test.npy: expected floats, as in training, received uint8. Save both as one type: uint8 is scaled to "
        "[0, 1], floats are taken as they are",
    ),
    "test images of another size": (
        npy(of_images=lambda x: x if len(x) == BOTH["train"] else x[:, 1:]),
        True,
        "x_test.npy: expected images of the shape (8, 8, 1), as in training, received (7, 8, 1)",
    ),
    "more labels than images": (
        npy(of_images=lambda x: x[1:]),
        True,
        "y_train.npy: expected 39 labels, one for each image, received 40",
    ),
    "one class alone": (
        npy(of_labels=lambda y: y * 0),
        False,
        "y_train.npy: expected at least two classes, received the label 0 alone",
    ),
    "sorted by class, then split": (
        npy(of_labels=lambda y: y // 6 + 5 * (len(y) == BOTH["test"])),
        False,
        "y_test.npy: expected classes that training images have, received 5 at index 0. Split the images anew, or "
        "leave these out: `keep = np.isin(y_test, y_train)`, `x_test[keep]`, `y_test[keep]`",
    ),
    "video": (
        npy(shape=(5, 8, 8, 3)),
        True,
        "received the shape (40, 5, 8, 8, 3). As vectors: save `x.reshape(len(x), -1)`",
    ),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def take(folder):
    """Take the data as the jobs do; return the record of the arrays and the arrays."""
    results = folder.parent / "results" / "mine"
    raw = results / "raw"
    download.main([f"--datasets={DATASETS}", "--dataset=mine", f"--output-folder={raw}", f"--local-folder={folder}"])
    preprocess.main([f"--raw-folder={raw}", f"--output-folder={results}"])
    record = Record(results / "preprocess.json", dataset="mine")
    return record.label, {
        name.removesuffix(".npy"): np.load(record.file(name), allow_pickle=False) for name in record.sha256
    }


@pytest.mark.parametrize(("write", "shape", "classes"), TAKEN.values(), ids=TAKEN)
def test_what_is_taken(folder, write, shape, classes):
    write(folder)
    assert image_counts(DATASETS, Places(folder, PROJECT))("mine", str(folder)) == (40, 20, shape)
    label, taken = take(folder)
    assert (label["input_shape"], label["classes"]) == (list(shape), classes)
    for split, n in BOTH.items():
        assert taken[f"x_{split}"].shape == (n, *shape)
        assert taken[f"x_{split}"].dtype in (np.uint8, np.float32)
        assert taken[f"x_{split}"].flags.c_contiguous
        np.testing.assert_array_equal(taken[f"y_{split}"], labels(n, classes))
        assert taken[f"y_{split}"].dtype == np.uint8


@pytest.mark.parametrize(("write", "in_headers", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(folder, write, in_headers, line):
    """In one line that names the user's file, and nothing is left behind; by headers, where these show it."""
    write(folder)
    with pytest.raises(SystemExit) as caught:
        take(folder)
    said = caught.value.code
    assert line in said
    assert str(folder) in said
    assert [said] == said.splitlines()
    assert list((folder.parent / "results" / "mine" / "raw").iterdir()) == []
    if in_headers:
        with pytest.raises(ValueError, match=r"\S") as caught:
            image_counts(DATASETS, Places(folder, PROJECT))("mine", str(folder))
        assert said == f"ERROR: {caught.value}"
    else:
        image_counts(DATASETS, Places(folder, PROJECT))("mine", str(folder))
