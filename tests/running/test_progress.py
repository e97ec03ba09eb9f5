"""Progress of a run: pace and time left calculated by hand, epochs read from logs."""

import os

import pytest

from helpers.hand_jobs import job, run_of


def test_time_left_is_that_of_the_work_not_of_the_number_of_jobs():
    """Nine of ten jobs are done after 9 of 109 s."""
    jobs = [job("short", f"{k}") for k in range(9)] + [job("long")]
    progress = run_of(jobs, slots=1, short=1, long=100)
    assert progress.expected == 109
    for k in range(9):
        progress.start(jobs[k].key, k)
        progress.end(jobs[k].key, k + 1)
    assert progress.seconds_left(9) == pytest.approx(100)
    assert progress.share() == pytest.approx(9 / 109)
    progress.start(jobs[9].key, 9)
    assert progress.seconds_left(49) == pytest.approx(60)


def test_jobs_that_take_longer_stretch_the_rest():
    """30 s in place of 10, beside 5 s of trust: 35 where 15 were expected."""
    first, second = job("train", "a"), job("train", "b")
    progress = run_of([first, second], slots=1, train=10)
    progress.start(first.key, 100)
    progress.end(first.key, 130)
    assert progress.pace(True, 130) == pytest.approx(35 / 15)
    assert progress.seconds_left(130) == pytest.approx(10 * 35 / 15)


def test_other_jobs_begin_with_the_pace_of_trainings():
    """The plot takes 20 s in place of 10, beside 5 s of trust in three times as long."""
    train, plot, report = job("train"), job("plot"), job("report")
    progress = run_of([train, plot, report], slots=1, train=1e6, plot=10, report=1)
    progress.start(train.key, 0)
    progress.end(train.key, 3e6)
    assert progress.pace(False, 3e6) == pytest.approx(3, rel=1e-4)
    progress.start(plot.key, 3e6)
    progress.end(plot.key, 3e6 + 20)
    assert progress.pace(False, 3e6 + 20) == pytest.approx((5 * 3 + 20) / (5 + 10), rel=1e-4)


def test_a_training_late_with_its_first_epoch_shows_the_pace():
    """It should have begun after 4 s, and has not after 16: (5 + 16) / (5 + 4); all but these 4 s are left."""
    task = job("train")
    progress = run_of([task], train=24)
    progress.start(task.key, 1_000)
    assert progress.pace(True, 1_004) == 1
    assert progress.seconds_left(1_004) == pytest.approx(20)
    assert progress.pace(True, 1_016) == pytest.approx(21 / 9)
    assert progress.seconds_left(1_016) == pytest.approx(20 * 21 / 9)


def epochs(log, count, written):
    log.write_text("WARNING of TensorFlow\n" + "".join(f"seed 0 epoch {k}/10: train loss\n" for k in range(count)))
    os.utime(log, (written, written))


def test_epochs_of_a_running_training_count(tmp_path):
    """4 s to start, 2 s an epoch: at 5 of 10 epochs 14 s of 24 are done, here in 24 s: (5 + 24) / (5 + 14)."""
    log = tmp_path / "train.log"
    task = job("train", log=str(log))
    progress = run_of([task], train=24)
    progress.start(task.key, 1_000)
    epochs(log, 5, written=1_024)
    assert "5 of 10 epochs" in progress.line(1_024)
    assert progress.pace(True, 1_024) == pytest.approx(29 / 19)
    assert progress.seconds_left(1_024) == pytest.approx(10 * 29 / 19)
    assert progress.seconds_left(1_025) == pytest.approx(10 * 29 / 19 - 1)
    assert progress.seconds_left(1_900) == pytest.approx(8 * 29 / 19)  # the sixth is not over, whatever the clock says
    progress.end(task.key, 1_050)
    assert "100%, 1 of 1 jobs, 10 of 10 epochs" in progress.line(1_050)
    assert progress.seconds_left(1_050) == 0


def test_the_log_of_an_earlier_run_does_not_count(tmp_path):
    log = tmp_path / "train.log"
    task = job("train", log=str(log))
    progress = run_of([task], train=24)
    epochs(log, 10, written=900)
    progress.start(task.key, 1_000)
    assert "0 of 10 epochs" in progress.line(1_001)


def test_a_job_that_starts_again_has_done_nothing_yet(tmp_path):
    task = job("train", log=str(tmp_path / "train.log"))
    progress = run_of([task], train=24)
    progress.start(task.key, 1_000)
    epochs(tmp_path / "train.log", 5, written=1_010)
    progress.line(1_010)
    progress.fail(task.key)
    progress.start(task.key, 1_020)
    assert "0 of 10 epochs" in progress.line(1_021)
    assert "failed" not in progress.line(1_021)


def test_what_needs_a_failed_job_is_not_waited_for():
    train, other = job("train", "a"), job("train", "b")
    report = job("report", needs=train.outputs)
    progress = run_of([train, other, report], train=20, report=50)
    assert progress.expected == 70
    for task in (train, other):
        progress.start(task.key, 0)
    progress.fail(train.key)
    assert progress.seconds_left(4) == pytest.approx(16)
    assert "1 failed" in progress.line(4)
