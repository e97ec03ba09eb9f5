"""Forecast and progress on real runs of Snakemake: rules, disk space, times and failures."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.workflow import copy_project, write_config
from running import checking
from running.forecast import TYPICAL_SECONDS, link_of, work_of
from running.snakemake_jobs import dry_run


def all_jobs(finished):
    """Return all jobs of the finished study."""
    snakefile = str(finished[0] / "workflow" / "Snakefile")
    return dry_run(["--snakefile", snakefile, "--forceall", "--configfile", "config.yaml"]).jobs


def test_every_rule_of_the_workflow_has_a_typical_time(finished, monkeypatch):
    monkeypatch.chdir(finished[1])
    jobs = all_jobs(finished)
    assert {job.rule for job in jobs} == set(TYPICAL_SECONDS)
    assert all(link_of(job) is not None for job in jobs if job.rule in ("train", "evaluate"))


@pytest.mark.parametrize("keeps", [True, False])
def test_forecast_of_disk_space_matches_the_files(finished, monkeypatch, keeps):
    """States of a finished study, with and without the averages that RMSprop keeps."""
    monkeypatch.chdir(finished[1])
    study, _ = checking.check([Path("config.yaml")])
    work = replace(work_of(study), keep_optimizer_state=keeps)
    names = ("state.npz", "optimizer.npz")[: 1 + keeps]
    links = [job for job in all_jobs(finished) if job.rule == "train"]
    assert len(links) == 4
    for job in links:
        size = sum(Path(job.outputs[0]).with_name(name).stat().st_size for name in names)
        assert work.bytes(job) == pytest.approx(size, rel=0.15)


def make(project, study, check=True):
    """Run what `make` runs."""
    call = [sys.executable, str(project / "scripts" / "run_study.py"), "config.yaml", "--cores", "2"]
    call += ["--snakefile", str(project / "workflow" / "Snakefile")]
    done = subprocess.run(call, cwd=study, capture_output=True, text=True, timeout=300, check=False)
    assert not (check and done.returncode), done.stderr
    return done


def test_make_prints_a_forecast_and_the_times(finished, tmp_path):
    study = shutil.copytree(finished[1], tmp_path / "study")
    write_config(study, {"sweeps.learning_rate": [0.001, 0.002, 0.01]})
    done = make(finished[0], study)
    assert "8 jobs with 4 epochs, about " in done.stdout
    assert "8 jobs ran in " in done.stdout
    assert "Train units=8,learning_rate=0.002," in done.stdout
    assert "rule" not in done.stderr


def test_a_failed_job_shows_its_log(study_with_broken_evaluation):
    project, study = study_with_broken_evaluation
    done = make(project, study, check=False)
    assert done.returncode != 0
    assert "Error in rule evaluate" in done.stderr
    assert "ERROR: this evaluation cannot be" in done.stderr
    assert not re.search(r"\b0 jobs", done.stdout)
    assert "4 failed, 5 did not start:\n  Evaluate units=" in done.stdout


@pytest.fixture
def study_with_broken_evaluation(finished, tmp_path):
    project, study = copy_project(tmp_path / "project"), shutil.copytree(finished[1], tmp_path / "study")
    script = project / "scripts" / "evaluate.py"
    script.write_text('import sys\n\nsys.exit("ERROR: this evaluation cannot be")\n')
    return project, study
