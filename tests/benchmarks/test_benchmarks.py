"""The benchmarks' own arithmetic, by hand; what they time is not run here."""

import csv
import subprocess
import sys

import pytest

import limit
import measurements
import performance
import race
import study
from helpers.workflow import PROJECT


def test_operations_of_a_run_by_hand():
    """One unit: forward 2 (784 + 10) an image; backward 2 (784 + 10 + 10)."""
    forward, backward = 2 * 794, 2 * 804
    assert limit.operations(1, 3) == 3 * 60_000 * (forward + backward) + 4 * 10_000 * forward
    assert limit.operations(1, 3, evaluations=2) - limit.operations(1, 3) == 10_000 * forward


def test_limit_is_operations_over_rate():
    runs, rates = [(8, 1), (8, 2), (16, 1)], {8: 1e9, 16: 2e9}
    expected = (limit.operations(8, 1) + limit.operations(8, 2)) / 1e9 + limit.operations(16, 1) / 2e9
    assert limit.limit_seconds(runs, rates) == pytest.approx(expected)


@pytest.mark.parametrize("library", limit.LIBRARIES)
def test_rate_is_that_of_this_machine(library):
    """Between 0.1 and 10,000 GFLOP/s: no loop optimised away, none counted twice a thousand times."""
    call = [sys.executable, limit.__file__, "64", "--one-core", library]  # as the benchmark itself, in its own process
    assert 1e8 < float(subprocess.run(call, capture_output=True, text=True, check=True).stdout) < 1e13


def test_limit_of_a_study_counts_each_chain_once(tmp_path, monkeypatch):
    """Two blocks of seeds; a milestone on the way that nobody evaluates; two evaluations of the longer chain."""
    monkeypatch.setattr(limit, "rate_of_all_cores", lambda units: 1e9)
    plan = tmp_path / "plan.csv"
    rows = [
        ("a", 8, 5, 0, 9, "baseline"),
        ("a", 8, 10, 0, 9, ""),
        ("a", 8, 12, 0, 9, "epochs"),
        ("a", 8, 5, 10, 11, "baseline"),
    ]
    with plan.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["point", "units", "epochs", "first_seed", "last_seed", "wanted_by"])
        writer.writerows(rows)
    expected = 10 * limit.operations(8, 12, 2) + 2 * limit.operations(8, 5, 1)
    assert study.study_limit(plan) == pytest.approx(expected / 1e9)


@pytest.mark.parametrize("network", race.BASELINES)
def test_race_has_six_points(network):
    assert len(race.points(network)) == 6
    assert len({tuple(point.items()) for point in race.points(network)}) == 6
    assert len(race.list_of_runs(2, network)) == 12
    assert race.network_file(network).is_file()


def test_race_has_all_contestants():
    assert len(race.contestants("main")) == 2 + 5 * 2
    assert len(race.contestants("all")) == 2 + 5 * 4
    assert all((race.PEERS / f"{program}.py").is_file() for program in race.PROGRAMS)


def test_missing_runs_are_no_result():
    with pytest.raises(RuntimeError, match=r"expected 2 runs\. Received: 1"):
        race.mean_accuracy([{"test_accuracy": "0.5"}], 2)
    assert race.mean_accuracy([{"test_accuracy": "0.5"}, {"test_accuracy": "0.7"}], 2) == pytest.approx(0.6)


def test_measurements_are_taken_up_again(tmp_path):
    path = tmp_path / "new" / "race.csv"
    assert not measurements.measured(path, name="a", round=1)
    measurements.add(path, name="a", round=1, seconds="2.5")
    measurements.add(path, name="b", round=1, seconds="3.5")
    assert measurements.measured(path, name="a", round=1)
    assert not measurements.measured(path, name="a", round=2)
    assert [row["seconds"] for row in measurements.read(path)] == ["2.5", "3.5"]


def test_ratios_are_taken_within_a_round():
    """Of rounds 1 and 2: 60 / 20 and 120 / 80, median 2.25; the ratio of the medians would be 1.8."""
    seconds = {"limit": (10, 20), "this project": (20, 80), "ray_tune": (60, 120)}
    rows = [
        {"contestant": name, "tuned": "False", "jit": "False", "runs": "12", "round": str(number), "seconds": str(time)}
        for name, times in seconds.items()
        for number, time in enumerate(times, 1)
    ]
    found = performance.race_rows([*rows, rows[0] | {"runs": "60"}], 12)
    assert [row["contestant"] for row in found] == ["limit", "this project", "ray_tune"]
    assert found[2]["seconds"] == 90
    assert (found[2]["to_limit"], found[2]["to_project"]) == (6, 2.25)
    table = performance.race_table(found)
    assert "Ray Tune" in table
    assert "as documented, no XLA" in table


def test_figure_of_a_race_is_drawn(tmp_path):
    rows = [
        {"contestant": name, "variant": kind, "rounds": 1, "seconds": seconds, "to_limit": 1, "to_project": 1}
        for name, kind, seconds in (("limit", "", 10), ("this project", "", 12), ("ray_tune", "tuned, XLA", 30))
    ]
    performance.draw_race(rows, "race", 12, tmp_path)
    text = (tmp_path / "race_12.svg").read_text()
    assert "Ray Tune, tuned, XLA" in text
    assert "30 s" in text


def test_a_race_without_a_limit_has_a_table_and_a_figure(tmp_path):
    rows = [
        {"contestant": name, "tuned": "True", "jit": "False", "runs": "60", "round": "1", "seconds": seconds}
        for name, seconds in (("this project", "20"), ("joblib_workers", "50"))
    ]
    found = performance.race_rows(rows, 60)
    assert [row["to_project"] for row in found] == [1, 2.5]
    assert "| – " in performance.race_table(found)
    performance.draw_race(found, "race_convolutional", 60, tmp_path)
    assert "limit" not in (tmp_path / "race_convolutional_60.svg").read_text()


def test_learning_rate_is_added_to_the_default_config(tmp_path):
    import yaml

    config = tmp_path / "config.yaml"
    config.write_text((PROJECT / "config" / "config.yaml").read_text())
    before = yaml.safe_load(config.read_text())["sweeps"]["learning_rate"]
    study.add_learning_rate(config, 0.002)
    assert yaml.safe_load(config.read_text())["sweeps"]["learning_rate"] == [0.002, *before]
    config.write_text("sweeps: {}\n")
    with pytest.raises(ValueError, match="expected a line `learning_rate"):
        study.add_learning_rate(config, 0.002)
