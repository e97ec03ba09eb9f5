"""Files appear under their names only when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the name `path` when the block ends without error.

    Two processes that write one file, on one machine or two, never share a temporary path: the last to end wins, and
    the file is whole. It is on the disk before it takes the name, so that it is whole after a power cut too. A process
    that is killed leaves at most the temporary file, whose name no rule knows.

    Raises:
        SystemExit: with one line, if the file cannot be written: a disk that is full or read-only, a quota used up.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        # numpy says how much of an array it wrote, and not why that was not all.
        reason = error.strerror or f"{error} (is the disk full, or a quota used up?)"
        raise SystemExit(
            f"ERROR: {path} cannot be written: {reason}. Fix this and run again; finished results are kept."
        ) from None
    finally:
        with suppress(OSError):  # a read-only disk refuses to remove even what is not there
            temporary.unlink(missing_ok=True)
