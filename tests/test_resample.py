"""Uncertainty over seeds and over images kept apart, against numpy and by hand."""

import csv

import numpy as np
import pytest

import resample
from helpers.hand_made import LABELS, MARGINS, HandMade, rich_study
from stats import two_way_bootstrap

LOSS = np.linspace(0.1, 0.2, 4)


def study_of(folder, other_accuracy=(0.9, 0.8, 0.7, 0.8), other_loss=tuple(LOSS + 0.1)):
    study = HandMade(folder, {"units": ("units",), "again": ("units", "epochs")})
    study.add("baseline units again", [1.0] * 4, LOSS, blocks=2)
    return study.add("units again", other_accuracy, other_loss, units="64")


def test_outcomes_are_scored_by_image(tmp_path):
    outcomes = resample.scored_outcomes(study_of(tmp_path).read().baseline_setting(), LABELS, 10)
    assert outcomes["accuracy"].shape == outcomes["loss"].shape == (4, len(LABELS))
    assert (outcomes["accuracy"] == 1).all()
    assert outcomes["loss"].mean(axis=1) == pytest.approx(LOSS, rel=1e-5)


def test_diverged_runs_are_scored_at_chance(tmp_path):
    study = study_of(tmp_path, (0.9, 0.8, 0.7, 0.8), (0.2, np.nan, np.inf, 0.2))
    outcomes = resample.scored_outcomes(study.read().levels("units")[0].setting, LABELS, 10)
    assert np.isfinite(outcomes["loss"]).all()
    assert outcomes["loss"][1:3] == pytest.approx(np.log(10))
    assert outcomes["accuracy"][1:3] == pytest.approx(0.1)
    assert outcomes["accuracy"][0].mean() == pytest.approx(0.9)


def test_standard_errors_by_numpy(tmp_path):
    rows = resample.resample(study_of(tmp_path).read(), LABELS)
    accuracy = rows[0]
    per_seed = np.array([-0.1, -0.2, -0.3, -0.2])
    assert (accuracy["summary"], accuracy["metric"], accuracy["level"]) == ("units", "accuracy", "64")
    assert float(accuracy["difference"]) == pytest.approx(per_seed.mean(), abs=1e-3)
    assert float(accuracy["seeds_se"]) == pytest.approx(per_seed.std(ddof=1) / 2, abs=1e-3)
    missed = np.zeros((4, len(LABELS)))
    for row, count in zip(missed, (6, 12, 18, 12), strict=True):
        row[:count] = -1
    assert float(accuracy["images_se"]) == pytest.approx(
        missed.mean(axis=0).std(ddof=1) / np.sqrt(len(LABELS)), abs=1e-3
    )
    assert float(accuracy["low"]) < -0.2 < float(accuracy["high"]) < 0
    assert float(accuracy["se"]) > max(float(accuracy["seeds_se"]), float(accuracy["images_se"]))


def test_a_point_in_two_summaries_has_the_same_numbers(tmp_path):
    rows = resample.resample(study_of(tmp_path).read(), LABELS)
    assert [(row["summary"], row["level"]) for row in rows] == [
        *[("units", "64")] * 2,
        *[("again", "units=64,epochs=5")] * 2,
    ]
    assert [{**rows[i], "summary": "", "level": ""} for i in (0, 1)] == [
        {**rows[i], "summary": "", "level": ""} for i in (2, 3)
    ]


@pytest.mark.parametrize("runs", [1, 8, 320])
def test_points_are_resampled_a_few_at_a_time_and_none_is_left_out(tmp_path, monkeypatch, runs):
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", [1.0] * 4, LOSS)
    for units in range(1, 6):
        study.add("units", [1 - 0.1 * units] * 4, LOSS + 0.01 * units, units=f"{units}")
    sizes = []

    def counting(points, *arguments, **options):
        sizes.append(len(points))
        return two_way_bootstrap.two_way_bootstrap(points, *arguments, **options)

    monkeypatch.setattr(resample, "two_way_bootstrap", counting)
    monkeypatch.setattr(resample, "RUNS_AT_A_TIME", runs)
    rows = resample.resample(study.read(), LABELS)
    assert sizes[:2] == [min(max(1, runs // 4), 5)] * 2
    assert sum(sizes) == 2 * 5
    assert [(row["metric"], row["level"]) for row in rows] == [(m, f"{u}") for m in MARGINS for u in range(1, 6)]
    differences = [float(row["difference"]) for row in rows]
    assert differences == pytest.approx([-0.1, -0.2, -0.3, -0.4, -0.5, 0.01, 0.02, 0.03, 0.04, 0.05], abs=1e-3)


@pytest.mark.parametrize("n", [1, 2, 10])
def test_the_command_writes_a_whole_table(tmp_path, n):
    study = rich_study(tmp_path, n, 1)
    output = tmp_path / "tables" / "two_way.csv"
    resample.main([*study.arguments(), "--output", str(output)])
    with output.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames) == resample.COLUMNS
    assert bool(rows) == (n > 1)
    assert all(cell and cell != "nan" for row in rows for cell in row.values())
    once = output.read_bytes()
    resample.main([*study.arguments(), "--output", str(output)])
    assert output.read_bytes() == once
