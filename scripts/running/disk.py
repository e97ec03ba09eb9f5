"""Whether a folder can be written to: asked before a run, and when one failed, since then a log may have no room."""

import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

ENOUGH = 1_000_000  # bytes, for plan, logs and Snakemake's own files; a job that needs more says so in its log


def trouble(folder: Path) -> str | None:
    """Return one line that says why a study's folder cannot be written to and what to do; None if it can.

    Its `results` may lie on a disk of their own.
    """
    for place in (folder, folder / "results"):
        try:
            if place == folder:
                folder.mkdir(parents=True, exist_ok=True)
            elif not place.is_dir():
                continue
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(bytes(ENOUGH))
        except OSError as error:
            # Bytecode that Python has just written may be cut off, and would stop every later run: cpython issue 126606
            for cache in Path(__file__).parents[1].rglob("__pycache__"):
                shutil.rmtree(cache, ignore_errors=True)
            reason = f"{place.resolve()} cannot be written to: {error.strerror}"
            return f"{reason}. Mend that and run again: what is finished stays."
    return None


def require_room(folder: Path) -> None:
    """End the process with one line if a folder cannot be written to."""
    if line := trouble(folder):
        sys.exit(f"ERROR: {line}")


@cache
def tell_trouble(folder: Path) -> None:
    """Say once why a run failed, if that is because a folder, an absolute path, cannot be written to."""
    if line := trouble(folder):
        print(f"ERROR: {line}", file=sys.stderr)
