"""Training a block: resumed equals uninterrupted, and a seed's bytes do not depend on its neighbours."""

import os
import subprocess
import sys

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import numpy as np
import pytest

from files.arithmetic import arithmetic
from files.code_digest import engine
from files.records import Record
from helpers.networks import DENSE, KINDS, arguments_of, build_of, sha256
from helpers.workflow import PROJECT, copy_project, run_script
from training.block import train_block
from training.networks import digest_of, values_of
from training.state import read_state

POINT = {"units": 16, "learning_rate": 0.001, "momentum": 0.5, "batch_size": 128, "optimizer": "rmsprop"}
POINT_OF_TRAINING = {name: value for name, value in POINT.items() if name != "units"}
ENGINE = engine(PROJECT / "scripts" / "train.py")


def train(subset, seeds, epochs, previous=None, point=POINT):
    """Return the states by seed, and the history."""
    states = {}
    load = previous.__getitem__ if previous else None
    build = build_of(DENSE, units=point["units"])
    trained = train_block(build, point, seeds, epochs, load, subset["train"], subset["test"], states.__setitem__)
    return states, trained.history


def assert_same_bytes(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].tobytes() == other[name].tobytes(), name


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["rmsprop", "rmsprop_keras2", "sgd", "adam"])
def test_resumed_equals_uninterrupted_bit_for_bit(subset, optimizer):
    point = POINT | {"optimizer": optimizer, "momentum": 0 if optimizer in ("adam", "rmsprop_keras2") else 0.5}
    whole, history = train(subset, [0, 1], (0, 4), point=point)
    half, first = train(subset, [0, 1], (0, 2), point=point)
    resumed, second = train(subset, [0, 1], (2, 4), half, point=point)
    for seed in (0, 1):
        assert_same_bytes(whole[seed], resumed[seed])
    assert sorted(first + second) == sorted(history)


def test_seed_does_not_depend_on_its_block(subset):
    block, history = train(subset, [2, 3, 4], (0, 2))
    alone, own = train(subset, [3], (0, 2))
    assert_same_bytes(block[3], alone[3])
    assert own == [row for row in history if row[0] == 3]


def test_seeds_differ(subset):
    state, _ = train(subset, [0, 1], (0, 1))
    assert not np.array_equal(state[0]["weights/0"], state[1]["weights/0"])


def test_history_has_a_row_for_each_seed_and_epoch(subset):
    _, history = train(subset, [4, 5], (0, 3))
    assert [(seed, epoch) for seed, epoch, *_ in history] == [(4, 1), (4, 2), (4, 3), (5, 1), (5, 2), (5, 3)]
    losses = [row[2] for row in history if row[0] == 4]
    assert losses == sorted(losses, reverse=True)


def test_diverged_training_is_recorded_not_fatal(subset):
    _, history = train(subset, [0], (0, 2), point=POINT | {"learning_rate": 1e30, "optimizer": "sgd"})
    assert not np.isfinite(history[-1][2])


KINDS_THAT_RESUME = (
    *("dense", "dropout", "two_dropouts", "noise", "batch_norm", "layer_norm", "shared", "functional", "subclassed"),
    *("l2", "max_norm", "convolution", "gru", "gru_dropout", "custom"),
)
RESUME = """
import sys
from pathlib import Path
import numpy as np
from data.idx import read_idx
from helpers.networks import KINDS, build_of
from helpers.workflow import SUBSET
from training.block import train_block
from training.state import read_state
folder, start, end, *kinds = Path(sys.argv[1]), *map(int, sys.argv[2:4]), *sys.argv[4:]
images, labels = (read_idx(SUBSET / f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
data = images[:300, ..., None], labels[:300]
point = {"learning_rate": 0.001, "momentum": 0.5, "batch_size": 64, "optimizer": "rmsprop"}
for kind in kinds:
    previous = lambda seed: read_state(folder / f"{kind}-{start}.npz", seed)
    path = folder / f"{kind}-{end}.npz"
    states = {}
    previous = previous if start else None
    train_block(build_of(KINDS, kind=kind), point, [3, 4], (start, end), previous, data, data, states.__setitem__)
    np.savez(path, **{f"{seed}/{name}": array for seed, state in states.items() for name, array in state.items()})
"""


@pytest.mark.slow
def test_any_network_resumed_in_a_new_process_equals_one_trained_without_a_stop(tmp_path):
    """Weights, moving statistics, states of random layers and the optimizer; 300 images, so no full last batch."""

    def run(folder, start, end):
        folder.mkdir(exist_ok=True)
        paths = os.pathsep.join(str(PROJECT / name) for name in ("scripts", "tests"))
        call = [sys.executable, "-c", RESUME, str(folder), str(start), str(end), *KINDS_THAT_RESUME]
        subprocess.run(call, env=os.environ | {"PYTHONPATH": paths}, check=True, capture_output=True, timeout=580)

    run(tmp_path / "whole", 0, 4)
    run(tmp_path / "parts", 0, 2)
    run(tmp_path / "parts", 2, 4)
    for kind in KINDS_THAT_RESUME:
        for seed in (3, 4):
            whole, parts = (read_state(tmp_path / folder / f"{kind}-4.npz", seed) for folder in ("whole", "parts"))
            assert_same_bytes(whole, parts)
            assert np.isfinite(whole["weights/0"]).all()


def test_initial_weights_are_recorded_by_seed_and_the_same_whatever_the_training(subset):
    build = build_of(DENSE, units=16)

    def digests(seeds, **changes):
        states = {}
        arrays = subset["train"], subset["test"], states.__setitem__
        return train_block(build, POINT | changes, seeds, (0, 1), None, *arrays).initial_weights

    both = digests([0, 1])
    assert both == digests([0], batch_size=64, optimizer="adam", momentum=0) | digests([1], learning_rate=0.01)
    assert both == {str(seed): digest_of(values_of(build(seed).variables)) for seed in (0, 1)}
    assert both["0"] != both["1"]


def arguments(arrays, folder, epochs, previous=None, network=DENSE, **keywords):
    point = (keywords or {"units": 8}) | POINT_OF_TRAINING
    names = {"--state": "state.npz", "--optimizer-state": "optimizer.npz", "--history": "history.csv"}
    names["--record"] = "train.json"
    paths = {"--data-folder": arrays} | {option: folder / name for option, name in names.items()}
    words = [
        *arguments_of(network, point),
        "--seeds",
        "0",
        "0",
        *(str(word) for pair in paths.items() for word in pair),
    ]
    previous = [str(previous / "train.json")] if previous else []  # as the rule gives it
    return [*words, "--epochs", *map(str, epochs), "--engine", ENGINE, "--previous", *previous]


@pytest.mark.slow
def test_command_line_refuses_the_state_of_another_milestone(arrays, tmp_path):
    """In processes of their own: TensorFlow's number of threads can be set only once."""
    run_script("train", arguments(arrays, tmp_path / "one", (0, 1)))
    refused = run_script("train", arguments(arrays, tmp_path / "three", (2, 3), tmp_path / "one"), check=False)
    assert refused.returncode == 1
    assert "expected epochs=2. Received: epochs=1" in refused.stderr.splitlines()[-1]
    assert not (tmp_path / "three").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dense", "subclassed"])
def test_states_written_and_read_by_the_command_line_go_on_bit_for_bit(arrays, tmp_path, kind):
    network = {"network": KINDS, "kind": kind}
    run_script("train", arguments(arrays, tmp_path / "whole", (0, 2), **network))
    run_script("train", arguments(arrays, tmp_path / "half", (0, 1), **network))
    run_script("train", arguments(arrays, tmp_path / "resumed", (1, 2), tmp_path / "half", **network))
    label = Record(tmp_path / "resumed" / "train.json").label
    assert (label["arithmetic"], label["network"]) == (arithmetic(), sha256(KINDS))
    assert label["compiled"] == (label["stack"] is not None) == (kind == "dense")
    assert label["approximate"] is False
    assert label["initial_weights"] == {"0": digest_of(values_of(build_of(KINDS, kind=kind)(0).variables))}
    for name in ("state.npz", "optimizer.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "resumed" / name).read_bytes()


@pytest.mark.parametrize("script", ["train", "evaluate"])
def test_code_edited_since_snakemake_read_it_is_not_run_under_its_name(arrays, tmp_path, script):
    words = arguments(arrays, tmp_path, (0, 1))
    if script == "evaluate":
        names = {"--training": "train.json", "--outcomes": "test.npz", "--metrics": "metrics.csv", "--record": "e.json"}
        words = [str(word) for option, name in names.items() for word in (option, tmp_path / name)]
        words += [
            *arguments_of(DENSE, POINT),
            "--seeds",
            "0",
            "0",
            "--epochs",
            "1",
            "--trained-by",
            ENGINE,
            "--engine",
            ENGINE,
        ]
        words += ["--data-folder", str(arrays)]
    project = copy_project(tmp_path / "project")
    edited = project / "scripts" / f"{script}.py"
    expected = engine(edited)
    edited.write_text(f"{edited.read_text()}# edited\n")
    words = [expected if word == ENGINE else word for word in words]
    call = [sys.executable, str(edited), *words]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ERROR: expected to run {expected}. Received: {engine(edited)}.")
