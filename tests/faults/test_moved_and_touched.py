"""Wrong time stamps, and results without Snakemake's record: just what must be recomputed is recomputed."""

import json
import os
import random
import shutil
import time

import pytest

from helpers.disturbed_study import contents, follow_errors
from helpers.workflow import SUBSET, environment_of_another, jobs_to_run, run_snakemake, write_config
from running import guard

SUMMARY = {"aggregate": 1, "resample": 1, "check_published": 1, "plot": 1, "report": 1}
ALL = {"preprocess": 1, "train": 4, "evaluate": 4, **SUMMARY}


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study, time stamps kept."""
    return shutil.copytree(finished[1], tmp_path / "study")


def files_of(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def shift(paths, seconds):
    for path in paths:
        changed = path.stat().st_mtime + seconds
        os.utime(path, (changed, changed))


def test_time_stamps_in_any_order_run_nothing(finished, study):
    """As after a copy that keeps none, or a restored backup."""
    generator = random.Random(0)
    for path in files_of(study):
        os.utime(path, (then := generator.uniform(1, time.time()), then))
    assert jobs_to_run(finished[0], study) == {}


@pytest.fixture
def from_the_future(study):
    """The study as a clock made it that was an hour ahead."""
    shift([*files_of(study / "results"), study / guard.LOCK], 3600)
    return study


def test_study_made_while_the_clock_was_ahead(finished, from_the_future):
    """Nothing to do; and what changes from now on is seen, though it is older than what the wrong clock stamped."""
    study = from_the_future
    run_snakemake(finished[0], study)
    assert max(path.stat().st_mtime for path in files_of(study / "results")) < time.time()
    with next((study / "results" / "runs").rglob("train.json")).open("a") as file:
        file.write(" ")
    assert jobs_to_run(finished[0], study) == {"evaluate": 1, **SUMMARY}


@pytest.mark.long
def test_jobs_on_inputs_from_the_future_run(finished, from_the_future):
    """Snakemake refuses outputs older than their inputs: not where only a clock was wrong."""
    study, expected = from_the_future, contents(from_the_future)
    shutil.rmtree(study / "results" / "tables")
    shutil.rmtree(next((study / "results" / "runs").glob("units=16*")))
    run_snakemake(finished[0], study)
    assert contents(study) == expected
    assert jobs_to_run(finished[0], study) == {}


def test_own_images_exchanged_for_older_files(finished, study, tmp_path):
    """Their content counts, not their dates."""
    folder = shutil.copytree(SUBSET, tmp_path / "images")
    write_config(study, {"data_folder": str(folder)})
    run_snakemake(finished[0], study, "data")
    assert jobs_to_run(finished[0], study) == {"report": 1}  # its provenance names the folder
    labels = folder / "train-labels-idx1-ubyte"
    content = bytearray(labels.read_bytes())
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(content)
    shift(files_of(folder), -1_000_000)
    assert jobs_to_run(finished[0], study) == {"download": 1, **ALL}


def test_results_without_snakemakes_record_are_recomputed(finished, study, tmp_path):
    """Their code, versions and settings are unknown; once the record is back, nothing runs."""
    record = shutil.move(study / ".snakemake", tmp_path / "record")
    output = run_snakemake(finished[0], study, "--until", "download")
    assert "NOTE: `.snakemake`, the record of how results/ was made, is missing." in output.stderr
    assert jobs_to_run(finished[0], study) == ALL
    shutil.rmtree(study / ".snakemake")
    shutil.move(record, study / ".snakemake")
    assert jobs_to_run(finished[0], study) == {}


def test_touch_keeps_results_without_record(finished, study):
    shutil.rmtree(study / ".snakemake")
    run_snakemake(finished[0], study, "--touch")
    assert jobs_to_run(finished[0], study) == {}
    write_config(study, {"figures.dpi": 60})
    assert jobs_to_run(finished[0], study) == {"plot": 1, "report": 1}


@pytest.mark.long
def test_results_recomputed_without_record_have_the_same_bytes(finished, study):
    expected = contents(study)
    shutil.rmtree(study / ".snakemake")
    run_snakemake(finished[0], study)
    assert contents(study) == expected
    assert jobs_to_run(finished[0], study) == {}


def same_whoever_made_it(study):
    """Return the bytes of those results that name no engine."""
    kinds = (".csv", ".md", ".svg", ".png", "test.npz")
    return {path: content for path, content in contents(study).items() if path.endswith(kinds)}


@pytest.mark.long
def test_another_engines_results_without_record_feed_no_table(finished, study, tmp_path):
    """Made by another TensorFlow, by what its label says; vouched for, they are refused; made again, they are right."""
    other = environment_of_another(tmp_path / "other", "tensorflow")
    shutil.rmtree(study / ".snakemake")
    run_snakemake(finished[0], study, "--touch", python=other)
    forced = ("--forcerun", "evaluate", "aggregate")
    output = run_snakemake(finished[0], study, *forced, check=False, python=other)
    assert output.returncode != 0
    assert "tensorflow 99.0" in output.stderr + output.stdout
    assert "ERROR: " in output.stderr + output.stdout

    def run(*options):
        output = run_snakemake(finished[0], study, *options, check=False, python=other)
        return output.returncode, output.stdout + output.stderr

    assert follow_errors(lambda: run(*forced), study) > 1
    assert run()[0] == 0
    records = [*study.rglob("train.json"), *study.rglob("evaluate.json")]
    assert len(records) == 8
    assert all("tensorflow 99.0" in json.loads(record.read_text())["engine"] for record in records)
    assert same_whoever_made_it(study) == same_whoever_made_it(finished[1])
    assert jobs_to_run(finished[0], study, python=other) == {}
