"""Two finished studies side by side: settings, points, verdicts and numbers that differ, as Markdown.

A point that both studies hold is compared in test accuracy and test loss: seed by seed (paired t test) where both
trained the same seeds, else by Welch's t test. Holm's method keeps one error rate over all points and both metrics.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from tabulate import tabulate

from design.canonical import FACTORS, changes
from files.records import Record
from stats.divergence import score_at_chance
from stats.paired import holm, smallest_p_value
from tables.comparisons import probability
from tables.runs import read_csv

MOST_ROWS, MOST_NAMED = 12, 4  # of a table and in a line: a comparison fits a screen
VERDICTS = {  # table -> columns that name a row, column of its verdict
    "comparisons": (("summary", "metric", "level"), "verdict"),
    "orderings": (("id",), "verdict"),
    "published": (("id",), "verdict"),
}
MADE_BY = {
    "runs": "aggregate",
    "comparisons": "aggregate",
    "orderings": "check_published",
    "published": "check_published",
}

Point = tuple[str, ...]  # text of each factor's value, in the order of FACTORS


class StudyError(ValueError):
    """A folder holds no finished study."""


@dataclass(frozen=True)
class FinishedStudy:
    """What a study found.

    Attributes:
        config: the completed configuration.
        settings: the same as text, keys within keys joined by dots.
        runs: point -> seed -> (test accuracy, test loss), diverged runs scored at chance.
        verdicts: (table, what names the row) -> verdict.
    """

    config: dict
    settings: dict[str, str]
    runs: dict[Point, dict[str, tuple[float, float]]]
    verdicts: dict[tuple[str, str], str]


def read_study(folder: Path) -> FinishedStudy:
    """Read a study from its folder, or from the results in it.

    Raises:
        StudyError: if it is not finished.
    """
    results = folder / "results" if (folder / "results").is_dir() else folder
    try:
        # The config of which the tables are, that the report recorded; config.json may be of a later edit.
        settings = json.loads((results / "provenance.json").read_text(encoding="utf-8"))["config"]
        records = {rule: Record(results / "tables" / f"{rule}.json") for rule in MADE_BY.values()}
        tables = {name: read_csv(records[rule].file(f"{name}.csv")) for name, rule in MADE_BY.items()}
        return FinishedStudy(settings, dict(_flat(settings)), _runs(tables["runs"]), _verdicts(tables))
    except (OSError, ValueError) as error:
        raise StudyError(f"{folder} holds no finished study: {error}") from None
    except KeyError as error:
        raise StudyError(f"{folder} holds no study of this version: expected {error}, which is not there") from None


def _runs(rows: list[dict[str, str]]) -> dict[Point, dict[str, tuple[float, float]]]:
    runs: dict[Point, dict[str, tuple[float, float]]] = {}
    for row in rows:
        scored = score_at_chance([float(row["test_accuracy"])], [float(row["test_loss"])])
        point = tuple(row[factor] for factor in FACTORS)
        runs.setdefault(point, {})[row["seed"]] = (float(scored.accuracy[0]), float(scored.loss[0]))
    return runs


def _verdicts(tables: dict[str, list[dict[str, str]]]) -> dict[tuple[str, str], str]:
    return {
        (table, " ".join(row[name] for name in names)): row[verdict]
        for table, (names, verdict) in VERDICTS.items()
        for row in tables[table]
    }


def _flat(settings: dict, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", json.dumps(value, ensure_ascii=False)


def differing(here: dict, other: dict, absent: str = "–") -> list[list[str]]:
    """Return `[key, value here, value there]` of what differs between two mappings."""
    keys = dict.fromkeys([*here, *other])
    rows = [[key, here.get(key, absent), other.get(key, absent)] for key in keys]
    return [row for row in rows if row[1] != row[2]]


@dataclass(frozen=True)
class Difference:
    """What a point gave in the one study and in the other, in one metric.

    Attributes:
        point: the point.
        metric: `accuracy` or `loss`.
        means: mean here and there.
        paired: whether the same seeds were compared one by one.
        p_value: of the t test; NaN where one side has a single run.
    """

    point: Point
    metric: str
    means: tuple[float, float]
    paired: bool
    p_value: float


def differences(here: FinishedStudy, other: FinishedStudy) -> list[Difference]:
    """Compare every point that both studies hold, in both metrics."""
    found = []
    for point in here.runs:
        if point not in other.runs:
            continue
        sides = here.runs[point], other.runs[point]
        paired = sides[0].keys() == sides[1].keys()
        for column, metric in enumerate(("accuracy", "loss")):
            values = [np.array([runs[seed][column] for seed in sorted(runs, key=int)]) for runs in sides]
            means = (float(values[0].mean()), float(values[1].mean()))
            found.append(Difference(point, metric, means, paired, _p_value(*values, paired)))
    return found


def _p_value(here: np.ndarray, other: np.ndarray, paired: bool) -> float:
    if min(len(here), len(other)) < 2:
        return float("nan")
    if paired and np.ptp(here - other) == 0:  # the t test has no spread to go by; the sign flip test needs none
        return 1.0 if here[0] == other[0] else smallest_p_value(len(here))
    test = stats.ttest_rel(here, other) if paired else stats.ttest_ind(here, other, equal_var=False)
    return float(test.pvalue)


def beyond_noise(found: list[Difference], alpha: float) -> list[tuple[Difference, float]]:
    """Return the differences with a p-value below alpha after Holm's method over all of them, smallest first."""
    tested = [difference for difference in found if difference.p_value == difference.p_value]
    if not tested:
        return []
    adjusted = zip(tested, holm([difference.p_value for difference in tested]).tolist(), strict=True)
    return sorted((pair for pair in adjusted if pair[1] < alpha), key=lambda pair: pair[1])


def report(here: FinishedStudy, other: FinishedStudy, alpha: float = 0.05) -> str:
    """Return the comparison as Markdown."""

    def named(point: Point) -> str:
        return changes(dict(zip(FACTORS, point, strict=True)), here.config["baseline"])

    found = differences(here, other)
    same = sum(_agree(here.runs[point], other.runs[point]) for point in here.runs.keys() & other.runs.keys())
    parts = ["## Settings", _table(["setting", "here", "other"], differing(here.settings, other.settings))]
    parts += [
        "## Points",
        f"{len(found) // 2} in both, {same} of them equal in every seed that both trained.",
    ]
    for where, one, two in (("here", here, other), ("in the other", other, here)):
        names = [named(point) for point in one.runs if point not in two.runs]
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            parts.append(f"Only {where}: {', '.join(names[:MOST_NAMED])}{more}.")
    changed = [
        [table, name, *verdicts]
        for (table, name), *verdicts in differing(here.verdicts, other.verdicts)
        if "–" not in verdicts
    ]
    parts += ["## Verdicts that changed", _table(["table", "what", "here", "other"], changed)]
    rows = [
        [
            *(named(some.point), some.metric, *(f"{mean:.4f}" for mean in some.means)),
            *(f"{some.means[1] - some.means[0]:+.4f}", probability(p_holm), "paired" if some.paired else "Welch"),
        ]
        for some, p_holm in beyond_noise(found, alpha)
    ]
    header = ["point", "metric", "here", "other", "difference", "p (Holm)", "t test"]
    parts += [f"## Numbers that differ beyond noise (of {len(found)}, at {alpha:g})", _table(header, rows)]
    parts.append(
        "Same seeds in both: paired t test; else Welch's. Holm's method over all points and both metrics. "
        "Diverged runs count as chance."
    )
    return "\n\n".join(parts)


def _agree(here: dict, other: dict) -> bool:
    """Whether the runs of the seeds that both sides trained are equal, and there are any."""
    common = here.keys() & other.keys()
    return bool(common) and all(here[seed] == other[seed] for seed in common)


def _table(header: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return "None."
    shown = [[cell if len(cell) <= 60 else f"{cell[:59]}…" for cell in row] for row in rows[:MOST_ROWS]]
    more = f"\n\n… and {len(rows) - MOST_ROWS} more." if len(rows) > MOST_ROWS else ""
    return tabulate(shown, header, tablefmt="github", disable_numparse=True) + more


def main(argv: list[str] | None = None) -> None:
    """Command line: `python scripts/compare.py . OTHER`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("here", type=Path, help="folder of a finished study, or its results")
    parser.add_argument("other", type=Path)
    arguments = parser.parse_args(argv)
    try:
        studies = [read_study(folder) for folder in (arguments.here, arguments.other)]
    except StudyError as error:
        sys.exit(f"ERROR: {error}")
    print(report(*studies, alpha=studies[0].config["alpha"]))


if __name__ == "__main__":
    main()
