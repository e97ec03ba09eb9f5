"""Measurements kept as they come: a CSV that grows line by line, so that hours of measuring can be taken up again."""

import csv
from pathlib import Path


def read(path: Path) -> list[dict[str, str]]:
    """Return all rows measured so far."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def measured(path: Path, **key) -> bool:
    """Return whether there is a row with these entries."""
    return any(all(row[name] == str(value) for name, value in key.items()) for row in read(path))


def add(path: Path, **row) -> None:
    """Add a row; the first one decides the columns."""
    new = not path.is_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
