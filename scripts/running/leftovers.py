"""What a run that was killed leaves behind: jobs that go on, files half written, Snakemake's lock."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from running import disk, one_run

SNAKEMAKE_LOCKS = Path(".snakemake") / "locks"
UNFINISHED = (".*.part", ".part-*")  # temporary files of atomic.py, temporary folders of download.py


def begin(folder: Path, unlock: Callable[[], None] | None = None) -> None:
    """Begin a run in a folder: hold it, clear up after the run before, and put this one on record. Once a process.

    Args:
        folder: the working directory.
        unlock: takes away Snakemake's lock; None where Snakemake has made it for this very run.

    Raises:
        SystemExit: with one line, if another run is at work, or may be, on another machine.
    """
    if one_run.holds(folder):
        return
    disk.require_room(folder)
    try:
        before = one_run.hold(folder)
        if unlock and is_locked(folder):
            if before is None or not before.was_here:
                raise one_run.FolderInUseError(
                    f"Snakemake's lock lies in {folder.resolve()}, made by {before or 'an unknown run'}. "
                    "Where no run is alive any more, say `snakemake --unlock` and run again"
                )
            unlock()
        if before:
            clear_up(folder, before)
        one_run.enter(folder)
    except (one_run.FolderInUseError, OSError) as error:
        sys.exit(f"ERROR: {error}.")


def is_locked(folder: Path) -> bool:
    """Whether Snakemake's lock lies in a folder, its maker alive or dead."""
    return any((folder / SNAKEMAKE_LOCKS).glob("*"))


def clear_up(folder: Path, run: one_run.Holder) -> None:
    """End the jobs that a dead run left behind on this machine, and remove what was only half written."""
    ended = end_jobs(run) if run.was_here else 0
    removed = remove_unfinished(folder / "results")
    if ended or removed:
        print(
            f"NOTE: the run before ({run}) was killed and left behind {ended} processes, now ended, "
            f"and {removed} unfinished files, now removed.",
            file=sys.stderr,
        )


def end_jobs(run: one_run.Holder) -> int:
    """Kill what is still alive of a run; returns how many processes that were.

    They would compete with ours for the cores, and write what the code and the config of their time asked for.
    """
    alive = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get(one_run.MARK) == run.name
    ]
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=10)
    return len(alive)


def remove_unfinished(results: Path) -> int:
    """Remove the temporary files and folders of jobs that were killed; returns how many."""
    found = [path for pattern in UNFINISHED for path in results.rglob(pattern)]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(found)
