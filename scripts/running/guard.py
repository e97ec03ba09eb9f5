"""One run at a time in a folder, and nothing left of a run that was killed.

A run holds its folder by a lock of the operating system, which is free again at once, however the run ends. Snakemake's
own lock is a file: it stays when Snakemake is killed, and nothing shows whether its maker is still alive.
"""

import atexit
import fcntl
import json
import os
import shutil
import socket
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO

import psutil

LOCK = Path(".snakemake") / "run.lock"
SNAKEMAKE_LOCKS = Path(".snakemake") / "locks"
RUN_VARIABLE = "DENSE_MNIST_RUN"  # in the environment of all processes of a run: its name
PATIENCE = 1.0  # seconds: a run that was just stopped may need a moment to end
FREE_BYTES = 100_000  # for Snakemake's own files and the first logs; a job that needs more says so in its log
RECORD_IS_GONE = (
    "`.snakemake`, the record of how results/ was made, is missing. Everything will be recomputed. To avoid that, "
    "press Ctrl-C and copy `.snakemake` too; or, if you know that results/ is up to date, run `snakemake --touch`"
)

_held: dict[Path, IO] = {}
_succeeded: set[Path] = set()
_explained: set[Path] = set()


@dataclass(frozen=True)
class Holder:
    """The run that holds a folder, or held it last, as the lock file records it.

    Attributes:
        name: as in `RUN_VARIABLE`, unique.
        host: the machine.
        process: its process id there.
        began: local time.
        succeeded: whether it ended, and without an error.
    """

    name: str
    host: str
    process: int
    began: str
    succeeded: bool = False

    @property
    def was_here(self) -> bool:
        """Whether it ran on this machine; the lock of another machine's run may not be visible here."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, started {self.began}"


def begin(folder: Path, *, unlock: bool = False, has_snakemake_lock: bool = False) -> None:
    """Hold a folder until this process ends, and make it ready for a run. Does nothing the second time.

    Stops the jobs and removes the files of a run that did not succeed, corrects time stamps, and records this run.
    It looks through all results only after such a run, after the clock was set back, or without Snakemake's record.

    Args:
        folder: the working directory of Snakemake.
        unlock: whether to remove Snakemake's lock if its maker is dead. A profile may have jobs on a cluster then.
        has_snakemake_lock: whether the lock is that of this very run.

    Raises:
        SystemExit: with one line, if the folder cannot be written to, or another run is or may be at work there.
    """
    folder = folder.resolve()
    if folder in _held:
        return
    try:
        (folder / LOCK).parent.mkdir(parents=True, exist_ok=True)
        if problem := write_problem(folder):
            sys.exit(f"ERROR: {problem}")
        had_runs = (folder / LOCK).exists()
        file = (folder / LOCK).open("a+", encoding="utf-8")
        is_locked = _lock(file, folder)
        previous = _recorded_run(file) if is_locked else None
        if not has_snakemake_lock:
            _remove_snakemake_lock(folder, previous, unlock)
        failed = had_runs and is_locked and not (previous and previous.succeeded)
        if failed and previous:
            _clear_up(folder, previous)
        is_gone = record_is_gone(folder)
        if failed or is_gone or os.fstat(file.fileno()).st_mtime > time.time():
            set_back_future_time_stamps(folder / "results")
        if is_gone:
            print(f"NOTE: {RECORD_IS_GONE}.", file=sys.stderr)
            make_everything_stale(folder)
        run = Holder(uuid.uuid4().hex, socket.gethostname(), os.getpid(), f"{datetime.now():%Y-%m-%d %H:%M}")
        os.environ[RUN_VARIABLE] = run.name
        if is_locked:
            _record(file, run)
            atexit.register(_end, folder, run)
        _held[folder] = file
    except OSError as error:
        sys.exit(f"ERROR: {folder} cannot be prepared for a run: {error}.")


def note_success(folder: Path) -> None:
    """Note that the run in a folder ended well so far; a run that ends otherwise is cleared up after."""
    _succeeded.add(folder.resolve())


def explain_failure(folder: Path) -> None:
    """Note that the run in a folder failed; print why if the folder cannot be written to."""
    folder = folder.resolve()
    _succeeded.discard(folder)
    problem = write_problem(folder)
    if problem and folder not in _explained:
        _explained.add(folder)
        print(f"ERROR: {problem}", file=sys.stderr)


def write_problem(folder: Path) -> str | None:
    """Return one line that says why a study's folder cannot be written to and what to do; None if it can.

    Its `results` may lie on another disk.
    """
    for place in (folder, folder / "results"):
        try:
            if place.is_dir():
                with tempfile.TemporaryFile(dir=place) as file:
                    file.write(bytes(FREE_BYTES))
        except OSError as error:
            # Bytecode that Python has just written may be cut off, and would stop every later run: cpython issue 126606
            for cache in Path(__file__).parents[1].rglob("__pycache__"):
                shutil.rmtree(cache, ignore_errors=True)
            reason = f"{place.resolve()} cannot be written to: {error.strerror}"
            return f"{reason}. Fix this and run again; finished results are kept."
    return None


def record_is_gone(folder: Path) -> bool:
    """Whether a folder holds results, but not Snakemake's record of the code and settings they came from."""
    metadata, database = (folder / ".snakemake" / name for name in ("metadata", "metadata.db"))
    is_there = database.is_file() or any(metadata.glob("*"))
    return not is_there and any((folder / "results" / "runs").glob("*"))


def make_everything_stale(folder: Path) -> None:
    """Make the raw data newer than all that rests on them; if Snakemake's record comes back, it shows no change."""
    for path in (folder / "results" / "data").glob("*/raw/*"):
        path.touch()


def set_back_future_time_stamps(folder: Path) -> None:
    """Move the time stamps of a folder's files that lie in the future to the past, in their order.

    A file made from now on would look older than these: Snakemake would not make again what depends on it, and would
    call a job that reads them a failure.
    """
    now = time.time()
    future = {}
    for place, _, names in os.walk(folder):
        for path in (os.path.join(place, name) for name in names):
            with suppress(FileNotFoundError):  # renamed meanwhile by a job on a cluster
                if (changed := os.lstat(path).st_mtime) > now:
                    future[path] = changed
    newest = max(future.values(), default=now)
    for path, changed in future.items():
        moved = changed - newest + now - 1
        with suppress(FileNotFoundError, PermissionError):  # another user's
            os.utime(path, (moved, moved), follow_symlinks=False)


def _lock(file: IO, folder: Path) -> bool:
    """Lock an open file; returns False where the file system has no locks. Ends the process if a run holds it."""
    latest = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > latest:
                run = f"another run is at work in {folder} ({_recorded_run(file) or 'just started'})"
                sys.exit(f"ERROR: {run}. Wait for its end, or stop it with Ctrl-C.")
            time.sleep(0.1)
        except OSError:
            return False
        else:
            return True


def _recorded_run(file: IO) -> Holder | None:
    file.seek(0)
    try:
        return Holder(**json.load(file))
    except (ValueError, TypeError):
        return None


def _record(file: IO, run: Holder) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(asdict(run)))
    file.flush()
    os.fsync(file.fileno())


def _end(folder: Path, run: Holder) -> None:
    """Record that a run succeeded; Python does not call this in a process that is killed."""
    if folder in _succeeded:
        with suppress(OSError):
            _record(_held[folder], replace(run, succeeded=True))


def _remove_snakemake_lock(folder: Path, previous: Holder | None, unlock: bool) -> None:
    """Remove Snakemake's lock if that is allowed and its maker known to be dead; ends the process if not."""
    locks = list((folder / SNAKEMAKE_LOCKS).glob("*"))
    if locks and not (unlock and previous and previous.was_here):
        sys.exit(
            f"ERROR: {folder} is locked by Snakemake ({previous or 'an unknown run'}). "
            "If no job of it is at work, here or on a cluster, run `snakemake --unlock` and try again."
        )
    for lock in locks:
        lock.unlink()


def _clear_up(folder: Path, run: Holder) -> None:
    """Stop the jobs that a dead run left on this machine, and remove the files it did not complete."""
    stopped = _stop_jobs(run) if run.was_here else 0
    removed = _remove_partial_files(folder / "results")
    if stopped or removed:
        processes = f"{stopped} leftover process{'' if stopped == 1 else 'es'}"
        files = f"{removed} partial file{'' if removed == 1 else 's'}"
        print(f"NOTE: The previous run ({run}) did not finish. Stopped {processes}, removed {files}.", file=sys.stderr)


def _stop_jobs(run: Holder) -> int:
    """Kill what is still alive of a run, so that it neither takes cores nor writes results; returns how many."""
    jobs = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get(RUN_VARIABLE) == run.name
    ]
    for process in jobs:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(jobs, timeout=10)
    return len(jobs)


def _remove_partial_files(results: Path) -> int:
    """Remove the temporary files and folders of atomic.py and download.py; returns how many."""
    found = [path for pattern in (".*.part", ".part-*") for path in results.rglob(pattern)]
    for path in found:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return len(found)
