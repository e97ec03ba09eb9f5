"""States on disk: same arrays, same bytes, and read back as they were written."""

import os

import keras
import numpy as np
import pytest

from training.state import assign, read_state, state_writer

STATES = {
    seed: {"weights/kernel": np.arange(3, dtype=np.float32) + seed, "optimizer/iteration": np.array(5)}
    for seed in (1, 11)
}


def write(folder):
    paths = {"weights": folder / "state.npz", "optimizer": folder / "optimizer.npz"}
    with state_writer(paths) as add:
        for seed, arrays in STATES.items():
            add(seed, arrays)
    return paths


@pytest.mark.parametrize("seed", STATES)
@pytest.mark.parametrize("kind", ["weights", "optimizer"])
def test_each_file_gives_back_the_arrays_of_its_kind(tmp_path, seed, kind):
    found = read_state(write(tmp_path)[kind], seed)
    expected = {name: array for name, array in STATES[seed].items() if name.startswith(kind)}
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_numpy_itself_reads_it(tmp_path):
    with np.load(write(tmp_path)["weights"], allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["1/weights/kernel"], STATES[1]["weights/kernel"])


def test_same_arrays_same_bytes(tmp_path):
    for first, second in zip(write(tmp_path / "a").values(), write(tmp_path / "b").values(), strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_no_partial_file_stays_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), state_writer({"weights": tmp_path / "state.npz"}) as add:
        add(0, {"weights/kernel": 1 / 0})
    assert list(tmp_path.iterdir()) == []


def test_an_object_array_is_never_unpickled(tmp_path):
    class Touch:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trace"),)

    np.savez(tmp_path / "state.npz", **{"0/weights/kernel": np.array([Touch()], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        read_state(tmp_path / "state.npz", 0)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"a": np.zeros((2, 3), np.float32)}, r"array a: expected float32 \(2,\)\. Received: float32 \(2, 3\)\."),
        ({"a": np.zeros(2)}, r"array a: expected float32 \(2,\)\. Received: float64 \(2,\)\."),
        ({}, r"array a: expected float32 \(2,\)\. Received: None\."),
        ({"a": np.zeros(2, np.float32), "b": np.zeros(2)}, r"array b: expected None\. Received: float64"),
    ],
)
def test_a_state_of_another_network_is_refused(values, line):
    with pytest.raises(ValueError, match=line):
        assign({"a": keras.Variable(np.zeros(2, np.float32))}, values)


def test_a_state_gives_every_variable_its_value():
    variables = {name: keras.Variable(np.zeros(2, np.float32)) for name in "ab"}
    values = {"b": np.float32([3, 4]), "a": np.float32([1, 2])}
    assign(variables, values)
    for name, variable in variables.items():
        np.testing.assert_array_equal(variable.numpy(), values[name])
