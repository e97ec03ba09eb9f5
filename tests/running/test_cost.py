"""What trainings ask for follows the description of their network: by hand, and against what jobs took."""

import csv
import json
import math
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from helpers.workflow import PROJECT
from running import cost
from running.cost import TYPICAL, described, described_by, networks_folder, runtime_minutes, training_seconds
from training import evaluation

POINT = {"units": 512, "learning_rate": 0.001, "momentum": 0.0, "batch_size": 128, "optimizer": "rmsprop"}


def test_the_chunk_is_that_of_the_evaluation():
    assert cost.EVALUATION_CHUNK == evaluation.CHUNK


def test_a_description_is_of_the_network_and_the_batch_size(tmp_path):
    assert described_by({"skip": True} | POINT) == {"skip": True, "units": 512, "batch_size": 128}
    folder = networks_folder("0" * 64, (28, 28, 1), tmp_path)
    assert folder.parent == tmp_path / "networks"
    assert folder == networks_folder("0" * 64, [28, 28, 1], tmp_path)
    assert (
        len({folder, networks_folder("1" * 64, (28, 28, 1), tmp_path), networks_folder("0" * 64, (784,), tmp_path)})
        == 3
    )


def test_a_network_that_is_not_described_yet_is_taken_as_typical(tmp_path):
    assert described(POINT, tmp_path) == TYPICAL
    (tmp_path / "units=512,batch_size=128.json").write_text("{")
    assert described(POINT, tmp_path) == TYPICAL


def test_seconds_and_limits_by_hand(tmp_path):
    """An epoch of 300 images is three steps of 128, the last not full, and a test of 100 images."""
    network = replace(TYPICAL, step_seconds=0.5, image_seconds=0.01, memory_mb=600)
    (tmp_path / "units=512,batch_size=128.json").write_text(json.dumps({"cost": asdict(network)}))
    assert described(POINT, tmp_path) == network
    texts = {name: str(value) for name, value in POINT.items()}
    for point in (POINT, texts):
        assert training_seconds(point, 4, 300, 100, tmp_path) == pytest.approx(4 * (3 * 0.5 + 1.0))
    assert network.training_memory_mb == 690
    assert runtime_minutes(60) == 5 + 10
    assert runtime_minutes(61) == 5 + 11


@pytest.mark.parametrize(("units", "images"), [(16, 2_000), (2_048, 2_000), (16, 60_000)])
def test_memory_covers_an_evaluation(units, images):
    """In a process of its own; with a third to spare, and at most four times as much."""
    code = f"""
import numpy as np
from training.evaluation import evaluate_run, numpy_logits
stack = [{{"layer": "flatten"}}, {{"layer": "dense", "activation": "relu", "weights": [0, 1]}},
         {{"layer": "dense", "activation": "softmax", "weights": [2, 3]}}]
shapes = [(784, {units}), {units}, ({units}, 10), 10]
weights = {{f"weights/{{place}}": np.zeros(shape, np.float32) for place, shape in enumerate(shapes)}}
images = np.ones(({images}, 28, 28, 1), np.uint8)
evaluate_run(numpy_logits(stack, weights), images, np.zeros({images}, np.uint8))
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=PROJECT / "scripts", capture_output=True, text=True, check=True, timeout=60)
    megabytes = int(done.stdout.split()[1]) * 1024 / 1e6
    network = replace(TYPICAL, widest=max(units, 784), parameters=785 * units + 10 * (units + 1))
    assert 1.3 * megabytes < network.evaluation_memory_mb(images) < 4 * megabytes


def test_jobs_stay_within_what_the_rules_ask_for(finished):
    """Snakemake's own records of a real study against memory and time the rules declare."""
    study = finished[1]
    with (study / "results" / "plan.csv").open() as file:
        points = {row["point"]: row for row in csv.DictReader(file)}
    records = list(study.glob("results/benchmarks/train/*/*/*.tsv"))
    assert len(records) == 4
    [folder] = (study / "results" / "networks").iterdir()
    for path in records:
        with path.open() as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        point = {name: points[path.parts[-3]][name] for name in POINT}
        network = described(point, folder)
        assert network != TYPICAL
        assert 100 < float(row["max_rss"]) < network.training_memory_mb
        seconds = 2 * training_seconds(point, 2, 1_000, 500, folder)
        assert math.isfinite(seconds)
        assert float(row["s"]) < 60 * runtime_minutes(seconds)
