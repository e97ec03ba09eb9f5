"""The jobs of a Snakemake run, and why it would run them: its own dry run, read from its log within this process."""

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from snakemake.cli import main as snakemake
from snakemake.common import NOTHING_TO_BE_DONE_MSG, get_appdirs
from snakemake.settings.types import SharedFSUsage
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.registry.plugin import Plugin

PROFILE = Path(__file__).resolve().parents[2] / "workflow" / "profiles" / "default"
LISTENER = "listener"  # the name of our plugin on Snakemake's command line
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Job:
    """A job as Snakemake logs it.

    Attributes:
        rule: the rule's name.
        wildcards: names and values.
        message: the rule's message, what the job does in one line.
        reason: why it runs, in Snakemake's words.
        inputs: paths of its input files.
        outputs: paths of its output files.
        logs: paths of its log files.
        benchmark: path of Snakemake's own record of its time, or None.
        priority: among jobs that are ready the largest starts first.
    """

    rule: str
    wildcards: dict[str, str]
    message: str
    reason: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    logs: tuple[str, ...]
    benchmark: str | None
    priority: float

    @property
    def key(self) -> Key:
        """Identifies a job in a dry run and in the run; Snakemake numbers jobs differently each time."""
        return self.rule, tuple(sorted(self.wildcards.items()))


def job_of(record: logging.LogRecord) -> Job:
    """Return the job of a record of the kind JOB_INFO."""
    return Job(
        record.rule_name,
        dict(record.wildcards or {}),
        record.rule_msg or record.rule_name,
        record.reason,
        tuple(record.input),
        tuple(record.output),
        tuple(record.log),
        record.benchmark,
        float("inf") if record.priority == "highest" else record.priority,
    )


class Listener(LogHandlerBase):
    """A handler that replaces Snakemake's output."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False


def cache_options() -> list[str]:
    """Return the options that keep Snakemake's cache of sources in temporary files, if the home cannot be written to.

    Snakemake creates that folder before it reads a Snakefile, whether it needs it or not, and fails if it cannot.
    """
    folder = get_appdirs().user_cache_dir
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        shared = SharedFSUsage.all() - {SharedFSUsage.SOURCE_CACHE}
        return ["--shared-fs-usage", *sorted(usage.item_to_choice() for usage in shared)]
    return []


def run_snakemake(arguments: list[str], make_listener: Callable | None = None) -> None:
    """Run Snakemake in this process; ends the process if Snakemake fails.

    The profile is given by its path: by itself Snakemake first looks for a folder `default` where it is started, which
    may be a study.

    Args:
        arguments: Snakemake's command line; a profile of the workflow there replaces ours.
        make_listener: called as Snakemake calls a logger plugin, with its settings and those of the plugin (none);
            returns the `Listener`. None keeps Snakemake's output.
    """
    if make_listener:
        LoggerPluginRegistry().plugins[LISTENER] = Plugin(make_listener, None, LISTENER)
        arguments = [f"--logger={LISTENER}", *arguments]
    try:
        snakemake(["--workflow-profile", str(PROFILE), *arguments, *cache_options()])
    except SystemExit as end:
        if end.code:
            raise


@dataclass
class DryRun:
    """What a dry run found.

    Attributes:
        jobs: those that would run, without rules that only name targets.
        nothing_to_do: whether Snakemake says that everything is up to date.
    """

    jobs: list[Job]
    nothing_to_do: bool = False


class _DryRunListener(Listener):
    """Collects jobs, and prints errors."""

    def __init__(self, found: DryRun, common_settings, settings):
        super().__init__(common_settings, settings)
        self.found = found

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            job = job_of(record)
            if job.outputs:
                self.found.jobs.append(job)
        elif record.getMessage() == NOTHING_TO_BE_DONE_MSG:
            self.found.nothing_to_do = True
        elif record.levelno >= logging.ERROR:
            print(record.getMessage(), file=sys.stderr)


def dry_run(arguments: list[str]) -> DryRun:
    """Return what Snakemake would do; if that fails, prints Snakemake's errors and ends the process.

    The notes of the Snakefile are not shown: the run itself, or the check of the config, prints them.
    """
    found = DryRun([])
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            # With `--quiet rules` Snakemake would not name the jobs.
            call = ["--dry-run", *arguments, "--quiet", "host"]
            run_snakemake(call, lambda *settings: _DryRunListener(found, *settings))
    except SystemExit:
        sys.stderr.write(errors.getvalue())
        raise
    return found
