"""Evaluation with NumPy agrees with Keras' own, to float32 rounding."""

import csv
import hashlib
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from design.point_names import canonical_name
from evaluate import main
from files.code_digest import engine
from files.records import Record, write_record
from helpers.networks import DENSE, KINDS, arguments_of, build_of, sha256
from helpers.workflow import PROJECT
from training.block import train_block
from training.evaluation import CHUNK, cross_entropy, evaluate_run, metrics, numpy_logits
from training.layers import numpy_stack
from training.state import state_writer

POINT = {"units": 64, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop"}
STACK = numpy_stack(build_of(DENSE)(0))

EVALUATION = engine(PROJECT / "scripts" / "evaluate.py")


@pytest.fixture(scope="module")
def trained(subset):
    """The states of two seeds after three epochs."""
    states = {}
    build = build_of(DENSE, units=64)
    train_block(build, POINT, [0, 1], (0, 3), None, subset["train"], subset["test"], states.__setitem__)
    return states


def weights_of(state, scale=1):
    return {name: array * scale for name, array in state.items() if name.startswith("weights/")}


def evaluated(weights, images, labels, stack=STACK):
    return evaluate_run(numpy_logits(stack, weights), images, labels)


@pytest.mark.parametrize("scale", [1, 8])  # weights times 8: an overconfident network, losses far above 16
def test_agrees_with_keras_evaluate(subset, trained, scale):
    images, labels = subset["test"]
    for state in trained.values():
        weights = weights_of(state, scale)
        losses, predicted = evaluated(weights, images, labels)
        model = build_of(DENSE, units=64)(0)
        model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
        model.set_weights(list(weights.values()))
        loss, accuracy = model.evaluate(images.astype("float32") / 255, keras.utils.to_categorical(labels), verbose=0)
        assert losses.mean() == pytest.approx(loss, rel=2e-6)
        assert np.mean(predicted == labels) == pytest.approx(accuracy, abs=1e-7)
        if scale > 1:
            assert losses.max() > 17  # beyond what Keras' clipping of probabilities would allow


@pytest.mark.parametrize("kind", ["tanh", "two_dropouts"])
@pytest.mark.parametrize("scale", [1, 8])
def test_every_layer_that_numpy_knows_agrees_with_keras(subset, kind, scale):
    """Tanh, sigmoid, linear, no bias; dropout does nothing, and its seed states are no weights."""
    model = build_of(KINDS, kind=kind)(0)
    model.set_weights([array * scale for array in model.get_weights()])
    weights = {f"weights/{position}": variable.numpy() for position, variable in enumerate(model.variables)}
    for images in (subset["test"][0], subset["test"][0].astype(np.float32) / 100 - 1):  # pixels; numbers of any size
        losses, predicted = evaluated(weights, images, subset["test"][1], numpy_stack(model))
        as_keras_wants = images.astype(np.float32) / 255 if images.dtype == np.uint8 else images
        probabilities = model.predict(as_keras_wants, verbose=0)
        of_label = probabilities[np.arange(500), subset["test"][1]]
        np.testing.assert_allclose(np.exp(-losses), of_label, rtol=1e-4, atol=1e-6)
        assert np.mean(predicted == probabilities.argmax(axis=1)) > 0.99


def test_softmax_within_a_stack(subset):
    stack = [layer | {"activation": "softmax"} if layer["layer"] == "dense" else layer for layer in STACK]
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten()]
        + [keras.layers.Dense(units, activation="softmax") for units in (64, 10)]
    )
    weights = {f"weights/{position}": array for position, array in enumerate(model.get_weights())}
    losses, _ = evaluated(weights, *subset["test"], stack)
    probabilities = model.predict(subset["test"][0].astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose(np.exp(-losses), probabilities[np.arange(500), subset["test"][1]], rtol=1e-5)


def test_cross_entropy_by_hand():
    logits = np.array([[0, 0], [np.log(3), 0], [1000, 0]], np.float32)
    np.testing.assert_allclose(cross_entropy(logits, np.array([0, 1, 1])), [np.log(2), np.log(4), 1000], rtol=1e-6)


def test_diverged_weights_give_nan_losses(subset, trained):
    images, labels = subset["test"]
    losses, _ = evaluated(weights_of(trained[0], np.nan), images, labels)
    assert np.isnan(losses).all()


def test_what_overflows_in_training_is_no_number_here(subset, trained):
    """Weights of 1e25 give logits of 1e50: far within float64, and infinite in the float32 of training."""
    images, labels = subset["test"]
    losses, predicted = evaluated(weights_of(trained[0], np.float32(1e25)), images, labels)
    assert metrics(losses, predicted, labels)["test_loss"] == "nan"


@pytest.mark.parametrize("rest", [0, 1, 300])
def test_chunks_change_no_outcome(subset, trained, rest):
    """The same 500 images over and over: copies in every chunk come out alike, the smaller last one included."""
    copies = np.resize(np.arange(500), 2 * CHUNK + rest)
    images, labels = subset["test"]
    losses, predicted = evaluated(weights_of(trained[0]), images, labels)
    found = evaluated(weights_of(trained[0]), images[copies], labels[copies])
    np.testing.assert_allclose(found[0], losses[copies], rtol=1e-12)
    np.testing.assert_array_equal(found[1], predicted[copies])


def write(arrays, folder, states, stack=STACK, network=DENSE, **point):
    """Write the states of two seeds, and their record."""
    label = {"point": canonical_name(POINT | point), "seeds": [0, 1], "epochs": 3, "engine": "a training"}
    label |= {"network": sha256(network), "stack": stack}
    with state_writer({"weights": folder / "state.npz"}) as add:
        for seed, state in states.items():
            add(seed, weights_of(state))
    data = Record(arrays / "preprocess.json").digest
    write_record(folder / "train.json", [folder / "state.npz"], **label, preprocess=data)


def command_line(arrays, folder, network=DENSE, point=POINT):
    options = {
        "training": folder / "train.json",
        "epochs": 3,
        "trained-by": "a training",
        "data-folder": arrays,
        "engine": EVALUATION,
        "outcomes": folder / "test.npz",
        "metrics": folder / "metrics.csv",
        "record": folder / "evaluate.json",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [*words, *arguments_of(network, point), "--seeds", "0", "1"]


def test_command_line_writes_outcomes_and_metrics(arrays, subset, trained, tmp_path):
    write(arrays, tmp_path, trained)
    main(command_line(arrays, tmp_path))
    with np.load(tmp_path / "test.npz") as outcomes:
        assert outcomes["loss"].shape == outcomes["predicted"].shape == (2, 500)
        hits = (outcomes["predicted"] == subset["test"][1]).mean(axis=1)
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["0", "1"]
    assert [float(row["test_accuracy"]) for row in rows] == pytest.approx(hits)
    record = Record(tmp_path / "evaluate.json", point=canonical_name(POINT), seeds=[0, 1], epochs=3, engine=EVALUATION)
    assert [record.file(name).name for name in record.sha256] == ["test.npz", "metrics.csv"]


def test_command_line_refuses_another_points_state(arrays, trained, tmp_path):
    write(arrays, tmp_path, trained, units=65)
    with pytest.raises(SystemExit, match=r"ERROR: .*expected point=units=64,.*\. Received: point=units=65,"):
        main(command_line(arrays, tmp_path))
    assert not (tmp_path / "metrics.csv").exists()


def test_command_line_refuses_another_networks_state(arrays, trained, tmp_path):
    write(arrays, tmp_path, trained, network=KINDS)
    with pytest.raises(SystemExit, match=rf"expected network={sha256(DENSE)}\. Received: network={sha256(KINDS)}"):
        main(command_line(arrays, tmp_path))


MACHINES = [("Nehalem", False), ("Haswell", True), ("Haswell", False), ("SkylakeX", True)]  # OpenBLAS, NumPy's SIMD
SIMD = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
EVALUATE = """
import hashlib, sys
import numpy as np
from design.point_names import canonical_name
from evaluate import main
main(sys.argv[1:])
numbers = np.random.default_rng(0).random((300, 300), np.float32)
print(hashlib.sha256(numbers @ numbers).hexdigest())
"""


def test_metrics_and_predictions_are_the_same_on_every_machine(arrays, trained, tmp_path):
    """Kernels of OpenBLAS for processors of three generations, and NumPy with and without SIMD."""
    machines = [machine for machine in MACHINES if machine[0] != "SkylakeX" or "X86_V4" in SIMD]
    outcomes, products = set(), set()
    for core, simd in machines:
        folder = tmp_path / f"{core}-{simd}"
        folder.mkdir()
        write(arrays, folder, trained)
        environment = os.environ | {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": "1"}
        environment["NPY_DISABLE_CPU_FEATURES"] = "" if simd else " ".join(SIMD)
        call = [sys.executable, "-c", EVALUATE, *command_line(arrays, folder)]
        done = subprocess.run(
            call, cwd=PROJECT / "scripts", env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        products.add(done.stdout)
        with np.load(folder / "test.npz") as found:
            predicted = found["predicted"].tobytes()
        outcomes.add((hashlib.sha256(predicted).hexdigest(), (folder / "metrics.csv").read_text()))
    assert len(products) == len({core for core, _ in machines})  # float32 shows that the kernels differ
    assert len(outcomes) == 1
