"""Time stamps that would mislead Snakemake: those of a clock that was wrong, and all of them where its record is gone.

Snakemake makes a file again that is older than one it was made from, unless its record says that this has not changed.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

RECORD_IS_GONE = (
    ".snakemake, the record of how results/ was made, is not there, so everything is made again. To keep what there "
    "is, copy the record along; or, if you are sure, say `snakemake --touch` first."
)
RECORD = (Path(".snakemake") / "metadata", Path(".snakemake") / "metadata.db")


def out_of_the_future(folder: Path) -> int:
    """Set the time stamps of a folder's files back where they lie in the future; returns how many these were.

    What is made now would look older than they, so they would not be made again, and a job that reads them would fail
    with a complaint about the clock. Their order is kept.
    """
    now = time.time()
    future = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):  # gone meanwhile, as jobs rename their files, or another user's
                changed = os.lstat(path).st_mtime
                if changed > now:
                    future[path] = changed
    newest = max(future.values(), default=now)
    for path, changed in future.items():
        moved = changed - newest + now - 1
        with suppress(OSError):
            os.utime(path, (moved, moved), follow_symlinks=False)
    return len(future)


def record_is_gone(folder: Path) -> bool:
    """Whether a working directory holds results, but not Snakemake's record of the code and settings they came from."""
    places = [folder / place for place in RECORD]
    known = any(place.is_file() or (place.is_dir() and any(place.iterdir())) for place in places)
    return not known and any((folder / "results" / "runs").glob("*"))


def make_all_stale(folder: Path) -> None:
    """Make the raw data newer than all that rests on them; a record that comes back tells that they are the same."""
    for path in (folder / "results" / "data").glob("*/raw/*"):
        path.touch()
