"""`make plan`: the preview of a finished small study after one change, and of a large study."""

import csv
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from design import configuration
from design.hyperparameters import point_of
from design.plan import make_plan
from design.point_names import canonical_name
from helpers.workflow import copy_project, jobs_to_run, write_config
from preview import comparison_table, label, preview, run_statuses
from running import checking, guard
from running.forecast import Expectation, work_of
from running.snakemake_jobs import DryRun, Job

BENCHMARK = "results/benchmarks/{}/{}/seeds=0-9/epochs=5.tsv"


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study, time stamps kept."""
    return shutil.copytree(finished[1], tmp_path / "study")


def run(script, project, study, *options):
    call = [sys.executable, str(project / "scripts" / f"{script}.py"), "config.yaml", "--cores", "2"]
    call += ["--snakefile", str(project / "workflow" / "Snakefile"), *options]
    return subprocess.run(call, cwd=study, capture_output=True, text=True, timeout=300, check=True)


def preview_of(project, study):
    """Return the preview's text, and its table of runs: (state, why) -> (number, which)."""
    text = run("preview", project, study).stdout
    lines = text[text.index("| runs") :].split("\n\n")[0].splitlines()[2:]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return text, {(state, why): (int(number), which) for state, number, why, which in cells}


def test_nothing_changed(finished, study):
    before = {path: path.stat().st_mtime_ns for path in (study / "results").rglob("*")}
    text, runs = preview_of(finished[0], study)
    assert runs == {("reused", ""): (8, "")}
    assert "Nothing to be done." in text
    assert {path: path.stat().st_mtime_ns for path in (study / "results").rglob("*")} == before


def test_a_learning_rate_added(finished, study):
    write_config(study, {"sweeps.learning_rate": [0.001, 0.002, 0.01]})
    text, runs = preview_of(finished[0], study)
    assert runs == {("reused", ""): (8, ""), ("to train", "not there yet"): (2, "learning_rate=0.002")}
    assert "Also aggregate, resample, check_published, plot, report: its input changed." in text
    assert re.search(r"Time: about \d+ s, 2 jobs side by side \(\d+ s of computing\).\nBy \d+ records", text)
    assert re.search(r"\| learning_rate +\| +2 \| +1 \|", text)
    assert jobs_to_run(finished[0], study)["train"] == 1


def test_a_comment_in_the_training_script(study, tmp_path):
    project = copy_project(tmp_path / "project")
    with (project / "scripts" / "train.py").open("a") as file:
        file.write("# a comment\n")
    text, runs = preview_of(project, study)
    cause = ("stale, to train again", "train.py or a module it imports changed")
    assert runs == {("reused", ""): (0, ""), cause: (8, "baseline, epochs=4, units=16 and 1 more")}
    assert "Disk: about 0 kB more" in text


def test_replicates_added(finished, study):
    """Two seeds are a whole block; the four of them can make no difference significant, and the table shows that."""
    write_config(study, {"replicates": 4})
    text, runs = preview_of(finished[0], study)
    assert runs["reused", ""] == (8, "")
    assert runs["to train", "not there yet"][0] == 8
    assert re.search(r"\| units +\| +1 \| +1 \| +0.12 +\| none significant; 6 seeds could", text)


def test_the_status_of_every_run_follows_from_its_jobs(tmp_path, monkeypatch):
    """Stale if its state exists, to train if not, to evaluate if only that job runs."""
    monkeypatch.chdir(tmp_path)
    study, _ = configuration.validate({"sweeps": {"units": [32, 64, 128, 512]}})
    plan = work_of(study).plan
    (tmp_path / "there").touch()

    def job(rule, units, reason, output):
        point = next(name for name, point in plan.points.items() if point["units"] == units)
        return Job(
            rule, {"units": f"{units}", "epochs": "5"}, "", reason, (), (output,), (), BENCHMARK.format(rule, point), 0
        )

    jobs = [
        job("train", 32, "Missing output files: gone", "gone"),
        job("evaluate", 32, "Missing output files: gone", "gone"),
        job("train", 64, "Updated input files: x_train.npy", "there"),
        job("evaluate", 128, "Missing output files: gone", "gone"),
    ]
    statuses = {label(condition, study, plan): counts for condition, counts in run_statuses(plan, jobs).items()}
    assert statuses == {
        "baseline": Counter({("reused", ""): 10}),
        "units=32": Counter({("to train", "not there yet"): 10}),
        "units=64": Counter({("stale, to train again", "its input changed"): 10}),
        "units=128": Counter({("to evaluate", "not there yet"): 10}),
    }


def test_families_are_those_of_the_finished_study(finished, monkeypatch):
    monkeypatch.chdir(finished[1])
    study, _ = checking.check([Path("config.yaml")])
    plan = work_of(study).plan
    with Path("results/tables/comparisons.csv").open() as file:
        sizes = {row["summary"]: row["family_size"] for row in csv.DictReader(file)}
    table = comparison_table(run_statuses(plan, []), study, plan)
    assert dict(re.findall(r"^\| (\w+) +\| +(\d+) ", table, re.MULTILINE)) == sizes


def test_a_study_of_the_baseline_alone_has_no_table_of_comparisons():
    study = configuration.validate({})[0]
    plan = make_plan(study)
    assert comparison_table(run_statuses(plan, []), study, plan) == ""


def test_ten_thousand_runs_stay_readable(tmp_path, monkeypatch):
    """A thousand points of ten seeds, none trained: a few lines, and the time of a thousand trainings."""
    monkeypatch.chdir(tmp_path)
    grid = {"units": list(range(100, 200, 10)), "learning_rate": [0.001 * k for k in range(1, 11)]}
    grid["momentum"] = [k / 10 for k in range(10)]
    study, _ = configuration.validate({"grids": {"large": grid}})
    work = work_of(study)
    jobs = [
        Job(
            rule,
            {"point": point, "epochs": "5"},
            "",
            "Missing output files: x",
            (),
            ("x",),
            (),
            BENCHMARK.format(rule, point),
            0,
        )
        for point in work.plan.points
        if point != canonical_name(point_of(study.baseline))
        for rule in ("train", "evaluate")
    ]
    text = preview(DryRun(jobs), study, Expectation(work), 2)
    assert len(text.splitlines()) < 25
    assert max(map(len, text.splitlines())) < 140
    assert re.search(r"\| to train +\| +10000 \| not there yet ", text)
    assert re.search(r"\| large +\| +1000 \| +1000 ", text)


def test_results_without_snakemakes_record_will_be_recomputed(finished, study):
    shutil.rmtree(study / ".snakemake")
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*") if ".snakemake" not in path.parts}
    text, runs = preview_of(finished[0], study)
    assert f"NOTE: {guard.RECORD_IS_GONE}." in text
    assert "nothing is retrained" not in text
    assert runs == {
        ("reused", ""): (0, ""),
        ("stale, to train again", "its input changed"): (8, "baseline, epochs=4, units=16 and 1 more"),
    }
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("quiet", [[], ["--quiet"], ["--quiet", "all"]])
def test_quiet_snakemake_hides_no_job(finished, study, quiet):
    write_config(study, {"sweeps.learning_rate": [0.001, 0.002, 0.01]})
    text = run("preview", finished[0], study, *quiet).stdout
    assert re.search(r"\| to train +\| +2 \| not there yet", text)


def test_settings_are_those_of_the_studys_folder(finished, study, tmp_path, monkeypatch):
    """A folder of results elsewhere: its config/config.yaml counts, not that of the caller's folder."""
    caller = tmp_path / "caller"
    (caller / "config").mkdir(parents=True)
    (caller / "config" / "config.yaml").write_text("replicates: 3\n")
    call = [sys.executable, str(finished[0] / "scripts" / "preview.py"), str(study / "config.yaml"), "--cores", "2"]
    call += ["--snakefile", str(finished[0] / "workflow" / "Snakefile"), "--directory", str(study)]
    done = subprocess.run(call, cwd=caller, capture_output=True, text=True, timeout=300, check=True)
    assert "2 seeds each" in done.stdout
    assert "Nothing to be done." in done.stdout
