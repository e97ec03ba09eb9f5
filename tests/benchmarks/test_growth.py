"""The benchmark of growth: made-up studies are what the workflow takes for finished ones."""

import math
import sys

import numpy as np
import pytest
import yaml

import growth
from design import configuration
from design import plan as planning
from design.hyperparameters import point_of
from design.point_names import canonical_name
from resample import scored_outcomes
from tables.runs import read_runs
from tables.study import read_settings

LABELS = np.arange(500, dtype=np.uint8) % 10


@pytest.mark.parametrize(
    ("points", "shape"), [(1, (1, 1, 1)), (7, (7, 1, 1)), (10, (5, 2, 1)), (100, (5, 5, 4)), (1_000, (10, 10, 10))]
)
def test_the_grid_has_as_many_points_as_asked_for(points, shape):
    assert growth.sides(points) == shape
    study, notes = configuration.validate(growth.grid_config(points))
    plan = planning.make_plan(study)
    assert notes == []
    assert len(plan.points) == points
    assert canonical_name(point_of(study.baseline)) in plan.points
    assert {(last - first + 1) for _, first, last, _ in plan.evaluated()} == {growth.SEEDS}


def pretended(folder, arrays, points=2):
    growth.prepare(folder, points, arrays)
    growth.pretend_training(folder, LABELS)
    study, _ = configuration.validate(yaml.safe_load((folder / "config.yaml").read_text()))
    (folder / "results" / "plan.csv").write_text(planning.plan_text(planning.make_plan(study)))
    return read_settings(folder / "results" / "plan.csv")


def test_metrics_histories_and_outcomes_of_a_made_up_run_agree(tmp_path, arrays):
    settings = pretended(tmp_path / "study", arrays)
    assert len(settings) == 2
    for setting in settings:
        rows, outcomes = read_runs(setting), scored_outcomes(setting, LABELS, 10)
        for metric in ("accuracy", "loss"):
            tested, trained = ([float(row[f"{part}_{metric}"]) for row in rows] for part in ("test", "train"))
            assert tested == pytest.approx(outcomes[metric].mean(axis=1, dtype=float), rel=1e-6)
            assert trained == pytest.approx(tested, rel=1e-6)
        accuracy = outcomes["accuracy"].mean(axis=1)
        assert (accuracy > 0.9).all()
        assert accuracy.std() > 0


def test_the_same_study_is_made_up_twice(tmp_path, arrays):
    for name in ("one", "two"):
        pretended(tmp_path / name, arrays)
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in made.rglob("*.*") if path.is_file()}
        for name in ("one", "two")
        for made in [tmp_path / name / "results" / "runs"]
    )
    assert one == two
    assert len(one) == 2 * 7  # of two points: two states, history.csv, test.npz, metrics.csv, two records


def test_after_a_made_up_training_only_the_summarising_rules_are_left(tmp_path, arrays):
    (raw := tmp_path / "data" / "raw").mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").touch()
    (raw / "download.json").touch()
    for path in arrays.iterdir():  # after the raw files, so that they are newer
        (tmp_path / "data" / path.name).symlink_to(path)
    study = tmp_path / "study"
    growth.prepare(study, 2, tmp_path / "data")
    growth.pretend_training(study, LABELS)
    output, seconds, memory = growth.dry_run(study, "--printshellcmds")
    commands = growth.planned_commands(output)
    assert list(commands) == list(growth.RULES)
    assert "--study results/study.json" in commands["aggregate"]
    assert seconds > 0.1
    assert 20 < memory < 1_000
    with pytest.raises(ValueError, match="expected one job of plan"):
        growth.planned_commands(output.replace("/scripts/plot.py", "/scripts/train.py"))


def test_seconds_and_memory_are_those_of_the_command(tmp_path):
    """Also where the measuring process is large itself."""
    ballast = bytearray(400_000_000)
    code = "import time; block = bytearray(150_000_000); time.sleep(0.3); print('done')"
    output, seconds, memory = growth.measured([sys.executable, "-c", code], tmp_path)
    assert output == "done\n"
    assert 0.3 < seconds < 10
    assert 150 < memory < 250
    assert len(ballast) == 400_000_000
    inside = growth.measured(["bash", "-c", f'true; {sys.executable} -c "{code}"; true'], tmp_path)
    assert 150 < inside[2] < 250  # of a command's own commands too
    with pytest.raises(growth.subprocess.CalledProcessError, match="status 3"):
        growth.measured(["bash", "-c", "exit 3"], tmp_path)


def test_slopes_are_of_logs_between_the_two_largest(capsys):
    rows = [
        {"stage": "plot", "runs": runs, "seconds": seconds, "max_rss_mb": 100}
        for runs, seconds in ((100, 90.0), (10_000, 40.0), (1_000, 4.0))
    ]
    assert growth.slope(rows, "plot") == pytest.approx(1)
    assert math.isnan(growth.slope(rows[:1], "plot"))
    growth.show(rows)
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["stage", "100", "runs", "1000", "runs", "10000", "runs", "slope"]
    assert " ".join(line.split()) == "plot 90.0 s, 100 MB 4.0 s, 100 MB 40.0 s, 100 MB 1.00"
