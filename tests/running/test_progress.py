"""Progress of a run: time left by hand, epochs read from logs, what a log file and a terminal get to see."""

import io
import logging
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from helpers.workflow import copy_project, write_config
from run_study import DRY_RUN
from running import display
from running.progress import Progress, opening, summary
from running.snakemake_jobs import Job


class Hand:
    """Expectations written down by hand: seconds by rule; a training starts for 4 of them and has 10 epochs."""

    def __init__(self, **seconds):
        self.by_rule = seconds
        self.work = SimpleNamespace(epochs=lambda job: 10 * (job.rule == "train"))

    def seconds(self, job):
        return self.by_rule[job.rule]

    def start_seconds(self, job):
        return 4 if job.rule == "train" else 0


def job(rule, name="", needs=(), log="", priority=0):
    outputs = (f"{rule}{name}",)
    return Job(rule, {"point": name}, f"{rule} {name}", "", tuple(needs), outputs, (log,), None, priority)


def run_of(jobs, slots=2, **seconds):
    return Progress(jobs, Hand(**seconds), slots)


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


def test_summary_counts_by_hand():
    jobs = [job("train", "a"), job("train", "b"), job("plot")]
    progress = run_of(jobs, train=20, plot=5)
    assert opening(progress) == "3 jobs with 20 epochs, about 25 s with 2 side by side."
    progress.start(jobs[0].key, 0)
    progress.start(jobs[1].key, 0)
    progress.end(jobs[0].key, 30)
    progress.end(jobs[1].key, 70)
    progress.start(jobs[2].key, 70)
    progress.fail(jobs[2].key)
    text = summary([progress])
    assert text.startswith("2 jobs ran in 1 min 10 s, 20 epochs. 1 failed, 0 did not start:\n  plot ")
    assert "| train  |      2 | 1 min 40 s | 1 min 10 s |" in text
    assert text.endswith("1 min 10 s  train b\n          30 s  train a")
    assert summary([run_of(jobs, train=20, plot=5)]) == summary([]) == ""


SETTINGS = {"nocolor": True, "quiet": set(), "show_failed_logs": True, "debug_dag": False}
SETTINGS |= {"verbose": False, "dryrun": False, "printshellcmds": False}


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def listening(monkeypatch):
    """A function that returns a listener on a stream, without a clock of its own."""
    made = []

    def make(stream, progress, **settings):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr(display.threading.Thread, "start", lambda thread: None)
        made.append(display.ProgressListener(progress, SimpleNamespace(**SETTINGS | settings), None))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


def record(event, message="", level=logging.INFO, **extra):
    made = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    made.__dict__.update(extra, event=event)
    return made


def info(number, task, created):
    return record(
        LogEvent.JOB_INFO,
        jobid=number,
        created=created,
        rule_name=task.rule,
        wildcards=task.wildcards,
        rule_msg=task.message,
        reason="",
        input=[],
        output=task.outputs,
        log=task.logs,
        benchmark=None,
        priority=0,
    )


def test_summary_names_the_first_of_very_many_failures():
    jobs = [job("train", f"{k}") for k in range(500)]
    progress = run_of(jobs, train=20)
    for k, task in enumerate(jobs):
        progress.start(task.key, k)
        progress.fail(task.key)
    assert summary([progress]).splitlines()[0] == "No job ended well. 500 failed, 0 did not start:"
    assert summary([progress]).splitlines()[-2:] == ["  train 9", "  …"]


def test_a_log_file_gets_few_lines(listening):
    """Ten hours of a hundred jobs, looked at each second: a line for each 5 %, and not within a minute."""
    jobs = [job("short", f"{k}") for k in range(100)]
    stream = io.StringIO()
    listener = listening(stream, run_of(jobs, slots=1, short=360))
    start = listener.told
    for k, task in enumerate(jobs):
        listener.handle(info(k, task, start + 360 * k))
        for second in range(0, 360, 10):
            listener._show(start + 360 * k + second)
        listener.handle(record(LogEvent.JOB_FINISHED, job_id=k, created=start + 360 * (k + 1)))
        listener.handle(record(None, "Select jobs to execute..."))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 17
    assert lines[1].startswith(" 10%, 10 of 100 jobs, after 1 h, about 9 h left")


def test_a_short_run_gets_no_line_in_a_log_file(listening):
    jobs = [job("short", "a"), job("short", "b")]
    stream = io.StringIO()
    listener = listening(stream, run_of(jobs, short=40))
    listener.handle(info(1, jobs[0], listener.told))
    listener.handle(record(LogEvent.JOB_FINISHED, job_id=1, created=listener.told + 40))
    listener._show(listener.told + 50)
    assert stream.getvalue() == ""


def test_a_terminal_has_one_line_that_makes_way_for_messages(listening):
    task = job("train", "with a name that is too long for a narrow terminal, by far")
    stream = Screen()
    listener = listening(stream, run_of([task], train=24))
    listener.handle(info(7, task, listener.told))
    listener._show(listener.told + 1)
    listener.handle(record(None, "a warning", logging.WARNING))
    listener.close()
    first, rest = stream.getvalue().split("\x1b[K", 1)
    assert first == "\r  0%, 0 of 1 jobs, 0 of 10 epochs, after 1 s, about 23 s left"[:60]
    assert rest == "\r\x1b[Ka warning\n\r\x1b[K"


@pytest.mark.parametrize("setting", ["verbose", "printshellcmds"])
def test_who_asks_for_more_gets_all_of_snakemakes_messages(listening, setting):
    stream = io.StringIO()
    listener = listening(stream, run_of([]), **{setting: True})
    listener.handle(record(None, "Select jobs to execute..."))
    assert stream.getvalue() == "Select jobs to execute...\n"


def make(project, study, check=True):
    """Run what `make` runs."""
    call = [sys.executable, str(project / "scripts" / "run_study.py"), "config.yaml", "--cores", "2"]
    call += ["--snakefile", str(project / "workflow" / "Snakefile")]
    done = subprocess.run(call, cwd=study, capture_output=True, text=True, timeout=300, check=False)
    assert not (check and done.returncode), done.stderr
    return done


def test_a_run_tells_what_is_to_come_and_what_it_took(finished, tmp_path):
    study = shutil.copytree(finished[1], tmp_path / "study")
    write_config(study, {"sweeps.learning_rate": [0.001, 0.002, 0.01]})
    done = make(finished[0], study)
    assert "7 jobs with 4 epochs, about " in done.stdout
    assert "7 jobs ran in " in done.stdout
    assert "Train units=8,learning_rate=0.002," in done.stdout
    assert "rule" not in done.stderr


def test_a_failed_job_shows_its_log(study_with_broken_evaluation):
    project, study = study_with_broken_evaluation
    done = make(project, study, check=False)
    assert done.returncode != 0
    assert "Error in rule evaluate" in done.stderr
    assert "ERROR: this evaluation cannot be" in done.stderr
    assert "0 jobs" not in done.stdout
    assert "4 failed, 5 did not start:\n  Evaluate units=" in done.stdout


@pytest.fixture
def study_with_broken_evaluation(finished, tmp_path):
    project, study = copy_project(tmp_path / "project"), shutil.copytree(finished[1], tmp_path / "study")
    script = project / "scripts" / "evaluate.py"
    script.write_text('import sys\n\nsys.exit("ERROR: this evaluation cannot be")\n')
    return project, study


def test_summary_tells_what_ended_before_its_time():
    """Ctrl-C, or an output that Snakemake misses after a job: it logs no error of the job then."""
    jobs = [job("train", "a"), job("train", "b"), job("plot")]
    progress = run_of(jobs, train=20, plot=5)
    progress.start(jobs[0].key, 0)
    progress.start(jobs[1].key, 0)
    progress.end(jobs[0].key, 1)
    text = summary([progress])
    assert text.startswith("1 job ran in 1 s, 10 epochs. 1 ended before their time, 1 did not start:\n  train b\n")


def test_nothing_is_shown_after_the_end(listening):
    progress = run_of([job("train", "a")], train=20)
    stream = Screen()
    listener = listening(stream, progress)
    progress.start(job("train", "a").key, 0)
    listener.close()
    shown = stream.getvalue()
    listener.closed.wait = lambda seconds: listener.closed.wait_calls.pop()  # the wait ended just before the close
    listener.closed.wait_calls = [True, False]
    listener._tick()
    assert stream.getvalue() == shown


@pytest.mark.parametrize(
    ("words", "dry"),
    [(["-n"], True), (["-np"], True), (["--dry-run"], True), (["--dryrun"], True), (["-p"], False), (["plan"], False)],
)
def test_a_dry_run_is_known_in_all_its_spellings(words, dry):
    assert any(DRY_RUN.fullmatch(word) for word in words) == dry
