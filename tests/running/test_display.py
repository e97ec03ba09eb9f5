"""What a terminal and a log file show of a run: one line that updates, few lines, or all of Snakemake's messages."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from helpers.hand_jobs import job, run_of
from running import display

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


def test_a_log_file_gets_few_lines(listening):
    """Ten hours of a hundred jobs, looked at each second: a line for each 5 %, and not within a minute."""
    jobs = [job("short", f"{k}") for k in range(100)]
    stream = io.StringIO()
    listener = listening(stream, run_of(jobs, slots=1, short=360))
    start = listener.printed
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
    listener.handle(info(1, jobs[0], listener.printed))
    listener.handle(record(LogEvent.JOB_FINISHED, job_id=1, created=listener.printed + 40))
    listener._show(listener.printed + 50)
    assert stream.getvalue() == ""


def test_a_terminal_has_one_line_that_makes_way_for_messages(listening):
    task = job("train", "with a name that is too long for a narrow terminal, by far")
    stream = Screen()
    listener = listening(stream, run_of([task], train=24))
    listener.handle(info(7, task, listener.printed))
    listener._show(listener.printed + 1)
    listener.handle(record(None, "a warning", logging.WARNING))
    listener.close()
    first, rest = stream.getvalue().split("\x1b[K", 1)
    assert first == "\r  0%, 0 of 1 jobs, 0 of 10 epochs, after 1 s, about 23 s left"[:60]
    assert rest == "\r\x1b[Ka warning\n\r\x1b[K"


@pytest.mark.parametrize("setting", ["verbose", "printshellcmds"])
def test_verbose_shows_all_of_snakemakes_messages(listening, setting):
    stream = io.StringIO()
    listener = listening(stream, run_of([]), **{setting: True})
    listener.handle(record(None, "Select jobs to execute..."))
    assert stream.getvalue() == "Select jobs to execute...\n"


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
