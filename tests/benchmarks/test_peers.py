"""The peers of the benchmark: their command lines, and the training they all share."""

import csv
import importlib
import importlib.util
import json
import sys

import dvc_study
import dvc_summary
import dvc_train
import keras_run
import numpy as np
import pytest

from helpers.workflow import PROJECT

PACKAGES = {
    "plain_loop": "keras",
    "joblib_workers": "joblib",
    "optuna_grid": "optuna",
    "ray_tune": "ray",
    "keras_tuner_grid": "keras_tuner",
}
RUN = {
    "network": str(PROJECT / "config" / "networks" / "dense.py"),
    "units": 8,
    "learning_rate": 0.01,
    "momentum": 0,
    "batch_size": 64,
    "optimizer": "rmsprop",
    "epochs": 1,
    "seed": 3,
}


@pytest.fixture
def runs_file(tmp_path):
    """A file of one run."""
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([RUN]))
    return path


@pytest.fixture
def tiny_data():
    """200 images to train with, 100 to test: noise whose mean tells the class."""
    generator = np.random.default_rng(0)

    def part(images):
        labels = generator.integers(0, 10, images, dtype=np.uint8)
        means = (labels[:, None, None, None] + 1) / 10
        return (generator.random((images, 28, 28, 1)) * means).astype(np.float32), labels

    return part(200), part(100)


def main_of(monkeypatch, program, *arguments):
    monkeypatch.setattr(sys, "argv", [f"{program}.py", *map(str, arguments)])
    importlib.import_module(program).main()


@pytest.mark.parametrize("program", PACKAGES)
def test_a_program_says_how_it_is_called(program, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        main_of(monkeypatch, program, "--help")
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert f"{program}.py RUNS DATA OUTPUT [--tuned] [--jit]" in told
    assert "As documented" in told
    assert "Tuned:" in told


@pytest.mark.parametrize("program", PACKAGES)
def test_a_program_refuses_data_that_are_not_there(program, monkeypatch, capsys, runs_file, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main_of(monkeypatch, program, runs_file, tmp_path / "none", tmp_path / "out.csv")
    assert stop.value.code == 2
    assert "expected a folder. Received: " in capsys.readouterr().err


@pytest.mark.parametrize("program", PACKAGES)
def test_a_program_imports_its_tool_only_when_it_runs(program):
    """All programs can be looked at, and these tests run, without the environment of the peers."""
    assert importlib.util.find_spec(program).origin == str(PROJECT / "benchmarks" / "peers" / f"{program}.py")
    assert not {"joblib", "optuna", "ray", "keras_tuner"} & set(vars(importlib.import_module(program)))


@pytest.mark.parametrize(("options", "tuned", "jit"), [([], False, False), (["--tuned", "--jit"], True, True)])
def test_the_command_line(options, tuned, jit, runs_file, tmp_path):
    arguments = keras_run.parse("", [str(runs_file), str(tmp_path), str(tmp_path / "out.csv"), *options])
    assert arguments.runs == [RUN]
    assert (arguments.data, arguments.output) == (tmp_path, tmp_path / "out.csv")
    assert (arguments.tuned, arguments.jit) == (tuned, jit)


@pytest.mark.parametrize("content", ["", "{}", "[]", "[1]", '[{"units": 8}]', json.dumps([RUN, RUN | {"more": 1}])])
def test_a_file_that_holds_no_runs_is_refused(content, tmp_path, capsys):
    path = tmp_path / "runs.json"
    path.write_text(content)
    with pytest.raises(SystemExit):
        keras_run.parse("", [str(path), str(tmp_path), str(tmp_path / "out.csv")])
    assert "error: argument runs: expected a" in capsys.readouterr().err


@pytest.mark.parametrize("tuned", [False, True])
def test_a_training_is_keras_own_fit(tuned, tiny_data):
    import keras

    found = keras_run.train_run(RUN, tiny_data, tuned, jit=False)

    keras.utils.set_random_seed(3)
    hidden, last = keras.layers.Dense(8, activation="relu"), keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), hidden, last])
    model.compile(keras.optimizers.RMSprop(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    (images, labels), test = tiny_data
    model.fit(images, labels, batch_size=64, epochs=1, verbose=0)
    loss, accuracy = model.evaluate(*test, verbose=0)

    assert found["test_accuracy"] == pytest.approx(accuracy)
    assert found["test_loss"] == pytest.approx(loss, rel=1e-5)


def test_untuned_means_keras_defaults():
    assert keras_run.compile_options(tuned=False, jit=False) == {}
    model = keras_run.build_model(RUN, (28, 28, 1), tuned=False, jit=False)
    assert (model.jit_compile, model.steps_per_execution) == (False, 1)


@pytest.mark.parametrize("tuned", [False, True])
def test_jit_compiles_many_steps(tuned):
    model = keras_run.build_model(RUN, (28, 28, 1), tuned, jit=True)
    assert (model.jit_compile, model.steps_per_execution) == (True, 50)


@pytest.mark.parametrize(
    ("name", "momentum", "expected"),
    [("rmsprop", 0.5, "RMSprop"), ("sgd", 0, "SGD"), ("adam", 0, "Adam")],
)
def test_optimizers(name, momentum, expected):
    optimizer = keras_run.build_optimizer(name, 0.25, momentum)
    assert type(optimizer).__name__ == expected
    assert float(optimizer.learning_rate) == 0.25
    assert getattr(optimizer, "momentum", 0) == momentum


@pytest.mark.parametrize(("name", "momentum"), [("adam", 0.9), ("rmsprop_keras2", 0)])
def test_an_optimizer_keras_does_not_have_is_refused(name, momentum):
    with pytest.raises(ValueError, match=f"Received: '{name}', {momentum}"):
        keras_run.build_optimizer(name, 0.1, momentum)


def test_data_are_scaled(arrays):
    (images, labels), (test_images, _) = keras_run.load_data(arrays)
    assert (images.dtype, labels.dtype) == (np.float32, np.uint8)
    assert (images.min(), images.max()) == (0, 1)
    assert (images.shape, test_images.shape) == ((1000, 28, 28, 1), (500, 28, 28, 1))


def test_the_table_has_hyperparameters_and_metrics(tmp_path):
    path = tmp_path / "out.csv"
    keras_run.write_results(path, [RUN], [{"test_loss": 0.5, "test_accuracy": 0.75}])
    (row,) = csv.DictReader(path.open())
    assert row == {name: str(value) for name, value in (RUN | {"test_loss": 0.5, "test_accuracy": 0.75}).items()}


def test_the_plain_loop_trains_its_runs(monkeypatch, runs_file, arrays, tmp_path):
    main_of(monkeypatch, "plain_loop", runs_file, arrays, tmp_path / "out.csv", "--tuned")
    (row,) = csv.DictReader((tmp_path / "out.csv").open())
    expected = keras_run.train_run(RUN, keras_run.load_data(arrays), tuned=True, jit=False)
    assert {name: float(row[name]) for name in expected} == pytest.approx(expected)


def test_points_of_a_dvc_study_hold_their_seeds():
    runs = [RUN, RUN | {"units": 16}, RUN | {"seed": 4}]
    points = dvc_study.points_of(runs)
    assert [point["seeds"] for point in points.values()] == [[3, 4], [3]]
    assert [run for point in points.values() for run in dvc_train.runs_of(point)] == [runs[0], runs[2], runs[1]]
    more = dvc_study.with_new_learning_rate(points)
    (name,) = more.keys() - points.keys()
    assert more[name] == points["point000"] | {"learning_rate": dvc_study.NEW_LEARNING_RATE}
    with pytest.raises(ValueError, match="no run may have the learning rate"):
        dvc_study.with_new_learning_rate(more)


def test_the_summary_of_a_dvc_study_has_means():
    rows = [RUN | {"test_loss": "0.5", "test_accuracy": "0.5"}, RUN | {"test_loss": "1", "test_accuracy": "0.75"}]
    row = dvc_summary.summary_row(rows)
    assert (row["n"], row["test_loss"], row["test_accuracy"], row["units"]) == (2, 0.75, 0.625, 8)
    assert "seed" not in row
