"""One run at a time in a folder, by a lock of the operating system's that a process holds until its end, of any kind.

Snakemake's own lock is a file: it stays when Snakemake is killed, and nothing tells whether its maker is alive. This
one is free again at once, so that the next run may know the one before to be dead, and clear up what it left behind.
"""

import fcntl
import json
import os
import socket
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

LOCK = Path(".snakemake") / "run.lock"
MARK = "DENSE_MNIST_RUN"  # variable in the environment of all processes of a run
PATIENCE = 1.0  # seconds: a run that was just ended may still be busy with dying

_held: dict[Path, IO] = {}


class FolderInUseError(RuntimeError):
    """Another run is at work in the folder; the message is one line."""


@dataclass(frozen=True)
class Holder:
    """The run that holds a folder, or held it last, as the file of the lock tells it.

    Attributes:
        name: as in `MARK`; no two runs have the same.
        host: the machine.
        process: id of its process there.
        began: local time.
    """

    name: str
    host: str
    process: int
    began: str

    @property
    def was_here(self) -> bool:
        """Whether it ran on this machine, whose locks say whether it is still alive; another machine's may not."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, begun {self.began}"


def hold(folder: Path) -> Holder | None:
    """Hold a folder until this process ends.

    Returns:
        The run that held it last; None if there was none, or the file system knows no locks.

    Raises:
        FolderInUseError: if another process holds it.
        OSError: if the folder cannot be written.
    """
    path = folder.resolve() / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    latest = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > latest:
                raise FolderInUseError(
                    f"another run is at work in {folder.resolve()} ({_last(file) or 'just begun'}). "
                    "Wait for its end, or end it with Ctrl-C"
                ) from None
            time.sleep(0.1)
        except OSError:
            return None
        else:
            _held[path] = file
            return _last(file)


def holds(folder: Path) -> bool:
    """Whether this process holds a folder."""
    return folder.resolve() / LOCK in _held


def enter(folder: Path) -> None:
    """Put this run on record in a folder that it holds, and mark all processes that it will start."""
    file = _held.get(folder.resolve() / LOCK)
    if file is None:
        return
    run = Holder(uuid.uuid4().hex, socket.gethostname(), os.getpid(), f"{datetime.now():%Y-%m-%d %H:%M}")
    file.seek(0)
    file.truncate()
    file.write(json.dumps(asdict(run)))
    file.flush()
    os.fsync(file.fileno())
    os.environ[MARK] = run.name


def held_by_another(folder: Path) -> bool:
    """Whether another process holds a folder."""
    path = folder.resolve() / LOCK
    if path in _held:
        return False
    with suppress(FileNotFoundError, PermissionError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def _last(file: IO) -> Holder | None:
    """Return the run on record; None if there is none."""
    file.seek(0)
    try:
        return Holder(**json.load(file))
    except (ValueError, TypeError):
        return None
