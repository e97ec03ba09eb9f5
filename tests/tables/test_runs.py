"""Runs hold the seeds the plan promises: test metrics from the evaluation, train metrics from the history."""

import math

import numpy as np
import pytest

from files.records import RecordError
from helpers.hand_made import IMAGES, LABELS, HandMade, put_on_record
from tables.runs import by_level, each_run_once, levels_of, read_outcomes, read_runs, run_columns


@pytest.fixture
def study(tmp_path):
    study = HandMade(tmp_path, {})
    study.add("baseline", [0.98, 0.1, 0.97, 0.1], [0.06, math.nan, 0.07, math.inf], blocks=2)
    return study


def folders(study):
    return [folder for _, _, folder in study.read().baseline_setting().blocks]


def record_again(study, block):
    """Put a block's files on record as they are now, so that what they hold is looked at."""
    setting = study.read().baseline_setting()
    first, last, folder = setting.blocks[block]
    put_on_record(folder, study.data, point=setting.point, seeds=[first, last], epochs=5)


def test_rows_are_ordered_by_seed_and_keep_the_files_text(study):
    rows = read_runs(study.read().baseline_setting())
    assert [row["seed"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["test_loss"] for row in rows] == ["0.06", "nan", "0.07", "inf"]
    assert [row["train_accuracy"] for row in rows] == ["0.984", "0.9839", "0.9838", "0.9837"]  # of epoch 5
    assert all(set(row) == {*run_columns(study.read()), "trained_loss"} for row in rows)


def test_diverged_runs_are_scored_at_chance(study):
    runs = study.runs()
    assert runs["test_accuracy"].tolist() == [0.98, 0.1, 0.97, 0.1]
    assert runs["test_loss"].tolist() == [0.06, math.log(10), 0.07, math.log(10)]
    assert runs["diverged"].tolist() == [False, True, False, True]


def test_chance_is_that_of_the_data_sets_classes(tmp_path):
    study = HandMade(tmp_path, {}, classes=4)
    runs = study.add("baseline", [0.98, 0.1], [0.06, math.nan]).runs()
    assert runs["test_accuracy"].tolist() == [0.98, 0.25]
    assert runs["test_loss"].tolist() == [0.06, math.log(4)]


def test_every_sweep_and_grid_has_its_levels_in_order_and_the_baseline_stands_alone_too(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",), "rule": ("optimizer", "epochs")})
    study.add("units", [0.97, 0.96], [0.1, 0.1], units="1024")
    study.add("baseline units rule", [0.98, 0.99], [0.1, 0.1], blocks=2)
    study.add("", [0.5, 0.5], [0.1, 0.1], epochs="7")  # on the way
    study.add("units", [0.95, 0.94], [0.1, 0.1], units="64")
    study.add("rule", [0.93, 0.92], [0.1, 0.1], optimizer="adam")
    runs = study.runs()
    shown = runs[runs["seed"] == 0][["summary", "position", "label", "is_baseline", "units", "test_accuracy"]]
    assert shown.to_numpy().tolist() == [
        ["baseline", 0, "", True, "512", 0.98],
        ["units", 0, "64", False, "64", 0.95],
        ["units", 1, "512", True, "512", 0.98],
        ["units", 2, "1024", False, "1024", 0.97],
        ["rule", 0, "optimizer=rmsprop,epochs=5", True, "512", 0.98],
        ["rule", 1, "optimizer=adam,epochs=5", False, "512", 0.93],
    ]
    assert runs["seed"].tolist() == [0, 1] * 6
    once = each_run_once(runs)
    assert once["test_accuracy"].tolist() == [0.97, 0.96, 0.98, 0.99, 0.95, 0.94, 0.93, 0.92]  # as in the plan
    assert by_level(levels_of(runs, "units"), "test_accuracy").tolist() == [[0.95, 0.94], [0.98, 0.99], [0.97, 0.96]]


def test_outcomes_are_joined_over_blocks(study):
    loss, predicted = read_outcomes(study.read().baseline_setting())
    assert loss.shape == predicted.shape == (4, IMAGES)
    assert np.isfinite(loss).all(axis=1).tolist() == [True, False, True, False]
    assert (predicted[0] == LABELS).mean() == pytest.approx(0.98, abs=1 / IMAGES)


@pytest.mark.parametrize("file", ["metrics.csv", "history.csv"])
def test_a_missing_seed_is_an_error_in_one_line(study, file):
    path = folders(study)[1] / file
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("3,")) + "\n")
    record_again(study, 1)
    with pytest.raises(RecordError, match=r"expected the seeds 2 to 3 in metrics.csv and history.csv") as caught:
        read_runs(study.read().baseline_setting())
    assert "\n" not in str(caught.value)


def test_a_history_that_ends_too_early_is_an_error(study):
    path = folders(study)[0] / "history.csv"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if ",5," not in line[:5]) + "\n")
    record_again(study, 0)
    with pytest.raises(RecordError, match="epoch 5"):
        read_runs(study.read().baseline_setting())
