"""Tables and figures of sweeps and grids that a study no longer holds: an old one looks as right as a new one."""

import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from files.records import Record, RecordError


def remove_outdated(record: Path, wanted: Collection[str]) -> None:
    """Remove the files that an earlier job recorded as its own and that its study no longer holds.

    A file that is on no record, or was changed since, is the user's and stays.

    Args:
        record: the record of the earlier job; where there is none, nothing is removed.
        wanted: names of the files that the job would write now.
    """
    try:
        earlier = Record(record)
    except RecordError:
        return
    removed = []
    for name in sorted(set(earlier.sha256) - set(wanted)):
        with suppress(RecordError):
            earlier.file(name).unlink()
            removed.append(name)
    if removed:
        print(
            f"NOTE: Removed from {record.parent}, as the study no longer has them: {', '.join(removed)}",
            file=sys.stderr,
        )
