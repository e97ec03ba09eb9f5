"""A publication's numbers and orderings, each checked against this study's runs."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from design.labels import label_of
from published.publication import QUANTITIES, Publication, StatedNumber, StatedOrdering
from published.study_runs import RunsAt, StudyRuns
from published.verdicts import NumberVerdict, OrderingVerdict, check_number, check_orderings
from tables.comparisons import POSSIBLE, furthest, probability
from tables.rounding import rounded, supported_decimals

NUMBER_RESULTS = ("published", "mean", "sd", "n", "low", "high", "distance_sd", "verdict", "repeats")
ORDERING_COLUMNS = (
    *("id", "statement", "metric", "winner", "loser", "optimizer", "n"),
    *("difference", "low", "high", "p_holm", "verdict", "opposite", "opposite_low", "opposite_high"),
)
KERAS2 = {"optimizer": "rmsprop_keras2"}
Row = dict[str, str]


def number_columns(factors: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of `published.csv`; the batch size, of which no table of a paper is, stands in no column."""
    settings = [factor for factor in factors if factor not in ("batch_size", "optimizer")]
    return ("id", "quantity", *settings, "optimizer", *NUMBER_RESULTS)


NOT_IN_STUDY = "not in this study"


def number_rows(publication: Publication, study_runs: StudyRuns, alpha: float) -> list[dict[str, str]]:
    """Check every printed number.

    Args:
        publication: what was published.
        study_runs: the study's runs.
        alpha: share of true numbers that miss the prediction interval of one further run by chance.

    Returns:
        A row a number, text: the columns of `number_columns`, for the Markdown table `settings` and `diverged`. One
        about rmsprop has a second row, checked under the update rule of Keras 2, where the study holds its point with
        that as well.
    """
    printed_decimals = {
        quantity: max((_decimals(n.published) for n in publication.numbers if n.quantity == quantity), default=0)
        for quantity in QUANTITIES
    }
    rows = []
    for number in publication.numbers:
        decimals = printed_decimals[number.quantity]
        row = {"id": number.id, "quantity": number.quantity, "repeats": number.repeats}
        row |= number.levels
        row |= {"published": rounded(number.published, decimals), "settings": _settings(number, publication)}
        found = study_runs.find(number.levels, number.quantity)
        possible = POSSIBLE[number.quantity.split("_")[1]]
        rows.append(row | _number_cells(number.published, found, alpha, decimals, possible))
        if number.levels["optimizer"] == "rmsprop":
            found = study_runs.find(number.levels | KERAS2, number.quantity)
            if found:
                rows.append(row | KERAS2 | _number_cells(number.published, found, alpha, decimals, possible))
    return rows


def _number_cells(
    published: float, runs: RunsAt | None, alpha: float, decimals: int, possible: tuple[float, float]
) -> dict[str, str]:
    """Return what the runs say of a published number; metrics one digit beyond what the standard error supports."""
    if runs is None:
        empty = dict.fromkeys(("mean", "sd", "low", "high", "distance_sd"), "")
        return empty | {"n": "0", "diverged": "0", "verdict": NOT_IN_STUDY}
    check = check_number(published, runs.values, alpha, possible)
    decimals = max(decimals, supported_decimals(check.sd / math.sqrt(check.n), fallback=6) + 1)
    return {name: rounded(getattr(check, name), decimals) for name in ("mean", "sd", "low", "high")} | {
        "distance_sd": rounded(check.distance, supported_decimals(_distance_error(check))),
        "n": str(check.n),
        "diverged": str(runs.diverged),
        "verdict": check.verdict,
    }


def _distance_error(check: NumberVerdict) -> float:
    """Return the standard error of a distance in SDs, whose mean and SD are both estimated: √(1/n + d²/(2(n - 1)))."""
    return math.sqrt(1 / check.n + check.distance**2 / (2 * (check.n - 1))) if check.n > 1 else math.nan


def _decimals(value: float) -> int:
    return len(f"{value:.12f}".rstrip("0").partition(".")[2])


def _settings(number: StatedNumber, publication: Publication) -> str:
    """Return in words what differs from the publication's defaults, but for the optimizer, which has its column."""
    levels, defaults = number.levels, publication.defaults
    differing = [f for f in levels if f != "optimizer" and levels[f] != defaults[f]]
    return ", ".join(f"{label_of(f)} {levels[f]}" for f in differing) or "defaults"


def ordering_rows(
    publication: Publication, study_runs: StudyRuns, alpha: float, margins: Mapping[str, float]
) -> list[dict[str, str]]:
    """Check every asserted ordering.

    Args:
        publication: what was published.
        study_runs: the study's runs.
        alpha: error rate of each family: the orderings of one metric, under one rule, that the study can check.
        margins: practical margin δ by metric, `accuracy` and `loss`.

    Returns:
        A row an ordering, text: `ORDERING_COLUMNS`, for the Markdown table `diverged` and `source`. One about rmsprop
        has a second row, checked under the update rule of Keras 2, where the study holds both points with that as well.
        `optimizer` is empty where winner and loser have different ones. `difference` is winner minus loser, so a
        confirmed claim about loss has a negative one. `opposite` is the share of seeds that alone name the other
        winner, ties half.

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
    unknown = dict.fromkeys(ORDERING_COLUMNS, "") | {"n": "0", "diverged": "0", "verdict": NOT_IN_STUDY}
    rows = []
    for ordering in publication.orderings:
        row = _ordering_names(ordering, publication)
        rows.append(unknown | first.get(ordering.id, {}) | row)
        if ordering.id in second:
            rows.append(second[ordering.id] | row | KERAS2)
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
            furthest=furthest(metric.split("_")[1]),
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
    shown = [f for f in publication.defaults if any(levels[f] != publication.defaults[f] for levels in sides.values())]
    row = {name: getattr(ordering, name) for name in ("id", "statement", "metric", "source")}
    row |= {side: ",".join(f"{f}={levels[f]}" for f in shown) for side, levels in sides.items()}
    optimizers = {levels["optimizer"] for levels in sides.values()}
    return row | {"optimizer": optimizers.pop() if len(optimizers) == 1 else ""}


def _ordering_cells(check: OrderingVerdict, diverged: int) -> dict[str, str]:
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


def rule_pairs(rows: Iterable[Mapping[str, str]]) -> list[tuple[Mapping[str, str], Mapping[str, str] | None]]:
    """Return each row of `published.csv` or `orderings.csv` with its second row, under the update rule of Keras 2.

    Args:
        rows: the rows as text.

    Returns:
        The first row of each id and its second one, None where there is none.
    """
    by_id: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_id.setdefault(row["id"], []).append(row)
    return [(first, second[0] if second else None) for first, *second in by_id.values()]


def summary(rows: Iterable[Mapping[str, str]], alpha: float = 0.05) -> Summary:
    """Count the verdicts of `published.csv`.

    Args:
        rows: its rows as text.
        alpha: the level the numbers were checked at.

    Returns:
        The counts.
    """
    pairs = rule_pairs(rows)
    verdicts = [(row["verdict"], again["verdict"] if again else "") for row, again in pairs if not row["repeats"]]
    reproduced, missed = ([again for verdict, again in verdicts if verdict == wanted] for wanted in _VERDICTS)
    return Summary(
        checked=len(reproduced) + len(missed),
        reproduced=len(reproduced),
        not_reproduced=len(missed),
        expected_by_chance=alpha * (len(reproduced) + len(missed)),
        explained_by_keras2=missed.count("reproduced"),
        contradicted_by_keras2=reproduced.count("not reproduced"),
        checked_with_keras2=sum(again in _VERDICTS for _, again in verdicts),
        cannot_be_checked=sum(verdict == "cannot be checked" for verdict, _ in verdicts),
        not_in_this_study=sum(verdict == NOT_IN_STUDY for verdict, _ in verdicts),
        repeats=len(pairs) - len(verdicts),
    )


_VERDICTS = ("reproduced", "not reproduced")
