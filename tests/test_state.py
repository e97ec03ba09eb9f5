"""States on disk: same content, same bytes; damaged or foreign ones refused."""

import numpy as np
import pytest

from state import StateError, read_state, write_state

LABEL = {"point": "units=2", "seeds": [0, 1], "epochs": 5, "engine": "x"}
ARRAYS = {"weights/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "optimizer/iteration": np.array([5, 5])}


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state.npz"
    write_state(path, ARRAYS, LABEL)
    return path


def test_round_trip(state):
    arrays, label = read_state(state, point="units=2", epochs=5)
    assert label == LABEL
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_prefix_reads_only_what_is_asked(state):
    assert list(read_state(state, "weights/")[0]) == ["weights/kernel"]


def test_same_content_same_bytes(state, tmp_path):
    write_state(tmp_path / "again.npz", ARRAYS, dict(reversed(LABEL.items())))
    assert (tmp_path / "again.npz").read_bytes() == state.read_bytes()


@pytest.mark.parametrize("key", ["point", "seeds", "epochs", "engine"])
def test_another_state_is_refused(state, key):
    with pytest.raises(StateError, match=f"expected {key}=other"):
        read_state(state, **{key: "other"})


def test_every_flipped_byte_of_an_array_is_noticed(state):
    original = state.read_bytes()
    start = original.index(ARRAYS["weights/kernel"].tobytes())
    for offset in range(24):
        damaged = bytearray(original)
        damaged[start + offset] ^= 1
        state.write_bytes(damaged)
        with pytest.raises(StateError, match="is no readable state"):
            read_state(state)


@pytest.mark.parametrize("length", [0, 10, 100, -1])
def test_truncated_state_is_refused(state, length):
    state.write_bytes(state.read_bytes()[:length])
    with pytest.raises(StateError, match="is no readable state"):
        read_state(state)


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "state.npz", label=np.array([{"a": 1}], dtype=object))
    with pytest.raises(StateError, match="is no readable state"):
        read_state(tmp_path / "state.npz")


def test_no_partial_file_stays_after_an_error(tmp_path):
    with pytest.raises(TypeError):
        write_state(tmp_path / "state.npz", ARRAYS, {"not JSON": object()})
    assert list(tmp_path.iterdir()) == []
