"""Temporary."""

import sys
from pathlib import Path

from running import disk, leftovers, one_run, time_stamps


def begin(folder: Path, unlock=None) -> None:
    """Begin."""
    if one_run.holds(folder):
        return
    leftovers.begin(folder, unlock)
    time_stamps.out_of_the_future(folder / "results")
    if time_stamps.record_is_gone(folder):
        time_stamps.make_all_stale(folder)
        print(f"NOTE: {time_stamps.RECORD_IS_GONE}", file=sys.stderr)


explain_failure = disk.tell_trouble
