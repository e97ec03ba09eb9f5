"""Files of NumPy damaged in any way: read as they were, or refused in one line that names the file; never unpickled."""

import io
import zipfile

import numpy as np
import pytest

from data.array_files import ArrayFile
from data.data_folder import own_arrays
from data.labelled_images import ARRAYS, read_labelled_images

X, Y = np.arange(24, dtype=np.float32).reshape(4, 2, 3), np.array([0, 1, 1, 0])


class Touch:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), **options)
    return file.getvalue()


def npz(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | arrays))
    return file.getvalue()


def problem_of(function, *arguments):
    """Return the line that a function ends with, or nothing and what it gives."""
    try:
        return "", function(*arguments)
    except ValueError as error:
        lines = str(error).splitlines()
        return lines[0] if len(lines) == 1 else f"several lines: {lines}", None


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_every_flipped_bit_of_a_header_is_refused_or_means_another_array_of_as_many_bytes(tmp_path, version):
    path = tmp_path / "x_train.npy"
    content = npy(X, version=version)
    refused = 0
    for bit in range(8 * (len(content) - X.nbytes)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        problem, array = problem_of(ArrayFile(path).read)
        refused += bool(problem)
        assert problem.startswith(f"{path}: ") if problem else array.nbytes == X.nbytes
    assert refused > 500


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_cut_off_or_with_a_flipped_bit_is_refused_or_holds_what_it_held(tmp_path, save):
    path = tmp_path / "data.npz"
    content = npz(save)
    changes = [content[:length] for length in range(0, len(content), 29)]
    for bit in range(0, 8 * len(content), 37):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        changes.append(bytes(changed))
    refused = 0
    for changed in changes:
        path.write_bytes(changed)
        problem, found = problem_of(lambda: read_labelled_images(own_arrays(tmp_path)))
        refused += bool(problem)
        assert not problem or (str(tmp_path) in problem and "several lines" not in problem)
        if found:
            np.testing.assert_array_equal(found.arrays["x_train"], X[..., None])
            np.testing.assert_array_equal(found.arrays["y_test"], Y)
    assert refused > len(changes) // 2


@pytest.mark.parametrize("cut", [1, 8, 9, 10, 64, 127, -1])
def test_an_array_cut_off_is_refused(tmp_path, cut):
    path = tmp_path / "x_train.npy"
    path.write_bytes(npy(X)[:cut])
    problem, _ = problem_of(ArrayFile(path).header)
    assert problem.startswith(f"{path}: expected ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected a NumPy array, received nothing"),
        (b"<html>", "expected a NumPy array, received an HTML or XML page"),
        (npz(), "expected a NumPy array, received a zip archive"),
        (b"\x80\x04\x95", "expected a NumPy array, received 0x800495"),
        (npy(X) + b"x", "expected 224 bytes for shape (4, 2, 3), received 225"),
        (npy(X)[:-1], "expected 224 bytes for shape (4, 2, 3), received 223"),
    ],
)
def test_what_is_no_array_is_refused(tmp_path, content, problem):
    path = tmp_path / "x_train.npy"
    path.write_bytes(content)
    assert problem_of(ArrayFile(path).header) == (f"{path}: {problem}", None)


def test_an_array_larger_than_its_file_takes_no_memory(tmp_path):
    path = tmp_path / "x_train.npy"
    header = {"descr": "<f8", "fortran_order": False, "shape": (2**62, 2**62)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    assert "bytes for shape" in problem_of(ArrayFile(path).read)[0]
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("x_train.npy", path.read_bytes())
    assert "bytes for shape" in problem_of(ArrayFile(tmp_path / "data.npz", "x_train").read)[0]


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("archive", [False, True])
def test_objects_are_refused_and_never_unpickled(tmp_path, name, archive):
    folder = tmp_path / "mine"
    folder.mkdir()
    poison = np.array([Touch(tmp_path / "pwned")] * 4, dtype=object)
    if archive:
        (folder / "data.npz").write_bytes(npz(**{name: poison}))
    else:
        for other, array in ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | {name: poison}).items():
            np.save(folder / f"{other}.npy", array)
    files = own_arrays(folder)
    assert "Python objects, which are never unpickled" in problem_of(read_labelled_images, files)[0]
    assert "Python objects, which are never unpickled" in problem_of(files[name].read)[0]
    assert not (tmp_path / "pwned").exists()
    np.load(files[name].path, allow_pickle=True)[name if archive else 0]
    assert (tmp_path / "pwned").is_dir()  # so it was poison
