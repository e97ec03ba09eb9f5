"""The end of a run: its time by rule, its failures, the report, and why it failed."""

import sys

import pytest

from helpers.hand_jobs import job, run_of
from running import conclusion
from running.conclusion import account, concluded
from running.progress import opening


def test_account_counts_by_hand():
    jobs = [job("train", "a"), job("train", "b"), job("plot")]
    progress = run_of(jobs, train=20, plot=5)
    assert opening(progress) == "3 jobs with 20 epochs, about 25 s with 2 side by side."
    progress.start(jobs[0].key, 0)
    progress.start(jobs[1].key, 0)
    progress.end(jobs[0].key, 30)
    progress.end(jobs[1].key, 70)
    progress.start(jobs[2].key, 70)
    progress.fail(jobs[2].key)
    text = account([progress])
    assert text.startswith("2 jobs ran in 1 min 10 s, 20 epochs. 1 failed, 0 did not start:\n  plot ")
    assert "| train  |      2 | 1 min 40 s | 1 min 10 s |" in text
    assert text.endswith("1 min 10 s  train b\n          30 s  train a")
    assert account([run_of(jobs, train=20, plot=5)]) == account([]) == ""


def test_account_names_the_first_of_very_many_failures():
    jobs = [job("train", f"{k}") for k in range(500)]
    progress = run_of(jobs, train=20)
    for k, task in enumerate(jobs):
        progress.start(task.key, k)
        progress.fail(task.key)
    assert account([progress]).splitlines()[0] == "No job succeeded. 500 failed, 0 did not start:"
    assert account([progress]).splitlines()[-2:] == ["  train 9", "  …"]


def test_account_counts_jobs_that_stopped_early():
    """Ctrl-C, or an output that Snakemake misses after a job: it logs no error of the job then."""
    jobs = [job("train", "a"), job("train", "b"), job("plot")]
    progress = run_of(jobs, train=20, plot=5)
    progress.start(jobs[0].key, 0)
    progress.start(jobs[1].key, 0)
    progress.end(jobs[0].key, 1)
    text = account([progress])
    assert text.startswith("1 job ran in 1 s, 10 epochs. 1 stopped early, 1 did not start:\n  train b\n")


def test_success_prints_times_and_the_report(tmp_path, capsys):
    report = tmp_path / "results" / "report.html"
    report.parent.mkdir()
    report.touch()
    task = job("plot")
    with concluded(tmp_path) as runs:
        runs.append(run_of([task], plot=5))
        runs[0].start(task.key, 0)
        runs[0].end(task.key, 3)
    output = capsys.readouterr().out
    assert output.startswith("1 job ran in 3 s.")
    assert output.endswith(f"The report is in {report}\n")


def test_failure_prints_times_and_its_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(conclusion.guard, "explain_failure", lambda folder: print(f"{folder} is full"))
    progress = run_of([job("plot")], plot=5)
    progress.start(job("plot").key, 0)
    progress.fail(job("plot").key)

    def failing_run():
        with concluded(tmp_path) as runs:
            runs.append(progress)
            sys.exit(1)

    with pytest.raises(SystemExit):
        failing_run()
    assert capsys.readouterr().out == f"{tmp_path} is full\nNo job succeeded. 1 failed, 0 did not start:\n  plot \n"
