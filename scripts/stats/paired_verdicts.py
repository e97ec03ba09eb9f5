"""Paired comparisons: points against the baseline, seed by seed, and what may be said of the difference.

The same seed starts a point and the baseline from the same weights and order of images, so the difference is taken
seed by seed. A family is the set of comparisons over which one error rate is kept: one sweep or grid, one metric.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from stats.intervals import (
    ROUNDING,
    Interval,
    checked_runs,
    standard_deviation,
    t_half_width,
    wilson_interval,
    within,
)

Verdict = Literal["negligible", "better", "worse", "equivalent", "inconclusive", "descriptive"]

EXACT_UP_TO = 14  # pairs; 2^13 sums of flipped differences for each point
MONTE_CARLO_FLIPS = 2**16 - 1  # at least; a p-value of 0.05 then has a standard error of 0.0009
MOST_SEEDS = 10_000  # no advice beyond: nobody trains more


@dataclass(frozen=True, slots=True)
class Comparison:
    """One point against the baseline. Differences are point minus baseline, in the metric's unit.

    Attributes:
        n: number of pairs, one for each seed.
        family_size: number of comparisons in the family, this one included.
        mean: mean difference.
        sd: standard deviation of the differences.
        low: lower bound of the t interval of the mean difference at 1 - alpha.
        high: its upper bound.
        equivalence_low: lower bound of the t interval at 1 - 2 alpha, which two one-sided tests at alpha amount to.
        equivalence_high: its upper bound.
        p_value: sign-flip permutation, two-sided.
        p_holm: the p-value adjusted for the family.
        p_better: share of seeds at which the point beats the baseline, ties half.
        p_better_low: lower bound of its Wilson interval at 1 - alpha.
        p_better_high: its upper bound.
        detectable: smallest difference this design detects, see `detectable_difference`; infinite where there can be
            no such difference.
        seeds_at_least: seeds below which "equivalent" stays out of reach: `seeds_needed` for the margin.
        seeds_to_settle: seeds that most likely settle the question: `seeds_needed` for half the margin.
        verdict: what may be said.
        reason: why nothing can be inferred or rejected, a sentence; empty where the data decide.
    """

    n: int
    family_size: int
    mean: float
    sd: float
    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    p_value: float
    p_holm: float
    p_better: float
    p_better_low: float
    p_better_high: float
    detectable: float
    seeds_at_least: int | None
    seeds_to_settle: int | None
    verdict: Verdict
    reason: str


def compare_family(
    baseline: ArrayLike,
    others: ArrayLike,
    *,
    alpha: float = 0.05,
    margin: float,
    higher_is_better: bool,
    left_out: ArrayLike | None = None,
    furthest: float = math.inf,
    seed: int = 0,
) -> list[Comparison]:
    """Compare the points of one family with the baseline, paired by seed.

    Args:
        baseline: metric of the baseline's runs, shape (n,); or shape (m, n), a rival of its own for each point.
        others: metric of the runs of m points, shape (m, n), the seeds in the same order.
        alpha: error rate of the family, above 0 and below 0.5.
        margin: smallest difference that matters in practice, in the metric's unit, above 0.
        higher_is_better: True for accuracy, False for loss.
        left_out: pairs to leave out, booleans of shape (m, n); by default none. The values there are not looked at.
        furthest: the largest difference there can be, e.g. 1 for accuracy; intervals end there.
        seed: of the generator of the sign flips, drawn for more than 14 pairs. A point's numbers do not depend on the
            other points of its family, its Holm-adjusted p-value and what follows aside.

    Returns:
        One comparison for each point, in order.

    Raises:
        ValueError: if shapes do not match, a value is not finite, or `alpha` or `margin` is out of range.

    Source: Du (2025), arXiv 2511.19794 (pairs, sign flips); Holm (1979), Scandinavian Journal of Statistics
    6(2), 65-70; Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6), 657-680 (equivalence).
    """
    if not 0 < alpha < 0.5:
        raise ValueError(f"`alpha` must be between 0 and 0.5. Received: alpha={alpha}")
    if not 0 < margin < math.inf:
        raise ValueError(f"`margin` must be a positive number. Received: margin={margin}")
    differences, kept = _paired_differences(baseline, others, left_out)
    family_size = len(differences)
    pairs = np.count_nonzero(kept, axis=-1)
    columns = {name: np.full(family_size, np.nan) for name in _MEASURED}
    for n in np.unique(pairs[pairs > 0]):  # one round, unless runs are left out
        rows = np.flatnonzero(pairs == n)
        block = differences[rows][kept[rows]].reshape(-1, n)
        measured = _measure(block, family_size, alpha, higher_is_better, furthest, seed)
        for name, values in zip(_MEASURED, measured, strict=True):
            columns[name][rows] = values
    p_holm = holm(columns["p_value"])
    verdict = verdicts(
        p_holm,
        Interval(columns["low"], columns["high"]),
        Interval(columns["equivalence_low"], columns["equivalence_high"]),
        alpha=alpha,
        margin=margin,
        higher_is_better=higher_is_better,
    )
    columns |= {"n": pairs, "p_holm": p_holm, "verdict": verdict}
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [_comparison(dict(zip(columns, row, strict=True)), family_size, alpha, margin, furthest) for row in rows]


_MEASURED = (
    *("mean", "sd", "low", "high", "equivalence_low", "equivalence_high", "p_value"),
    *("p_better", "p_better_low", "p_better_high"),
)


def _paired_differences(baseline: ArrayLike, others: ArrayLike, left_out: ArrayLike | None) -> tuple:
    """Return the differences, shape (m, n), 0 where left out, and which of them are kept."""
    baseline, others = np.asarray(baseline, dtype=float), np.asarray(others, dtype=float)
    if others.ndim != 2 or baseline.shape not in (others.shape, others.shape[1:]):
        raise ValueError(
            "`others` must have the shape (m, n) and `baseline` (n,) or (m, n). "
            f"Received: {others.shape} and {baseline.shape}"
        )
    kept = np.ones(others.shape, dtype=bool) if left_out is None else ~np.asarray(left_out, dtype=bool)
    if kept.shape != others.shape:
        raise ValueError(f"`left_out` must have the shape of `others`, {others.shape}. Received: {kept.shape}")
    bad = kept & ~(np.isfinite(others) & np.isfinite(baseline))
    if bad.any():
        raise ValueError(
            "metrics must be finite: score diverged runs at chance or leave them out. "
            f"Received: {np.count_nonzero(bad)} pairs that are not"
        )
    return np.subtract(others, baseline, out=np.zeros(others.shape), where=kept), kept


def _measure(
    differences: np.ndarray, family_size: int, alpha: float, higher_is_better: bool, furthest: float, seed: int
) -> tuple:
    """Return the columns of `_MEASURED` for differences of shape (points, n)."""
    n = differences.shape[-1]
    mean, sd = differences.mean(axis=-1), standard_deviation(differences)
    halves = t_half_width(sd, n, alpha), t_half_width(sd, n, 2 * alpha)
    intervals = [within(Interval(mean - half, mean + half), (-furthest, furthest)) for half in halves]
    p_value = sign_flip_p_values(
        differences, flips=flips_drawn(family_size, alpha), generator=np.random.default_rng(seed)
    )
    gains = differences if higher_is_better else -differences
    wins = np.count_nonzero(gains > 0, axis=-1) + 0.5 * np.count_nonzero(gains == 0, axis=-1)
    return (
        *(mean, sd, *intervals[0], *intervals[1]),
        p_value if n > 1 else np.full(len(mean), np.nan),
        *(wins / n, *wilson_interval(wins, n, alpha)),
    )


def _comparison(row: dict, family_size: int, alpha: float, margin: float, furthest: float) -> Comparison:
    """Complete one row of measurements by what follows from its number of pairs and standard deviation."""
    n, sd = row["n"], row["sd"]
    reason = ""
    if n < 2:
        row["verdict"] = "descriptive"
        reason = f"{n} {'pair' if n == 1 else 'pairs'} of runs: without a spread nothing can be inferred"
    elif row["verdict"] == "inconclusive" and not can_reject(n, family_size, alpha):
        reason = (
            f"{n} seeds: even the smallest possible p-value, {smallest_p_value(n):.2g}, "
            f"cannot reject at {alpha:g} in a family of {family_size}"
        )
    detectable = detectable_difference(sd, n, alpha, family_size)
    return Comparison(
        **row,
        family_size=family_size,
        detectable=math.inf if detectable > furthest else detectable,
        seeds_at_least=seeds_needed(sd, margin, alpha, family_size),
        seeds_to_settle=seeds_needed(sd, margin / 2, alpha, family_size),
        reason=reason,
    )


def sign_flip_p_values(differences: ArrayLike, *, flips: int, generator: np.random.Generator) -> np.ndarray:
    """Return two-sided p-values of the hypothesis that the differences are symmetric about 0.

    If point and baseline were exchangeable, each difference could as well have the other sign. The p-value is the
    share of all 2^n sign patterns whose sum is at least as far from 0 as the observed one. Unlike
    `scipy.stats.permutation_test`, which takes sums for equal within 1e-14 of the observed sum, ties are found
    relative to the differences: accuracies are multiples of one image, and their sums often cancel.

    Args:
        differences: shape (m, n), in any unit.
        flips: number of random sign patterns drawn for more than 14 differences; up to 14 all patterns are used.
        generator: draws the sign patterns, the same for all rows.

    Returns:
        Shape (m,), from 2/2^n to 1.

    Raises:
        ValueError: if `differences` has no column or a value is not finite.

    Source: Fisher (1935), The Design of Experiments, section 21; for the random patterns, (b + 1)/(B + 1), Phipson
    and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), article 39.
    """
    differences = checked_runs(differences)
    n = differences.shape[-1]
    if n <= EXACT_UP_TO:
        # A pattern and its opposite are equally far from 0, so the last sign can stay.
        signs = 1 - 2 * (np.arange(2 ** (n - 1))[:, None] >> np.arange(n) & 1)
        return _count_extreme(differences, signs.astype(np.int8)) / len(signs)
    signs = 2 * generator.integers(0, 2, (flips, n), dtype=np.int8) - 1
    p_values = (_count_extreme(differences, signs) + 1) / (flips + 1)
    return np.maximum(p_values, smallest_p_value(n))  # luck cannot beat the exact test


def _count_extreme(differences: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return how many sign patterns move each sum at least as far from 0 as observed, ties included."""
    observed = np.abs(differences.sum(axis=-1)) - ROUNDING * np.abs(differences).sum(axis=-1)
    counts = np.zeros(len(differences), dtype=int)
    rows = max(1, 2**21 // max(1, len(differences)))  # 16 MB at a time
    for start in range(0, len(signs), rows):
        sums = signs[start : start + rows].astype(float) @ differences.T
        counts += np.count_nonzero(np.abs(sums, out=sums) >= observed, axis=0)
    return counts


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return p-values adjusted for the family by Holm's step-down procedure.

    Args:
        p_values: shape (..., m), a family along the last axis; NaN marks a comparison without a test, which still
            counts as a member.

    Returns:
        The same shape, at most 1; NaN where a p-value is NaN.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values, axis=-1, kind="stable")  # NaN last
    remaining = np.arange(p_values.shape[-1], 0, -1)
    stepped = np.maximum.accumulate(np.take_along_axis(p_values, order, axis=-1) * remaining, axis=-1)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1), axis=-1)
    return adjusted


def verdicts(
    p_holm: ArrayLike,
    interval: Interval,
    equivalence_interval: Interval,
    *,
    alpha: float,
    margin: float,
    higher_is_better: bool,
) -> np.ndarray:
    """Return what may be said of each difference.

    Where the adjusted p-value is below alpha and the interval excludes 0, the point is "better" or "worse", or
    "negligible" if the equivalence interval lies inside ±margin. Elsewhere it is "equivalent" if the equivalence
    interval lies inside ±margin, else "inconclusive". "better" says nothing about the margin. The equivalence
    interval is not adjusted for the family: "negligible" and "equivalent" err with probability alpha each time.

    Args:
        p_holm: adjusted p-values, any shape; NaN never rejects.
        interval: t interval of the mean difference at 1 - alpha, bounds of the same shape.
        equivalence_interval: t interval at 1 - 2 alpha, bounds of the same shape.
        alpha: error rate of the family.
        margin: smallest difference that matters in practice, in the metric's unit.
        higher_is_better: True for accuracy, False for loss.

    Returns:
        Verdicts of the same shape; "inconclusive" where the bounds are NaN.
    """
    margin *= 1 - ROUNDING  # a difference of one margin is not inside because 0.938 - 0.937 falls short of 0.001
    inside = (equivalence_interval.low > -margin) & (equivalence_interval.high < margin)
    above, below = interval.low > 0, interval.high < 0
    rejected = (np.asarray(p_holm) < alpha) & (above | below)
    return np.select(
        [rejected & inside, rejected & (above if higher_is_better else below), rejected, inside],
        ["negligible", "better", "worse", "equivalent"],
        default="inconclusive",
    )


def smallest_p_value(n: int) -> float:
    """Return the smallest two-sided sign-flip p-value that `n` pairs can give: all signs equal, 2 of 2^n patterns."""
    return 2.0 ** (1 - n)


def can_reject(n: int, m: int, alpha: float = 0.05) -> bool:
    """Return whether `n` pairs can give a Holm-adjusted p-value below `alpha` in a family of `m` comparisons."""
    return m * smallest_p_value(n) < alpha


def fewest_seeds(m: int, alpha: float = 0.05) -> int:
    """Return the fewest pairs that can reject in a family of `m` comparisons: the smallest n with m · 2/2^n < alpha."""
    return next(n for n in range(2, MOST_SEEDS) if can_reject(n, m, alpha))


def smallest_adjusted_p_value(n: int, m: int, alpha: float = 0.05) -> float:
    """Return the smallest Holm-adjusted p-value that `compare_family` can give for `n` pairs in a family of `m`.

    Beyond `EXACT_UP_TO` pairs that is the resolution of the random sign patterns, not of all of them.
    """
    resolution = 1 / (flips_drawn(m, alpha) + 1) if n > EXACT_UP_TO else 0
    return min(1.0, m * max(smallest_p_value(n), resolution))


def flips_drawn(m: int, alpha: float) -> int:
    """Return how many random sign patterns are drawn in a family of `m`: enough to reject at its smallest level."""
    return max(MONTE_CARLO_FLIPS, math.ceil(2 * m / alpha))


def detectable_difference(sd: float, n: int, alpha: float = 0.05, m: int = 1) -> float:
    """Return the smallest detectable difference: t(n - 1, 1 - alpha/(2m)) · SD / √n.

    That is half the width of the interval at the level of Holm's first step, so a mean difference beyond it lets a
    t interval at that level exclude 0. A true difference of this size is missed about every other time.

    Args:
        sd: standard deviation of the differences, in the metric's unit.
        n: number of pairs.
        alpha: error rate of the family.
        m: number of comparisons in the family.

    Returns:
        In the metric's unit; infinite if `n` pairs cannot reject in a family of `m`, NaN if `sd` is.
    """
    if math.isnan(sd):
        return math.nan
    return float(t_half_width(sd, n, alpha / m)) if can_reject(n, m, alpha) else math.inf


def seeds_needed(sd: float, margin: float, alpha: float = 0.05, m: int = 1) -> int | None:
    """Return how many seeds narrow the equivalence interval to the margin.

    That is the smallest n at which half the width of the t interval at 1 - 2 alpha, t(n - 1, 1 - alpha) · SD / √n,
    is below the margin and n pairs can reject in a family of m. With fewer seeds "equivalent" is out of reach, with
    just as many it takes luck. With half the margin the interval fits into ±margin or, almost always, excludes 0,
    wherever its centre lies: that many seeds settle the question in about nine cases of ten.

    The standard deviation is taken as known; from few seeds it is not. Adding seeds until a test rejects inflates
    its error: plan the number, then train.

    Args:
        sd: standard deviation of the differences, in the metric's unit.
        margin: largest acceptable half-width, in the metric's unit.
        alpha: error rate of the family, below 0.5.
        m: number of comparisons in the family.

    Returns:
        A number of seeds from 2; None if `sd` is NaN or more than 10,000 seeds would be needed.

    Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15(6), 657-680 (the 1 - 2 alpha
    interval).
    """
    if math.isnan(sd):
        return None
    falling = _unit_half_widths(alpha)
    for_interval = 2 + int(np.searchsorted(-falling, -margin / sd, side="right")) if sd > 0 else 2
    needed = max(for_interval, fewest_seeds(m, alpha))
    return needed if needed <= MOST_SEEDS else None


@lru_cache(maxsize=8)
def _unit_half_widths(alpha: float) -> np.ndarray:
    """Return the half-widths at 1 - 2 alpha and SD 1 for n = 2 … MOST_SEEDS; they fall with n."""
    return t_half_width(1.0, np.arange(2, MOST_SEEDS + 1), 2 * alpha)
