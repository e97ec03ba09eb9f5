"""Evaluation without TensorFlow agrees with Keras' own, to float32 rounding."""

import csv

import keras
import numpy as np
import pytest

from evaluate import main
from files.code_digest import engine
from files.records import Record, write_record
from helpers.workflow import PROJECT
from training.block import train_block
from training.evaluation import cross_entropy, evaluate_run, scaled
from training.networks import build_network
from training.state import state_writer

POINT = {"units": 64, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop"}


EVALUATION = engine(PROJECT / "scripts" / "evaluate.py")


@pytest.fixture(scope="module")
def trained(subset):
    """The states of two seeds after three epochs."""
    states = {}
    train_block(POINT, [0, 1], (0, 3), None, subset["train"], subset["test"], states.__setitem__)
    return states


def weights_of(state, scale=1):
    names = ("hidden/kernel", "hidden/bias", "output/kernel", "output/bias")  # in the order of Keras
    return {f"weights/{name}": state[f"weights/{name}"] * scale for name in names}


@pytest.mark.parametrize("scale", [1, 8])  # weights times 8: an overconfident network, losses far above 16
def test_agrees_with_keras_evaluate(subset, trained, scale):
    images, labels = subset["test"]
    for state in trained.values():
        weights = weights_of(state, scale)
        losses, predicted = evaluate_run(weights, scaled(images), labels)
        model = build_network(64)
        model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
        model.set_weights(list(weights.values()))
        loss, accuracy = model.evaluate(images.astype("float32") / 255, keras.utils.to_categorical(labels), verbose=0)
        assert losses.mean() == pytest.approx(loss, rel=2e-6)
        assert np.mean(predicted == labels) == pytest.approx(accuracy, abs=1e-7)
        if scale > 1:
            assert losses.max() > 17  # beyond what Keras' clipping of probabilities would allow


def test_cross_entropy_by_hand():
    logits = np.array([[0, 0], [np.log(3), 0], [1000, 0]], np.float32)
    np.testing.assert_allclose(cross_entropy(logits, np.array([0, 1, 1])), [np.log(2), np.log(4), 1000], rtol=1e-6)


def test_diverged_weights_give_nan_losses(subset, trained):
    images, labels = subset["test"]
    losses, _ = evaluate_run(weights_of(trained[0], np.nan), scaled(images), labels)
    assert np.isnan(losses).all()


def write(arrays, folder, states, point="p"):
    """Write the states of two seeds, and their record."""
    label = {"point": point, "seeds": [0, 1], "epochs": 3, "engine": "a training"}
    with state_writer({"weights": folder / "state.npz"}) as add:
        for seed, state in states.items():
            add(seed, weights_of(state))
    data = Record(arrays / "preprocess.json").digest
    write_record(folder / "train.json", [folder / "state.npz"], **label, preprocess=data)


def command_line(arrays, folder, **changes):
    options = {
        "training": folder / "train.json",
        "point": "p",
        "epochs": 3,
        "trained-by": "a training",
        "data-folder": arrays,
        "engine": EVALUATION,
        "outcomes": folder / "test.npz",
        "metrics": folder / "metrics.csv",
        "record": folder / "evaluate.json",
    }
    words = [word for name, value in (options | changes).items() for word in (f"--{name}", str(value))]
    return [*words, "--seeds", "0", "1"]


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
    record = Record(tmp_path / "evaluate.json", point="p", seeds=[0, 1], epochs=3, engine=EVALUATION)
    assert [record.file(name).name for name in record.sha256] == ["test.npz", "metrics.csv"]


def test_command_line_refuses_another_points_state(arrays, trained, tmp_path):
    write(arrays, tmp_path, trained, "other")
    with pytest.raises(SystemExit, match=r"ERROR: .*expected point=p\. Received: point=other"):
        main(command_line(arrays, tmp_path))
    assert not (tmp_path / "metrics.csv").exists()
