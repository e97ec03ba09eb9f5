"""Evaluation with Keras of networks that NumPy does not know."""

import csv
import json
import subprocess
import sys

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import numpy as np
import pytest

from design.point_names import canonical_name
from files.code_digest import engine
from files.records import Record, write_record
from helpers.networks import DENSE, KINDS, arguments_of, build_of, sha256
from helpers.workflow import PROJECT, run_script
from training.evaluation import evaluate_run, numpy_logits
from training.keras_evaluation import CHUNK, keras_logits
from training.layers import numpy_stack
from training.state import state_writer


def weights_of(model, scale=1):
    return {f"weights/{place}": (variable.numpy() * scale) for place, variable in enumerate(model.variables)}


@pytest.mark.parametrize("kind", ["convolution", "batch_norm", "subclassed", "shared", "gru", "not_softmax", "custom"])
def test_agrees_with_keras_own_evaluate(subset, kind):
    images, labels = subset["test"]
    build = build_of(KINDS, kind=kind)
    other = build(1)  # its weights must be replaced by those given
    model = build(0)
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    pixels = images.astype(np.float32) * (np.float32(1) / np.float32(255))
    loss, accuracy = model.evaluate(pixels, labels, verbose=0)
    losses, predicted = evaluate_run(keras_logits(other)(weights_of(model)), images, labels)
    assert losses.mean() == pytest.approx(loss, rel=1e-6)
    assert np.mean(predicted == labels) == pytest.approx(accuracy, abs=1e-7)


@pytest.mark.parametrize("images", [1, CHUNK, 2 * CHUNK + 1])
def test_agrees_with_numpy_where_both_can(subset, images):
    model = build_of(DENSE, units=16)(0)
    data = tuple(array[:images] for array in subset["test"])
    by_keras, _ = evaluate_run(keras_logits(model)(weights_of(model)), *data)
    by_numpy, _ = evaluate_run(numpy_logits(numpy_stack(model), weights_of(model)), *data)
    np.testing.assert_allclose(by_keras, by_numpy, rtol=1e-5)


def test_a_loss_is_clipped_only_where_the_last_layer_hides_its_logits(subset):
    """As in Keras: -log(1e-7) = 16.1."""
    worst = {}
    for kind in ("convolution", "not_softmax"):
        model = build_of(KINDS, kind=kind)(0)
        losses, _ = evaluate_run(keras_logits(model)(weights_of(model, 60)), *subset["test"])
        worst[kind] = losses.max()
    assert worst["convolution"] > 17
    assert 15 < worst["not_softmax"] < 16.2


@pytest.mark.slow
def test_command_line_evaluates_what_it_cannot_do_with_numpy_with_keras(arrays, subset, tmp_path):
    point = {"kind": "convolution", "learning_rate": 0.001, "momentum": 0, "batch_size": 8, "optimizer": "sgd"}
    label = {"point": canonical_name(point), "seeds": [0, 0], "epochs": 1, "engine": "a training"}
    model = build_of(KINDS, kind="convolution")(5)
    with state_writer({"weights": tmp_path / "state.npz"}) as add:
        add(0, weights_of(model))
    label |= {"network": sha256(KINDS), "stack": None, "preprocess": Record(arrays / "preprocess.json").digest}
    write_record(tmp_path / "train.json", [tmp_path / "state.npz"], **label)
    options = {"training": tmp_path / "train.json", "epochs": 1, "trained-by": "a training", "data-folder": arrays}
    options |= {"engine": engine(PROJECT / "scripts" / "evaluate.py"), "outcomes": tmp_path / "test.npz"}
    options |= {"metrics": tmp_path / "metrics.csv", "record": tmp_path / "evaluate.json"}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    run_script("evaluate", [*words, *arguments_of(KINDS, point), "--seeds", "0", "0"])
    losses, _ = evaluate_run(keras_logits(model)(weights_of(model)), *subset["test"])
    with (tmp_path / "metrics.csv").open() as file:
        assert [float(row["test_loss"]) for row in csv.DictReader(file)] == pytest.approx([losses.mean()], rel=1e-7)
    edited = tmp_path / "edited.py"
    edited.write_text(f"{KINDS.read_text()}# edited\n")
    words += ["--network", str(edited), "--network-sha256", sha256(KINDS), "--point", json.dumps(point)]
    refused = run_script("evaluate", [*words, "--seeds", "0", "0"], check=False)
    assert refused.stderr.splitlines()[-1].startswith(f"ERROR: {edited}: expected the network file of SHA-256")


def test_numpy_alone_serves_stacks_of_dense_layers():
    code = "import sys, evaluate; print(*{'keras', 'tensorflow'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT / "scripts", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
