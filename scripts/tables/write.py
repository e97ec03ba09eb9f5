"""Tables are written one way: rows of text as CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path

from files.atomic import atomic_path


def write_table(path: Path, columns: Sequence[str], rows: list[dict[str, str]]) -> None:
    """Write rows of text as CSV; cells without a column are left out, absent ones stay empty."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
