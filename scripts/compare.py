"""Two finished studies side by side: settings, points, verdicts and numbers that differ, as Markdown.

A point that both studies hold is compared in test accuracy and test loss on the seeds that both trained, as a study
compares its points: by flipping signs. Holm's method keeps one error rate over the points that differ from the baseline
in the same factors, for each metric.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate

from design.places import user_path
from design.point_names import canonical_value, changes
from files.records import Record
from stats.divergence import score_at_chance
from stats.paired_verdicts import can_reject, flips_drawn, holm, sign_flip_p_values
from tables.comparisons import METRICS, probability
from tables.runs import RUN_METRICS, read_csv

MOST_ROWS, MOST_NAMED = 12, 4  # of a table and in a line: a comparison fits a screen
VERDICTS = {  # table -> columns that name a row, column of its verdict
    "comparisons": (("summary", "metric", "level"), "verdict"),
    "orderings": (("id", "optimizer"), "verdict"),
    "published": (("id", "optimizer"), "verdict"),
}
MADE_BY = {
    "runs": "aggregate",
    "comparisons": "aggregate",
    "orderings": "check_published",
    "published": "check_published",
}

Condition = tuple[tuple[str, str], ...]  # each factor with the text of its value: a point and its epochs


class StudyError(ValueError):
    """A folder holds no finished study."""


@dataclass(frozen=True)
class FinishedStudy:
    """What a study found.

    Attributes:
        config: the completed configuration.
        settings: the same as text, keys within keys joined by dots.
        runs: condition -> seed -> (test accuracy, test loss), diverged runs scored at chance.
        verdicts: (table, what names the row) -> verdict.
    """

    config: dict
    settings: dict[str, str]
    runs: dict[Condition, dict[str, tuple[float, float]]]
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
        runs = _runs(tables["runs"], records["aggregate"].label["classes"])
        return FinishedStudy(settings, dict(_flat(settings)), runs, _verdicts(tables))
    except (OSError, ValueError) as error:
        raise StudyError(f"{folder} holds no finished study: {error}") from None
    except KeyError as error:
        raise StudyError(f"{folder} holds no study of this version: expected {error}, which is not there") from None


def _runs(rows: list[dict[str, str]], classes: int) -> dict[Condition, dict[str, tuple[float, float]]]:
    runs: dict[Condition, dict[str, tuple[float, float]]] = {}
    for row in rows:
        scored = score_at_chance([float(row["test_accuracy"])], [float(row["test_loss"])], classes)
        condition = tuple(item for item in row.items() if item[0] not in ("seed", *RUN_METRICS))
        runs.setdefault(condition, {})[row["seed"]] = (float(scored.accuracy[0]), float(scored.loss[0]))
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
        condition: the point and its epochs.
        metric: `accuracy` or `loss`.
        seeds: number of seeds that both studies trained.
        means: mean here and there over these seeds.
        family_size: number of comparisons that share one error rate, this one included.
        p_holm: the p-value adjusted for the family; NaN with less than two seeds.
    """

    condition: Condition
    metric: str
    seeds: int
    means: tuple[float, float]
    family_size: int
    p_holm: float


def compared(here: FinishedStudy, other: FinishedStudy, alpha: float) -> list[Difference]:
    """Compare every point that both studies hold on the seeds that both trained, in both metrics."""
    baseline = {factor: canonical_value(value) for factor, value in here.config["baseline"].items()}
    families: dict[tuple[bool, ...], list[Condition]] = {}
    for condition in here.runs:
        if condition in other.runs:
            differs = tuple(text != baseline[factor] for factor, text in condition)
            families.setdefault(differs, []).append(condition)
    return [
        difference
        for family in families.values()
        for column, metric in enumerate(METRICS)
        for difference in _compared_family(here, other, family, column, metric, alpha)
    ]


def _compared_family(
    here: FinishedStudy, other: FinishedStudy, family: list[Condition], column: int, metric: str, alpha: float
) -> list[Difference]:
    pairs = []
    for condition in family:
        runs = here.runs[condition], other.runs[condition]
        seeds = sorted(runs[0].keys() & runs[1].keys(), key=int)
        pairs.append(np.array([[runs_of_seed[seed][column] for seed in seeds] for runs_of_seed in runs]))
    tested = sum(pair.shape[1] > 1 for pair in pairs)
    p_holm = holm([_p_value(pair[1] - pair[0], tested, alpha) for pair in pairs if pair.shape[1] > 1]).tolist()
    return [
        Difference(
            condition,
            metric,
            pair.shape[1],
            tuple(pair.mean(axis=1).tolist()) if pair.size else (math.nan, math.nan),
            tested,
            p_holm.pop(0) if pair.shape[1] > 1 else math.nan,
        )
        for condition, pair in zip(family, pairs, strict=True)
    ]


def _p_value(differences: np.ndarray, family_size: int, alpha: float) -> float:
    flips, generator = flips_drawn(family_size, alpha), np.random.default_rng(0)
    return float(sign_flip_p_values(differences[None], flips=flips, generator=generator)[0])


def report(here: FinishedStudy, other: FinishedStudy, alpha: float = 0.05) -> str:
    """Return the comparison as Markdown."""
    found = compared(here, other, alpha)
    common = here.runs.keys() & other.runs.keys()
    same = sum(_agree(here.runs[condition], other.runs[condition]) for condition in common)
    parts = ["## Settings", _table(["setting", "here", "other"], differing(here.settings, other.settings))]
    parts += ["## Points", f"{len(common)} in both, {same} of them equal in every seed that both trained."]
    baseline = here.config["baseline"]
    for where, study, rival in (("here", here, other), ("in the other", other, here)):
        if missing := [condition for condition in study.runs if condition not in rival.runs]:
            parts.append(f"Only {where}: {_names(missing, baseline)}.")
    changed = [
        [table, name, *verdicts]
        for (table, name), *verdicts in differing(here.verdicts, other.verdicts)
        if "–" not in verdicts
    ]
    parts += ["## Verdicts that changed", _table(["table", "what", "here", "other"], changed)]
    beyond_noise = sorted((row for row in found if row.p_holm < alpha), key=lambda row: row.p_holm)
    rows = [
        [
            *(_names([row.condition], baseline), row.metric, *(f"{mean:.4f}" for mean in row.means)),
            *(f"{row.means[1] - row.means[0]:+.4f}", row.seeds, probability(row.p_holm)),
        ]
        for row in beyond_noise
    ]
    header = ["point", "metric", "here", "other", "difference", "seeds", "p (Holm)"]
    parts += [f"## Numbers that differ beyond noise (of {len(found)}, at {alpha:g})", _table(header, rows)]
    if untested := list(dict.fromkeys(row.condition for row in found if row.seeds < 2)):
        parts.append(f"Fewer than two seeds in common, so no p-value: {_names(untested, baseline)}.")
    hopeless = [row for row in found if row.seeds > 1 and not can_reject(row.seeds, row.family_size, alpha)]
    if names := list(dict.fromkeys(row.condition for row in hopeless)):
        parts.append(f"Too few seeds in common for any difference to be significant: {_names(names, baseline)}.")
    parts.append(
        "Paired by seed, sign-flip test. Holm's method over the points that differ from the baseline in the same "
        "factors, for each metric. Diverged runs count as chance."
    )
    return "\n\n".join(parts)


def _names(conditions: list[Condition], baseline: dict) -> str:
    names = [
        changes(dict(condition), dict(condition) | baseline, dict(condition)) for condition in conditions[:MOST_NAMED]
    ]
    more = len(conditions) - MOST_NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _agree(here: dict, other: dict) -> bool:
    """Whether the runs of the seeds that both sides trained are equal, and there are any."""
    common = here.keys() & other.keys()
    return bool(common) and all(here[seed] == other[seed] for seed in common)


def _table(header: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return "None."
    shown = [[cell if len(cell) <= 60 else f"{cell[:59]}…" for cell in map(str, row)] for row in rows[:MOST_ROWS]]
    more = f"\n\n… and {len(rows) - MOST_ROWS} more." if len(rows) > MOST_ROWS else ""
    return tabulate(shown, header, tablefmt="github", disable_numparse=True) + more


def main(argv: list[str] | None = None) -> None:
    """Command line: `python scripts/compare.py . OTHER`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("here", type=user_path, help="folder of a finished study, or its results")
    parser.add_argument("other", type=user_path)
    arguments = parser.parse_args(argv)
    try:
        studies = [read_study(folder) for folder in (arguments.here, arguments.other)]
    except StudyError as error:
        sys.exit(f"ERROR: {error}")
    print(report(*studies, alpha=studies[0].config["alpha"]))


if __name__ == "__main__":
    main()
