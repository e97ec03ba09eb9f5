"""Progress on the terminal, in place of Snakemake's messages; errors are shown as Snakemake words them."""

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from running.forecast import Expectation, Work
from running.progress import Progress, opening
from running.snakemake_jobs import Listener, dry_run, job_of, run_snakemake

EACH_SECONDS, EACH_SHARE = 60, 0.05  # in a log file, a line after this much time and progress
ALSO_SHOWN = (
    "Trying to restart job",
    "Removing output files of failed job",
    "Terminating processes",
    "Will exit after finishing",
)


class ProgressListener(Listener):
    """One line that updates every second; in a log file, a new line now and then.

    A dry run, `--verbose` and `--printshellcmds` show all of Snakemake's messages.
    """

    def __init__(self, progress: Progress, common_settings, settings):
        super().__init__(common_settings, settings)
        given = common_settings
        self.progress = progress
        self.stream = sys.stdout if given.dryrun else sys.stderr
        self.snakemakes = ColorizingTextHandler(
            given.nocolor,
            self.stream,
            DefaultFormatter(given.quiet, given.show_failed_logs),
            DefaultFilter(given.quiet, given.debug_dag, given.verbose, given.dryrun, given.printshellcmds),
        )
        self.dryrun = given.dryrun
        self.shows_all = given.dryrun or given.verbose or given.printshellcmds or given.debug_dag
        self.is_terminal = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.keys = {}
        self.printed, self.printed_share = time.time(), 0.0
        self.closed = threading.Event()
        if not self.shows_all and not {"all", "progress"} & {f"{kind}".lower() for kind in given.quiet or ()}:
            threading.Thread(target=self._tick, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Update the progress from a message, and show it if it is for a reader."""
        if not self.dryrun:
            self._note(record)
        if self.shows_all or record.levelno >= logging.WARNING or record.getMessage().startswith(ALSO_SHOWN):
            self._clear()
            self.snakemakes.handle(record)

    def _note(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.keys[record.jobid] = job_of(record).key
            self.progress.start(self.keys[record.jobid], record.created)
        elif event == LogEvent.JOB_FINISHED:
            self.progress.end(self.keys.get(record.job_id), record.created)
        elif event == LogEvent.JOB_ERROR and record.jobid in self.keys:
            self.progress.fail(self.keys[record.jobid])
        elif event == LogEvent.RESOURCES_INFO and hasattr(record, "nodes"):
            self.progress.slots = record.nodes

    def _tick(self) -> None:
        while not self.closed.wait(1):
            with self.lock:
                if not self.closed.is_set():  # since the wait
                    self._show(time.time())

    def _show(self, now: float) -> None:
        if self.progress.began is None:
            return
        if self.is_terminal:
            line = self.progress.line(now)[: shutil.get_terminal_size().columns - 1]
            self.stream.write(f"\r{line}\x1b[K")
        elif now - self.printed >= EACH_SECONDS:
            line, share = self.progress.line(now), self.progress.share()
            if share - self.printed_share < EACH_SHARE:
                return
            self.printed, self.printed_share = now, share
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def _clear(self) -> None:
        if self.is_terminal:
            self.stream.write("\r\x1b[K")

    def close(self) -> None:
        """Stop showing: Snakemake calls this after its last message, and again when the process ends."""
        with self.lock:
            if not self.closed.is_set():
                self.closed.set()
                self._clear()
                self.stream.flush()
        super().close()


def run(arguments: list[str], folder: Path, work: Work, slots: int, runs: list[Progress]) -> None:
    """Run Snakemake with progress shown; ends the process if Snakemake fails.

    Args:
        arguments: Snakemake's command line.
        folder: the study's, which holds its results.
        work: the work of the study's jobs.
        slots: how many jobs run side by side.
        runs: gets what became of the run, if anything was to do.
    """
    found = dry_run(arguments)
    if found.nothing_to_do:
        print(NOTHING_TO_BE_DONE_MSG)
        return
    with contextlib.chdir(folder):
        expectation = Expectation.from_records(work)
    progress = Progress(found.jobs, expectation, slots)
    if found.jobs:
        print(opening(progress), flush=True)
    runs.append(progress)
    run_snakemake(arguments, lambda *settings: ProgressListener(progress, *settings))
