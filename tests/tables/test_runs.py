"""Runs hold the seeds the plan promises: test metrics from the evaluation, train metrics from the history."""

import math

import pytest

from files.records import RecordError
from helpers.hand_made import HandMade, put_on_record
from tables.runs import RUN_COLUMNS, read_runs


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
    runs = read_runs(study.read().baseline_setting())
    assert [row["seed"] for row in runs.rows] == ["0", "1", "2", "3"]
    assert [row["test_loss"] for row in runs.rows] == ["0.06", "nan", "0.07", "inf"]
    assert [row["train_accuracy"] for row in runs.rows] == ["0.984", "0.9839", "0.9838", "0.9837"]  # of epoch 5
    assert all(set(row) == set(RUN_COLUMNS) for row in runs.rows)


def test_diverged_runs_are_scored_at_chance(study):
    runs = read_runs(study.read().baseline_setting())
    assert runs.values("accuracy").tolist() == [0.98, 0.1, 0.97, 0.1]
    assert runs.values("loss").tolist() == [0.06, math.log(10), 0.07, math.log(10)]
    assert runs.scored.count == 2


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
