"""States on disk: same content, same bytes; damaged or foreign ones refused."""

import numpy as np
import pytest

from training.state import StateError, StateReader, writing_state

LABEL = {"point": "units=2", "seeds": [0, 1], "epochs": 5, "engine": "x"}
ARRAYS = {
    seed: {"weights/kernel": np.arange(3, dtype=np.float32) + seed, "optimizer/iteration": np.array(5)}
    for seed in (0, 1)
}


def write(path, label=LABEL):
    with writing_state(path, label) as keep:
        for seed, arrays in ARRAYS.items():
            keep(seed, arrays)
    return path


def read_all(path):
    state = StateReader(path)
    return [state.arrays(seed) for seed in ARRAYS]


@pytest.fixture
def state(tmp_path):
    return write(tmp_path / "state.npz")


def test_round_trip(state):
    reader = StateReader(state, point="units=2", epochs=5)
    assert reader.label == LABEL
    for seed, arrays in ARRAYS.items():
        read = reader.arrays(seed)
        assert read.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)
            assert read[name].dtype == array.dtype


def test_numpy_itself_reads_it(state):
    with np.load(state, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["1/weights/kernel"], ARRAYS[1]["weights/kernel"])


def test_prefix_reads_only_what_is_asked(state):
    assert list(StateReader(state).arrays(0, "weights/")) == ["weights/kernel"]


def test_seed_that_is_not_there(state):
    with pytest.raises(StateError, match="no arrays of seed 7"):
        StateReader(state).arrays(7)


def test_same_content_same_bytes(state, tmp_path):
    again = write(tmp_path / "again.npz", dict(reversed(LABEL.items())))
    assert again.read_bytes() == state.read_bytes()


@pytest.mark.parametrize("key", ["point", "seeds", "epochs", "engine"])
def test_another_state_is_refused(state, key):
    with pytest.raises(StateError, match=f"expected {key}=other"):
        StateReader(state, **{key: "other"})


@pytest.mark.parametrize("seed", [0, 1])
def test_every_flipped_byte_of_an_array_is_noticed(state, seed):
    original = state.read_bytes()
    start = original.index(ARRAYS[seed]["weights/kernel"].tobytes())
    for offset in range(12):
        damaged = bytearray(original)
        damaged[start + offset] ^= 1
        state.write_bytes(damaged)
        with pytest.raises(StateError, match="is no readable state"):
            read_all(state)


@pytest.mark.parametrize("length", [0, 10, 100, -1])
def test_truncated_state_is_refused(state, length):
    state.write_bytes(state.read_bytes()[:length])
    with pytest.raises(StateError, match="is no readable state"):
        read_all(state)


@pytest.mark.parametrize("content", [np.array([{"a": 1}], dtype=object), np.array([[1]])])
def test_other_content_is_refused(tmp_path, content):
    np.savez(tmp_path / "state.npz", label=content)
    with pytest.raises(StateError):
        StateReader(tmp_path / "state.npz", point="units=2")


def test_plain_array_is_refused(tmp_path):
    np.save(tmp_path / "state.npy", np.zeros(3))
    with pytest.raises(StateError, match="is no readable state"):
        StateReader(tmp_path / "state.npy")


def test_no_partial_file_stays_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), writing_state(tmp_path / "state.npz", LABEL) as keep:
        keep(0, {"weights/kernel": 1 / 0})
    assert list(tmp_path.iterdir()) == []
