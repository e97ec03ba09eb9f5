"""A network and data of one's own through the workflow: as the README says, edited, refused; images and vectors."""

import csv
import json
import re

import numpy as np
import pytest
import yaml

from helpers.workflow import PROJECT, jobs_to_run, run_snakemake, write_config

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("**Your own network in ten lines.**") : README.index("**Your own data**")]
TABLES = {"plan": 1, "resample": 1, "aggregate": 1, "check_published": 1, "plot": 1, "report": 1}
SMALL = {"baseline": {"epochs": 1, "batch_size": 8}, "replicates": 2, "published": None, "grids": None}


def block(language):
    """Return the README's lines in a language."""
    return re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[1]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The README's network and sweep on the small data; the file notes each time that it is run."""
    study = tmp_path_factory.mktemp("own") / "study"
    changes = yaml.safe_load(block("yaml")) | {"replicates": 2, "baseline.epochs": 1}
    write_config(study, changes)
    (study / "runs.txt").touch()
    note = "import sys\nwith open('runs.txt', 'a') as file:\n    print(sys.argv[0].split('/')[-1], file=file)\n"
    (study / "mine.py").write_text(block("python") + note)
    run_snakemake(PROJECT, study)
    return study


def test_the_network_of_the_readme_becomes_a_report(study):
    results = study / "results"
    with (results / "tables" / "dropout.csv").open() as file:
        assert [row["level"] for row in csv.DictReader(file)] == ["0", "0.2", "0.5"]
    report = (results / "report.md").read_text()
    assert report.startswith("# mnist-subset: mine\n")
    assert "(hidden units 128, dropout 0)" in report
    assert "| Dropout | 128      | 0            |" in report
    assert "starts from the same weights" not in report  # a dropout above 0 draws a seed, so later layers differ
    assert jobs_to_run(PROJECT, study) == {}


def test_only_three_rules_run_the_file(study):
    noted = (study / "runs.txt").read_text().split()
    assert set(noted) == {"describe.py", "train.py", "evaluate.py"} - {"evaluate.py"}  # NumPy evaluates dense stacks
    assert len(noted) == 6
    run_snakemake(PROJECT, study, "--dry-run")
    assert (study / "runs.txt").read_text().split() == noted


@pytest.mark.parametrize("edit", ["# a comment\n", "x = 1\n"])
def test_an_edit_of_the_file_trains_its_study_again(study, edit):
    path = study / "mine.py"
    before = path.read_text()
    path.write_text(before + edit)
    assert jobs_to_run(PROJECT, study) == {"describe": 3, "train": 3, "evaluate": 3, **TABLES}
    path.write_text(before)
    assert jobs_to_run(PROJECT, study) == {}


def test_a_value_added_describes_and_trains_itself_alone(study):
    config = yaml.safe_load((study / "config.yaml").read_text())
    more = study.parent / "more.yaml"
    more.write_text(yaml.safe_dump({"sweeps": {"dropout": [0, 0.2, 0.5, 0.7]}}))
    config["sweeps"]["dropout"] = [0, 0.2, 0.5, 0.7]
    before = (study / "config.yaml").read_text()
    (study / "config.yaml").write_text(yaml.safe_dump(config))
    assert jobs_to_run(PROJECT, study) == {"describe": 1, "train": 1, "evaluate": 1, **TABLES}
    (study / "config.yaml").write_text(before)


CONVOLUTIONAL = """
from keras import Input, Sequential, layers

def build(input_shape, classes, *, filters=2, dropout=0.1):
    return Sequential([Input(input_shape), layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.Flatten(),
                       layers.Dropout(dropout), layers.Dense(classes, activation="softmax")])
"""
WITHOUT_KEYWORDS = """
from tensorflow.keras import Input, Model, layers

def build(input_shape, classes):
    first = Input(input_shape)
    x = layers.Dense(4, activation="tanh")(first)
    return Model(first, layers.Dense(classes, activation="softmax")(layers.Concatenate()([x, first])))
"""


@pytest.mark.parametrize(
    ("shape", "classes", "dtype", "network", "sweeps"),
    [
        ((9, 7, 3), 47, np.uint8, CONVOLUTIONAL, {"filters": [2, 3]}),
        ((6,), 2, np.float64, WITHOUT_KEYWORDS, {"optimizer": ["rmsprop", "sgd"]}),
    ],
    ids=["colour images, 47 classes, evaluated by Keras", "vectors, two classes, no keywords"],
)
def test_data_and_network_of_any_kind(tmp_path, shape, classes, dtype, network, sweeps):
    generator = np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 2 * classes + 9), ("test", classes + 1)):
        arrays[f"x_{split}"] = generator.integers(0, 256, (n, *shape)).astype(dtype)
        arrays[f"y_{split}"] = np.arange(n) % classes
    (tmp_path / "mine").mkdir()
    np.savez(tmp_path / "mine" / "data.npz", **arrays)
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "net.py").write_text(network)
    changes = SMALL | {"dataset": "leaves", "data_folder": str(tmp_path / "mine"), "network": "net.py"}
    write_config(tmp_path / "study", changes | {"sweeps": sweeps})
    run_snakemake(PROJECT, tmp_path / "study")
    results = tmp_path / "study" / "results"
    report = (results / "report.md").read_text()
    assert report.startswith("# leaves: net\n")
    assert not re.search("mnist|digit|handwrit|pixels feed", report, re.IGNORECASE)
    assert ("most_missed" in report) == (len(shape) == 3)
    for record in results.glob("runs/*/*/*/train.json"):
        label = json.loads(record.read_text())
        assert label["stack"] is None
    with (results / "tables" / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    histories = [csv.DictReader(path.open()) for path in sorted(results.glob("runs/*/*/*/history.csv"))]
    tested = {(row["test_loss"], row["test_accuracy"]) for history in histories for row in history}
    assert len(rows) == 4
    for row in rows:
        closest = min(abs(float(row["test_loss"]) - float(loss)) for loss, _ in tested)
        assert closest < 1e-5 * max(1, float(row["test_loss"]))


def test_a_network_that_would_spoil_the_study_ends_it_before_any_training(tmp_path):
    (tmp_path / "net.py").write_text(WITHOUT_KEYWORDS.replace('activation="softmax"', "").replace("Input(", "Input("))
    write_config(tmp_path, SMALL | {"network": "net.py", "sweeps": {}})
    done = run_snakemake(PROJECT, tmp_path, check=False)
    assert done.returncode != 0
    [line] = re.findall(r"^ERROR: the network at .*$", done.stdout + done.stderr, re.MULTILINE)
    assert "expected an output of shape (n, 10)" in line
    assert not list(tmp_path.glob("results/runs/*"))
