"""Trends of a sweep and the course of training, against numbers worked by hand."""

import math

import pytest

from helpers.hand_made import HandMade, put_on_record, rich_study
from tables.runs import RUN_METRICS, read_histories
from tables.trends import LEARNING_COLUMNS, TREND_COLUMNS, learning_rows, trend_rows


def trends_of(study):
    return trend_rows(study.runs())


def course_of(study):
    return learning_rows(read_histories(study.read().chain()), 10)


def sweep(folder, factor, means):
    study = HandMade(folder, {factor: (factor,)})
    for value, mean in means.items():
        at_baseline = value in ("512", "0.001")
        study.add(
            f"baseline {factor}" if at_baseline else factor, [mean - 0.001, mean + 0.001], [0.1] * 2, **{factor: value}
        )
    return study


def test_falls_per_decade_start_at_the_best_rate(tmp_path):
    rows = trends_of(sweep(tmp_path, "learning_rate", {"0.00001": 0.90, "0.001": 0.98, "0.01": 0.95, "0.1": 0.88}))
    assert [list(row) for row in rows] == [list(TREND_COLUMNS)] * 2
    assert [(row["trend"], row["from"], row["to"]) for row in rows] == [
        ("fall per decade below", "0.001", "0.00001"),
        ("fall per decade above", "0.001", "0.1"),
    ]
    # The means differ by 0.08 and 0.1 over two decades; a fall's standard error is 0.001·√2 / 2.
    assert [row["value"] for row in rows] == ["0.040000", "0.050000"]


def test_the_end_of_the_sweep_has_no_fall_beyond(tmp_path):
    rows = trends_of(sweep(tmp_path, "learning_rate", {"0.001": 0.98, "0.01": 0.95}))
    assert [row["trend"] for row in rows] == ["fall per decade above"]


def test_gains_of_a_doubling_count_doublings(tmp_path):
    rows = trends_of(sweep(tmp_path, "units", {"64": 0.94, "512": 0.97, "1024": 0.965}))
    assert [(row["from"], row["to"]) for row in rows] == [("64", "512"), ("512", "1024")]
    assert [row["value"] for row in rows] == ["0.010000", "-0.00500"]


def test_one_seed_gives_trends_without_an_error(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", [0.98], [0.1]).add("units", [0.96], [0.1], units="128")
    assert float(trends_of(study)[0]["value"]) == pytest.approx(0.01)


def test_no_sweep_no_trend(tmp_path):
    assert trends_of(HandMade(tmp_path, {}).add("baseline", [0.98], [0.1])) == []
    assert trends_of(sweep(tmp_path / "one", "units", {"512": 0.98})) == []


def test_the_course_of_training_joins_milestones(tmp_path):
    rows = course_of(rich_study(tmp_path, 3))
    assert [row["epoch"] for row in rows] == [f"{epoch}" for epoch in range(1, 21)]
    assert [list(row) for row in rows] == [list(LEARNING_COLUMNS)] * 20
    assert {row["n"] for row in rows} == {"3"}


def test_means_and_sds_by_hand(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98, 0.99], [0.1, 0.3])
    last = course_of(study)[-1]
    # SD 0.1·√2 = 0.1414, standard error 0.1: two decimals, and one more. Accuracy a tenth of it and less.
    assert (last["test_loss"], last["test_loss_sd"]) == ("0.200", "0.141")
    assert (last["test_accuracy"], last["test_accuracy_sd"]) == ("0.98500", "0.00707")
    assert last["train_loss_sd"] == "0.0000000"


def test_a_diverged_run_is_scored_at_chance_and_counted(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98, 0.99, 0.1], [0.1, 0.3, math.inf])
    last = course_of(study)[-1]
    assert (last["n"], last["diverged"]) == ("3", "1")
    assert float(last["test_loss"]) == pytest.approx((0.4 + math.log(10)) / 3, abs=0.01)
    assert float(last["test_accuracy"]) == pytest.approx((0.98 + 0.99 + 0.1) / 3, abs=0.01)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10])
def test_no_cell_is_nan(tmp_path, n):
    study = rich_study(tmp_path, n, min(n, 2))
    rows = [*course_of(study), *trends_of(study)]
    assert not {"nan", "inf", "None"} & {cell for row in rows for cell in row.values()}
    assert all((row[f"{RUN_METRICS[3]}_sd"] == "") == (n == 1) for row in rows if "epoch" in row)


def test_epochs_that_two_links_share_count_once(tmp_path):
    """From one milestone a link goes to 2 epochs, another to 4: both train the first two, of the same two seeds."""
    study = HandMade(tmp_path, {"epochs": ("epochs",)})
    study.add("epochs", [0.90, 0.92], [0.3, 0.3], epochs="2")
    study.add("baseline epochs", [0.97, 0.98], [0.1, 0.1])
    (folder,) = (tmp_path / "runs").glob("*/*/epochs=5")
    shorter = folder.with_name("epochs=2") / "history.csv"
    path = folder / "history.csv"
    path.write_text(shorter.read_text() + path.read_text().split("\n", 1)[1])
    point = folder.parts[-3]
    put_on_record(folder, study.data, point=point, seeds=[0, 1], epochs=5)
    rows = course_of(study)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert {row["n"] for row in rows} == {"2"}
