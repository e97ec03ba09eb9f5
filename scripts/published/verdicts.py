"""Published claims held against replicates: single numbers and orderings."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from stats.intervals import EVERYTHING, checked_runs, prediction_interval, standard_deviation
from stats.paired_verdicts import Comparison, compare_family


@dataclass(frozen=True, slots=True)
class NumberVerdict:
    """A published number against the runs of the same point, in the metric's unit.

    Attributes:
        published: the number.
        n: number of runs.
        mean: their mean.
        sd: their standard deviation.
        low: lower bound of the prediction interval of one further run.
        high: its upper bound.
        distance: published minus mean, in standard deviations; NaN where these are unknown or 0.
        verdict: what may be said.
        reason: why it cannot be checked; else empty.
    """

    published: float
    n: int
    mean: float
    sd: float
    low: float
    high: float
    distance: float
    verdict: Literal["reproduced", "not reproduced", "cannot be checked"]
    reason: str


@dataclass(frozen=True, slots=True)
class OrderingVerdict:
    """A published "A beats B" against runs of both, paired by seed.

    Attributes:
        comparison: A against B; the family is that of all orderings checked together.
        verdict: what may be said of the ordering.
        opposite: share of seeds that alone would have said "B beats A", ties half: what a single run would have said.
        opposite_low: lower bound of its Wilson interval.
        opposite_high: its upper bound.
    """

    comparison: Comparison
    verdict: Literal["confirmed", "reversed", "no difference that matters", "undecided", "cannot be checked"]
    opposite: float
    opposite_low: float
    opposite_high: float


def check_number(
    published: float, runs: ArrayLike, alpha: float = 0.05, possible: tuple[float, float] = EVERYTHING
) -> NumberVerdict:
    """Return whether a published number could have been one further run.

    Args:
        published: the number, in the metric's unit.
        runs: metric of the replicates, shape (n,).
        alpha: share of true numbers that miss the prediction interval by chance.
        possible: the lowest and the highest value there can be; the interval ends there.

    Returns:
        The number, the runs and the verdict.

    Raises:
        ValueError: if there is no run, `runs` is not one-dimensional, or a value is not finite.

    Source: Hahn and Meeker (1991), Statistical Intervals, chapter 4 (the prediction interval).
    """
    runs = checked_runs(runs)
    if runs.ndim != 1 or not math.isfinite(published):
        raise ValueError(
            "`runs` must have the shape (n,) and `published` must be finite. "
            f"Received: shape {runs.shape} and published={published}"
        )
    n, mean, sd = len(runs), float(runs.mean()), float(standard_deviation(runs))
    low, high = map(float, prediction_interval(runs, alpha, possible))
    if n == 1:
        distance, verdict, reason = math.nan, "cannot be checked", "one run has no spread to measure a distance by"
    elif sd == 0:
        distance, verdict, reason = math.nan, "cannot be checked", f"all {n} runs are equal: no spread to measure by"
    else:
        distance, reason = (published - mean) / sd, ""
        verdict = "reproduced" if low <= published <= high else "not reproduced"
    return NumberVerdict(published, n, mean, sd, low, high, distance, verdict, reason)


def check_orderings(
    winners: ArrayLike,
    losers: ArrayLike,
    *,
    alpha: float = 0.05,
    margin: float,
    higher_is_better: bool,
    furthest: float = math.inf,
    seed: int = 0,
) -> list[OrderingVerdict]:
    """Check published claims "A beats B", one family, and what a single run each would have said of them.

    Args:
        winners: metric of each A's runs, shape (k, n).
        losers: metric of each B's runs, shape (k, n), the seeds in the same order.
        alpha: error rate of the family.
        margin: smallest difference that matters in practice, in the metric's unit.
        higher_is_better: True for accuracy, False for loss.
        furthest: the largest difference there can be; intervals end there.
        seed: of the generators, see `paired_verdicts.compare_family`.

    Returns:
        One result for each claim, in order.

    Raises:
        ValueError: as `paired_verdicts.compare_family`.

    Source: Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, arXiv 2103.03098.
    """
    comparisons = compare_family(
        np.asarray(losers, dtype=float),
        winners,
        alpha=alpha,
        margin=margin,
        higher_is_better=higher_is_better,
        furthest=furthest,
        seed=seed,
    )
    return [
        OrderingVerdict(
            comparison,
            _OF_ORDERING[comparison.verdict],
            opposite=1 - comparison.p_better,
            opposite_low=1 - comparison.p_better_high,
            opposite_high=1 - comparison.p_better_low,
        )
        for comparison in comparisons
    ]


_OF_ORDERING = {
    "better": "confirmed",
    "worse": "reversed",
    "negligible": "no difference that matters",
    "equivalent": "no difference that matters",
    "inconclusive": "undecided",
    "descriptive": "cannot be checked",
}
