"""Costs: operations counted product by product, and memory that grows with the parameters."""

import csv
import math
import subprocess
import sys

import numpy as np
import pytest

from helpers.workflow import PROJECT
from training import cost, evaluation


def test_size_of_a_chunk_is_that_of_the_evaluation():
    assert cost.EVALUATION_CHUNK == evaluation.CHUNK


@pytest.mark.parametrize("units", [1, 32, 512])
def test_operations_are_those_of_the_products(units):
    """Counted from the shapes of numpy's products: two a multiply-add."""

    def operations(left, right):
        return 2 * (left @ right).size * left.shape[1]

    images = 7
    pixels, errors = np.zeros((images, 784)), np.zeros((images, 10))
    kernel, output = np.zeros((784, units)), np.zeros((units, 10))
    hidden = pixels @ kernel
    forward = operations(pixels, kernel) + operations(hidden, output)
    backward = operations(hidden.T, errors) + operations(errors, output.T) + operations(pixels.T, hidden)
    assert cost.forward_operations(units, images) == forward
    assert cost.epoch_operations(units, images) == forward + backward


@pytest.mark.parametrize(
    ("units", "batch_size", "megabytes"),
    [
        (32, 128, 558),
        (512, 128, 558),
        (1024, 128, 570),
        (2048, 128, 593),
        (4096, 128, 667),
        (8, 60_000, 713),
        (512, 16_384, 669),
        (512, 60_000, 1100),
        (1024, 60_000, 1474),
    ],
)
def test_memory_covers_what_was_measured(units, batch_size, megabytes):
    """The figures of the docstring."""
    assert megabytes < cost.training_memory_mb(units, batch_size, 60_000) < megabytes * 1.25


def test_no_step_has_more_images_than_there_are():
    assert cost.training_memory_mb(8, 60_000, 1_000) == cost.training_memory_mb(8, 1_000, 1_000)


@pytest.mark.parametrize(
    ("units", "batch_size", "seconds"),
    [(512, 128, 1.1), (512, 8, 2.83), (512, 1, 14.24), (8, 128, 0.1), (8, 8, 0.19), (8, 1, 0.58)],
)
def test_work_of_an_epoch_follows_the_steps_as_measured(units, batch_size, seconds):
    """CPU seconds of an epoch of MNIST, against those at the baseline; within a third."""
    share = cost.epoch_work(units, 60_000, batch_size) / cost.epoch_work(512, 60_000, 128)
    assert share == pytest.approx(seconds / 1.1, rel=1 / 3)


@pytest.mark.parametrize(("units", "images"), [(16, 2_000), (2_048, 2_000), (16, 60_000)])
def test_memory_covers_an_evaluation(units, images):
    """In a process of its own; with a third to spare, and at most four times as much."""
    code = f"""
import numpy as np
from training.evaluation import evaluate_run, numpy_logits
shapes = (784, {units}), {units}, ({units}, 10), 10
weights = {{f"weights/{{position}}": np.zeros(shape, np.float32) for position, shape in enumerate(shapes)}}
stack = [{{"layer": "flatten"}}]
stack += [{{"layer": "dense", "activation": "relu", "weights": [0, 1]}}]
stack += [{{"layer": "dense", "activation": "softmax", "weights": [2, 3]}}]
images = np.ones(({images}, 28, 28, 1), np.uint8)
evaluate_run(numpy_logits(stack, weights), images, np.zeros({images}, np.uint8))
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=PROJECT / "scripts", capture_output=True, text=True, check=True, timeout=60)
    megabytes = int(done.stdout.split()[1]) * 1024 / 1e6
    assert 1.3 * megabytes < cost.evaluation_memory_mb(units, images) < 4 * megabytes


def test_jobs_stay_within_what_the_rules_ask_for(finished):
    """Snakemake's own records of a real study against memory and time the rules declare."""
    study = finished[1]
    with (study / "results" / "plan.csv").open() as file:
        sizes = {row["point"]: (int(row["units"]), int(row["batch_size"])) for row in csv.DictReader(file)}
    records = list(study.glob("results/benchmarks/train/*/*/*.tsv"))
    assert len(records) == 4
    for path in records:
        with path.open() as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        size = sizes[path.parts[-3]]
        assert 100 < float(row["max_rss"]) < cost.training_memory_mb(*size, 1_000)
        assert float(row["s"]) < 60 * cost.training_runtime_minutes(*size, 2, 2, 1_000, 500)


def test_time_limit_by_hand():
    """512 units, 5 epochs of 60,000 images and a test on 10,000 after each, 10 seeds, at 15 GFLOP/s."""
    products = 2 * (2 * 784 * 512 + 3 * 512 * 10) * 60_000 + 2 * (784 * 512 + 512 * 10) * 10_000
    steps = 469 * (50 * (785 * 512 + 513 * 10) + 500_000)
    minutes = 5 + math.ceil(50 * (products + 60_000 * 125_000 + steps) / 15e9 / 60)
    assert cost.training_runtime_minutes(512, 128, 5, 10, 60_000, 10_000) == minutes
