"""A study in which trainings go wrong: they are recorded and shown, and the rest of the study goes on."""

import csv
import math
import re

import numpy as np
import pytest
from scipy.special import logsumexp

from data.idx import read_idx
from helpers.workflow import SUBSET, run_snakemake, write_config

SOUND, DEAD, HUGE, DIVERGED = "0.01", "1000", "1000000", "1000000000000"
CHANGES = {
    "baseline": {"units": 8, "epochs": 2, "optimizer": "sgd", "learning_rate": 0.01},
    "sweeps": {"learning_rate": [0.01, 1000, 1e6, 1e12]},
}


@pytest.fixture(scope="module")
def results(finished, tmp_path_factory):
    """A study of four learning rates: one that learns, two that kill all hidden units, one that ends in NaN."""
    study = tmp_path_factory.mktemp("wild")
    write_config(study, CHANGES)
    run_snakemake(finished[0], study)
    return study / "results"


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_run_is_recorded_as_it_ended(results):
    runs = rows(results / "tables" / "runs.csv")
    losses = {(run["learning_rate"], run["seed"]): float(run["test_loss"]) for run in runs}
    assert len(runs) == len(losses) == 4 * 2
    assert all(math.isfinite(loss) == (rate != DIVERGED) for (rate, _), loss in losses.items())
    assert all(losses[DEAD, seed] > 100 > 3 > losses[SOUND, seed] for seed in "01")


@pytest.mark.parametrize("rate", [DEAD, HUGE])
def test_a_network_whose_hidden_units_are_all_dead_keeps_its_finite_loss(results, rate):
    """It answers the same to every image; it is no diverged one, and shown with what it reached."""
    point = f"units=8,learning_rate={rate},momentum=0,batch_size=128,optimizer=sgd"
    images = read_idx(SUBSET / "t10k-images-idx3-ubyte").reshape(500, -1) / 255
    labels = read_idx(SUBSET / "t10k-labels-idx1-ubyte")
    losses = []
    with np.load(results / "runs" / point / "seeds=0-1" / "epochs=2" / "state.npz") as state:
        for seed in (0, 1):
            kernel, bias = (state[f"{seed}/weights/{position}"] for position in (0, 1))
            assert np.maximum(images @ kernel + bias, 0).max() == 0
            answer = state[f"{seed}/weights/3"].astype(float)
            losses.append(np.mean(logsumexp(answer) - answer[labels]))
    (row,) = [row for row in rows(results / "tables" / "learning_rate.csv") if row["level"] == rate]
    assert (row["n"], row["diverged"]) == ("2", "0")
    assert float(row["loss_mean"]) == pytest.approx(np.mean(losses), rel=1e-3)
    assert min(losses) > 100
    text = (results / "report.md").read_text(encoding="utf-8")
    assert len(re.findall(rf"^\| {rate} +\| 2 +\|", text, re.MULTILINE)) == 2  # accuracy and loss
    assert f">{rate}</text>" in (results / "figures" / "learning_rate.svg").read_text(encoding="utf-8")


def test_diverged_runs_are_counted_and_scored_as_guessing(results):
    (row,) = [row for row in rows(results / "tables" / "learning_rate.csv") if row["level"] == DIVERGED]
    assert (row["n"], row["diverged"]) == ("2", "2")
    assert (float(row["mean"]), float(row["loss_mean"])) == pytest.approx((0.1, math.log(10)))
    compared = rows(results / "tables" / "comparisons.csv")
    assert {row["level"]: row["diverged"] for row in compared} == {DEAD: "0", HUGE: "0", DIVERGED: "2"}
    assert {row["verdict_without_diverged"] for row in compared if row["level"] == DIVERGED} == {"descriptive"}


def test_the_report_says_which_runs_diverged(results):
    text = (results / "report.md").read_text(encoding="utf-8")
    assert f"Runs whose loss ceased to be a number: 2 of 2 at {DIVERGED}." in text
    assert re.search(rf"^\| {DIVERGED} +\| 2 \(2 diverged\) +\|", text, re.MULTILINE)
    assert not re.search(r"\bnan\b|\binf\b", text)
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "2 (2 diverged)" in page
    assert (results / "figures" / "learning_rate.svg").is_file()
