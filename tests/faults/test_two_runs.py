"""Two runs in one folder: the second prints one line and changes nothing."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from helpers.disturbed_study import SNAKEMAKE, contents, copy_of, with_work_left
from helpers.workflow import PROJECT, SMALL_STUDY, run_snakemake, write_config
from running import guard

HOLD = "import pathlib, time; from running import guard; guard.begin(pathlib.Path()); print(flush=True); "


@contextmanager
def another_run(folder):
    """A process that holds a folder as a run does."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")}
    call = [sys.executable, "-c", f"{HOLD}time.sleep(600)"]
    with subprocess.Popen(call, cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def everything(folder):
    """Return bytes and time stamps of all results."""
    return contents(folder), {path: path.stat().st_mtime_ns for path in sorted((folder / "results").rglob("*"))}


@pytest.fixture(scope="module")
def study(finished, tmp_path_factory):
    """A copy of the finished study in which only the report is to be made."""
    study = copy_of(finished, tmp_path_factory.mktemp("two") / "project")
    study.forget("results/report.md")
    return study


@pytest.mark.parametrize("command", [None, SNAKEMAKE], ids=["make", "snakemake"])
def test_second_run_prints_one_line_and_changes_nothing(study, command):
    before = everything(study.project)
    with another_run(study.project) as first:
        code, printed = study.run(command=command)
    assert code != 0
    errors = [line for line in printed.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert f"another run is at work in {study.project} (process {first.pid}" in errors[0]
    assert "Traceback" not in printed
    assert everything(study.project) == before


def test_dry_run_beside_a_run_leaves_its_plan_alone(study):
    """The config may have been edited since; what is at work goes by the plan it began with."""
    before = everything(study.project)
    study.configure(SMALL_STUDY | {"sweeps": {"units": [8, 24]}})
    with another_run(study.project):
        code, printed = study.run("--dry-run")
        assert everything(study.project) == before
    study.configure(SMALL_STUDY)
    assert code == 0
    assert "units=24" in printed


def test_lock_of_another_machine_stays(study):
    """The lock of the operating system may not reach to there: no run of here may think that one dead."""
    lock = study.project / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/report.md\n")
    record = {"name": "x", "host": "elsewhere", "process": 7, "began": "2025-01-01 00:00"}
    (study.project / guard.LOCK).write_text(json.dumps(record))
    before = everything(study.project)
    code, printed = study.run()
    assert code != 0
    assert "is locked by Snakemake (process 7 on elsewhere, started 2025-01-01 00:00)" in printed
    assert "snakemake --unlock" in printed
    assert lock.exists()
    assert everything(study.project) == before
    record["host"] = socket.gethostname()
    (study.project / guard.LOCK).write_text(json.dumps(record))
    code, printed = study.run("--until", "check_published")
    assert code == 0, printed
    assert not lock.exists()


@pytest.mark.long
@pytest.mark.parametrize("delay", [0, 0.3, 1, 2, 4, 8])
@pytest.mark.parametrize("second", [None, SNAKEMAKE], ids=["make", "snakemake"])
def test_two_real_runs(finished, tmp_path, delay, second):
    """Whatever the second comes to, together they leave what one leaves, and never are both at work."""
    study = with_work_left(finished, tmp_path / "project")
    runs = [study.start()]
    time.sleep(delay)
    runs.append(study.start(command=second))
    codes = [run.end()[0] for run in runs]
    assert any(codes)
    assert any("another run is at work" in run.printed() or "cannot be locked" in run.printed() for run in runs)
    if all(codes):  # each saw the other's lock
        assert delay < 2
        assert study.run()[0] == 0
    assert contents(study.project) == contents(finished[1])


@pytest.mark.long
def test_config_edited_while_a_run_is_at_work(finished, tmp_path):
    """The run ends with what it was begun with; the next does what was edited."""
    study = with_work_left(finished, tmp_path / "project")
    run = study.start()
    run.wait_for_job("train")
    study.configure(SMALL_STUDY | {"sweeps": {"units": [8, 24]}})
    assert study.run("--dry-run")[0] == 0
    code, printed = run.end()
    assert code == 0, printed
    assert contents(study.project) == contents(finished[1])
    code, printed = study.run()
    assert code == 0, printed
    alone = tmp_path / "alone"
    write_config(alone, {"sweeps": {"units": [8, 24]}})
    run_snakemake(finished[0], alone, "data")
    run_snakemake(finished[0], alone)
    tables = {path for path in contents(alone) if "tables" in path}
    assert {path: contents(study.project)[path] for path in tables} == {path: contents(alone)[path] for path in tables}
