"""A publication's numbers and orderings, each checked against this study's runs."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from design.canonical import FACTORS
from design.labels import LABELS
from published.claims import PublishedNumber, PublishedOrdering, check_number, check_orderings
from published.markdown import ORDERING_CELLS
from published.passed_runs import RunsAt, StudyRuns
from published.publication import QUANTITIES, Publication, StatedNumber, StatedOrdering
from tables.comparisons import probability
from tables.rounding import rounded, supported_decimals

NUMBER_COLUMNS = (
    *("id", "quantity", "units", "learning_rate", "momentum", "epochs", "published"),
    *("mean", "sd", "n", "low", "high", "distance_sd", "verdict", "repeats"),
)
ORDERING_COLUMNS = ("id", "statement", "metric", "winner", "loser", "n", *ORDERING_CELLS)
# Appended where the study holds a row's points with the update rule of Keras 2 as well.
KERAS2 = {"optimizer": "rmsprop_keras2"}
KERAS2_NUMBER_COLUMNS = tuple(f"keras2_{name}" for name in ("mean", "sd", "low", "high", "distance_sd", "verdict"))
KERAS2_ORDERING_COLUMNS = tuple(f"keras2_{name}" for name in ORDERING_CELLS)
NOT_IN_STUDY = "not in this study"


def number_rows(publication: Publication, study_runs: StudyRuns, alpha: float) -> list[dict[str, str]]:
    """Check every printed number.

    Args:
        publication: what was published.
        study_runs: the study's runs.
        alpha: share of true numbers that miss the prediction interval of one further run by chance.

    Returns:
        A row a number, text: `NUMBER_COLUMNS`; `KERAS2_NUMBER_COLUMNS` where the study holds the point with the update
        rule of Keras 2; for the Markdown table `settings` and `diverged`.
    """
    printed_decimals = {
        quantity: max((_decimals(n.published) for n in publication.numbers if n.quantity == quantity), default=0)
        for quantity in QUANTITIES
    }
    rows = []
    for number in publication.numbers:
        decimals = printed_decimals[number.quantity]
        row = {"id": number.id, "quantity": number.quantity, "repeats": number.repeats}
        row |= {factor: number.levels[factor] for factor in FACTORS if factor in NUMBER_COLUMNS}
        row |= {"published": rounded(number.published, decimals), "settings": _settings(number, publication)}
        found = study_runs.find(number.levels, number.quantity)
        row |= _number_cells(number.published, found, alpha, decimals)
        if number.levels["optimizer"] == "rmsprop":
            again = study_runs.find(number.levels | KERAS2, number.quantity)
            if again:
                cells = _number_cells(number.published, again, alpha, decimals)
                row |= {column: cells[column.removeprefix("keras2_")] for column in KERAS2_NUMBER_COLUMNS}
        rows.append(row)
    return rows


def _number_cells(published: float, runs: RunsAt | None, alpha: float, decimals: int) -> dict[str, str]:
    """Return what the runs say of a published number; metrics one digit beyond what the standard error supports."""
    if runs is None:
        empty = dict.fromkeys(("mean", "sd", "low", "high", "distance_sd"), "")
        return empty | {"n": "0", "diverged": "0", "verdict": NOT_IN_STUDY}
    check = check_number(published, runs.values, alpha)
    decimals = max(decimals, supported_decimals(check.sd / math.sqrt(check.n), fallback=6) + 1)
    return {name: rounded(getattr(check, name), decimals) for name in ("mean", "sd", "low", "high")} | {
        "distance_sd": rounded(check.distance, supported_decimals(_distance_error(check))),
        "n": str(check.n),
        "diverged": str(runs.diverged),
        "verdict": check.verdict,
    }


def _distance_error(check: PublishedNumber) -> float:
    """Return the standard error of a distance in SDs, whose mean and SD are both estimated: √(1/n + d²/(2(n - 1)))."""
    return math.sqrt(1 / check.n + check.distance**2 / (2 * (check.n - 1))) if check.n > 1 else math.nan


def _decimals(value: float) -> int:
    return len(f"{value:.12f}".rstrip("0").partition(".")[2])


def _settings(number: StatedNumber, publication: Publication) -> str:
    """Return in words what differs from the publication's defaults."""
    levels, defaults = number.levels, publication.defaults
    return ", ".join(f"{LABELS[f]} {levels[f]}" for f in FACTORS if levels[f] != defaults[f]) or "defaults"


def ordering_rows(
    publication: Publication, study_runs: StudyRuns, alpha: float, margins: Mapping[str, float]
) -> list[dict[str, str]]:
    """Check every asserted ordering, and again with the update rule of Keras 2 where the study holds it.

    Args:
        publication: what was published.
        study_runs: the study's runs.
        alpha: error rate of each family: the orderings of one metric, under one rule, that the study can check.
        margins: practical margin δ by metric, `accuracy` and `loss`.

    Returns:
        A row an ordering, text: `ORDERING_COLUMNS`, with the other rule `KERAS2_ORDERING_COLUMNS`, and for the
        Markdown table `diverged` and `source`. `difference` is winner minus loser, so a confirmed claim about loss
        has a negative one. `opposite` is the share of seeds that alone name the other winner, ties half.

    Raises:
        ValueError: if winner and loser were not trained with the same seeds.
    """
    with_keras2 = [
        replace(ordering, winner=ordering.winner | KERAS2, loser=ordering.loser | KERAS2)
        for ordering in publication.orderings
        if ordering.winner["optimizer"] == ordering.loser["optimizer"] == "rmsprop"
    ]
    first, second = (
        _checked_orderings(orderings, study_runs, alpha, margins) for orderings in (publication.orderings, with_keras2)
    )
    unknown = dict.fromkeys(ORDERING_CELLS, "") | {"n": "0", "diverged": "0", "verdict": NOT_IN_STUDY}
    rows = []
    for ordering in publication.orderings:
        row = _ordering_names(ordering, publication) | first.get(ordering.id, unknown)
        if ordering.id in second:
            row |= {f"keras2_{name}": second[ordering.id][name] for name in ORDERING_CELLS}
        rows.append(row)
    return rows


def _checked_orderings(
    orderings: Iterable[StatedOrdering], study_runs: StudyRuns, alpha: float, margins: Mapping[str, float]
) -> dict[str, dict[str, str]]:
    """Return the cells of the orderings that the study can check, by id; those of one metric are one family."""
    pairs = [(ordering, _pair(ordering, study_runs)) for ordering in orderings]
    cells: dict[str, dict[str, str]] = {}
    for metric in QUANTITIES:
        family = [(ordering.id, *pair) for ordering, pair in pairs if pair and ordering.metric == metric]
        if not family:
            continue
        ids, winners, losers = zip(*family, strict=True)
        checks = check_orderings(
            [runs.values for runs in winners],
            [runs.values for runs in losers],
            alpha=alpha,
            margin=margins[metric.split("_")[1]],
            higher_is_better=metric != "test_loss",
        )
        for name, winner, loser, check in zip(ids, winners, losers, checks, strict=True):
            cells[name] = _ordering_cells(check, winner.diverged + loser.diverged)
    return cells


def _pair(ordering: StatedOrdering, study_runs: StudyRuns) -> tuple[RunsAt, RunsAt] | None:
    winner, loser = (study_runs.find(levels, ordering.metric) for levels in (ordering.winner, ordering.loser))
    if winner is None or loser is None:
        return None
    if winner.seeds != loser.seeds:
        raise ValueError(f"ordering {ordering.id}: expected the same seeds of winner and loser")
    return winner, loser


def _ordering_names(ordering: StatedOrdering, publication: Publication) -> dict[str, str]:
    """Return the cells that name an ordering; a setting shows where one of the two departs from the defaults."""
    sides = {"winner": ordering.winner, "loser": ordering.loser}
    shown = [f for f in FACTORS if any(levels[f] != publication.defaults[f] for levels in sides.values())]
    names = {side: ",".join(f"{f}={levels[f]}" for f in shown) for side, levels in sides.items()}
    own = {name: getattr(ordering, name) for name in ("id", "statement", "metric", "source")}
    return own | names


def _ordering_cells(check: PublishedOrdering, diverged: int) -> dict[str, str]:
    comparison = check.comparison
    decimals = supported_decimals(comparison.sd / math.sqrt(comparison.n), fallback=6) + 1
    share_decimals = supported_decimals(0.5 / math.sqrt(comparison.n))  # standard error of a share, at most
    cells = {"difference": comparison.mean, "low": comparison.low, "high": comparison.high}
    shares = ("opposite", "opposite_low", "opposite_high")
    return (
        {name: rounded(value, decimals) for name, value in cells.items()}
        | {name: rounded(getattr(check, name), share_decimals) for name in shares}
        | {"n": str(comparison.n), "p_holm": probability(comparison.p_holm)}
        | {"verdict": check.verdict, "diverged": str(diverged)}
    )


@dataclass(frozen=True)
class Summary:
    """How many published numbers this study meets. Repeats count nowhere but in `repeats`.

    Attributes:
        checked: numbers with a verdict, reproduced or not.
        reproduced: of these, inside the prediction interval.
        not_reproduced: of these, outside.
        expected_by_chance: how many of `checked` would be outside if all were true.
        explained_by_keras2: not reproduced with rmsprop, but with rmsprop_keras2.
        contradicted_by_keras2: reproduced with rmsprop, but not with rmsprop_keras2.
        checked_with_keras2: numbers with a verdict from rmsprop_keras2.
        cannot_be_checked: runs without a spread to measure by.
        not_in_this_study: settings the study does not hold.
        repeats: rows that print a number once more.
    """

    checked: int
    reproduced: int
    not_reproduced: int
    expected_by_chance: float
    explained_by_keras2: int
    contradicted_by_keras2: int
    checked_with_keras2: int
    cannot_be_checked: int
    not_in_this_study: int
    repeats: int


def summary(rows: Iterable[Mapping[str, str]], alpha: float = 0.05) -> Summary:
    """Count the verdicts of `published.csv`.

    Args:
        rows: its rows as text, with or without the columns of the Keras 2 rule.
        alpha: the level the numbers were checked at.

    Returns:
        The counts.
    """
    rows = list(rows)
    own = [(row["verdict"], row.get("keras2_verdict") or "") for row in rows if not row["repeats"]]
    reproduced, missed = ([again for verdict, again in own if verdict == wanted] for wanted in _VERDICTS)
    return Summary(
        checked=len(reproduced) + len(missed),
        reproduced=len(reproduced),
        not_reproduced=len(missed),
        expected_by_chance=alpha * (len(reproduced) + len(missed)),
        explained_by_keras2=missed.count("reproduced"),
        contradicted_by_keras2=reproduced.count("not reproduced"),
        checked_with_keras2=sum(again in _VERDICTS for _, again in own),
        cannot_be_checked=sum(verdict == "cannot be checked" for verdict, _ in own),
        not_in_this_study=sum(verdict == NOT_IN_STUDY for verdict, _ in own),
        repeats=len(rows) - len(own),
    )


_VERDICTS = ("reproduced", "not reproduced")


def columns_of(rows: list[dict[str, str]], own: tuple[str, ...], keras2: tuple[str, ...]) -> tuple[str, ...]:
    """Return a table's columns: those of the Keras 2 rule only where some row was checked with it."""
    return own + keras2 if any("keras2_verdict" in row for row in rows) else own
