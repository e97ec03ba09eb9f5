"""The checksums of a finished study: what two people compare to know whether they hold the same bytes.

The format is that of `sha256sum`, which can check it too: a line a file, `{SHA-256}  {path below results}`, sorted by
path.
Lines that start with `#` say what made the study, as `key: value`.
"""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path

from files.records import Record, sha256

TABLES_AND_FIGURES = ("tables/aggregate", "tables/resample", "tables/check_published", "figures/plot")
OPTIONAL = "optimizer.npz"  # a study need not keep an optimizer's variables
STAGES = {  # by the end of a path; the first that fits
    "state.npz": "training",
    "history.csv": "training",
    "test.npz": "evaluation",
    "metrics.csv": "evaluation",
    "plan.csv": "plan",
    "report.md": "report",
    ".svg": "figures",
    ".png": "figures",
    "": "tables",
}


def study_checksums(results: Path) -> dict[str, str]:
    """Return the SHA-256 of each state, history, outcome, metric, table, figure and of the report, by path.

    Paths start below `results`. Digests of files on record are read from there; only plan and report are hashed.

    Raises:
        RecordError: if a record is damaged or missing.
        OSError: if plan or report is not there.
    """
    found = {name: sha256(results / name) for name in ("plan.csv", "report.md")}
    records = [f"{name}.json" for name in TABLES_AND_FIGURES]
    with (results / "plan.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            seeds = f"seeds={row['first_seed']}-{row['last_seed']}"
            folder = f"runs/{row['point']}/{seeds}/epochs={row['epochs']}"
            records += [f"{folder}/train.json", *([f"{folder}/evaluate.json"] if row["wanted_by"] else [])]
    for record in map(Path, records):
        digests = Record(results / record).sha256
        found |= {(record.parent / name).as_posix(): digest for name, digest in digests.items() if name != OPTIONAL}
    return dict(sorted(found.items()))


def origin(results: Path) -> dict[str, str]:
    """Return what made a study: the arithmetic of its trainings, versions, code, config."""
    provenance = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    study = json.loads((results / "study.json").read_text(encoding="utf-8"))
    config = json.dumps(provenance["config"], sort_keys=True).encode()
    return {
        "arithmetic": "; ".join(provenance["arithmetics"]),
        "versions": ", ".join(f"{name} {version}" for name, version in provenance["packages"].items()),
        "trained by": study["trained_by"],
        "evaluated by": study["evaluated_by"],
        "commit": provenance["commit"],
        "config": hashlib.sha256(config).hexdigest(),
    }


def checksums_text(checksums: dict[str, str], made_by: dict[str, str]) -> str:
    """Return the content of a file of checksums."""
    lines = [f"# {key}: {value}" for key, value in made_by.items()]
    return "\n".join([*lines, *(f"{digest}  {path}" for path, digest in checksums.items())]) + "\n"


def read_checksums(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the checksums of a file by path, and what made that study.

    Raises:
        ValueError: with one line, if the file cannot be read, or a line is neither.
    """
    checksums, made_by = {}, {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected a file of checksums, as `make checksums` prints them. {error}") from None
    for number, line in enumerate(lines, start=1):
        if line.startswith("# ") and ": " in line:
            key, value = line[2:].split(": ", 1)
            made_by[key] = value
        elif len(parts := line.split("  ", 1)) == 2 and len(parts[0]) == 64:
            checksums[parts[1]] = parts[0]
        else:
            raise ValueError(f"{path}, line {number}: expected `SHA-256  path`. Received: {line[:80]!r}")
    return checksums, made_by


def stage(path: str) -> str:
    """Return which stage of the study made a file."""
    return next(name for ending, name in STAGES.items() if path.endswith(ending))


def compared(here: dict[str, str], other: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Return for each stage how many of the files that both studies hold are the same, and how many these are."""
    both = here.keys() & other.keys()
    total = Counter(stage(path) for path in both)
    same = Counter(stage(path) for path in both if here[path] == other[path])
    return {name: (same[name], total[name]) for name in dict.fromkeys(STAGES.values()) if total[name]}


def compare_with_file(here: dict[str, str], made_here: dict[str, str], other: Path) -> tuple[bool, str]:
    """Compare a study with the checksums in a file.

    Args:
        here: the study's checksums.
        made_here: what made it, see `origin`.
        other: the file.

    Returns:
        Whether all files of both are the same, and one line that says so, or which stages differ and why that may be.

    Raises:
        ValueError: as `read_checksums`.
    """
    there, made_there = read_checksums(other)
    if here == there:
        return True, f"Same bytes as in {other}: all {len(here)} files."
    stages = [f"{name} {same} of {total}" for name, (same, total) in compared(here, there).items()]
    if missing := len(here.keys() ^ there.keys()):
        stages.append(f"{missing} files only in one of the two")
    causes = [f"{key}: {value} there, {made_here.get(key)} here" for key, value in made_there.items()]
    causes = [cause for cause, key in zip(causes, made_there, strict=True) if made_there[key] != made_here.get(key)]
    cause = f" It was made with other {'; other '.join(causes)}." if causes else " The cause is unknown."
    return False, f"Files with the same bytes as in {other}: {', '.join(stages)}.{cause}"
