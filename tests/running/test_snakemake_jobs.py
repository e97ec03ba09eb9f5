"""Jobs from Snakemake's log records, and its cache of sources. Dry runs: `workflow/test_progress_of_a_run.py`."""

import logging

import pytest

from running import snakemake_jobs
from running.snakemake_jobs import Job, cache_options, job_of

JOB_INFO = {
    "rule_name": "train",
    "wildcards": {"units": "8", "epochs": "2"},
    "rule_msg": "Train units=8",
    "reason": "Missing output files: a",
    "input": ["x_train.npy"],
    "output": ["a"],
    "log": ["train.log"],
    "benchmark": None,
    "priority": 3,
}


def record(**changes):
    made = logging.LogRecord("snakemake", logging.INFO, "", 0, "", None, None)
    made.__dict__.update(JOB_INFO | changes)
    return made


def test_a_job_is_what_its_record_holds():
    reason, wildcards = "Missing output files: a", {"units": "8", "epochs": "2"}
    expected = Job("train", wildcards, "Train units=8", reason, ("x_train.npy",), ("a",), ("train.log",), None, 3.0)
    assert job_of(record()) == expected
    assert job_of(record(rule_msg=None)).message == "train"
    assert job_of(record(priority="highest")).priority == float("inf")


def test_key_does_not_depend_on_the_order_of_wildcards():
    other = record(wildcards={"epochs": "2", "units": "8"}, output=["b"])
    assert job_of(other).key == job_of(record()).key
    assert job_of(record(wildcards={"epochs": "4", "units": "8"})).key != job_of(record()).key


@pytest.mark.parametrize("writable", [True, False])
def test_sources_are_cached_elsewhere_only_if_the_home_cannot_be_written_to(tmp_path, monkeypatch, writable):
    home = tmp_path / "home"
    if not writable:
        home.write_text("not a folder")
    monkeypatch.setattr(snakemake_jobs, "get_appdirs", lambda: type("Appdirs", (), {"user_cache_dir": str(home)}))
    options = cache_options()
    assert bool(options) != writable
    assert "source-cache" not in options
    assert writable or options[0] == "--shared-fs-usage"
