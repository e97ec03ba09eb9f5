"""Intervals of a point's runs: the mean, one further run, a proportion."""

from typing import NamedTuple

import numpy as np
import scipy  # its submodules load at first use: what only counts seeds does not wait for them
from numpy.typing import ArrayLike

# Values this close, relative to the largest, differ by the rounding of floats only: 0.981 - 0.98 is not 0.001.
ROUNDING = 1e-9
EVERYTHING = (-np.inf, np.inf)


class Interval(NamedTuple):
    """The two bounds of an interval, floats or arrays."""

    low: np.ndarray
    high: np.ndarray


def within(interval: Interval, possible: tuple[float, float]) -> Interval:
    """Return an interval without the part where no value can lie, which takes nothing from its coverage.

    From two or three runs that differ, a t interval of an accuracy reaches below 0 and above 1.

    Args:
        interval: bounds of any shape; NaN stays.
        possible: the lowest and the highest value there can be, e.g. 0 and 1 for an accuracy.
    """
    return Interval(*(np.clip(bound, *possible) for bound in interval))


def checked_runs(values: ArrayLike) -> np.ndarray:
    """Return runs as floats, after checking that there is at least one and that all are finite.

    Args:
        values: metric of each run, shape (..., n).

    Returns:
        The same values as float64.

    Raises:
        ValueError: if there is no run or one is not finite (score or leave out diverged runs first).
    """
    values = np.asarray(values, dtype=float)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(f"`values` must hold at least one run along its last axis. Received: shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"`values` must be finite. Received: {np.count_nonzero(~np.isfinite(values))} that are not")
    return values


def standard_deviation(values: ArrayLike) -> np.ndarray:
    """Return the sample standard deviation (n - 1 in the denominator) along the last axis.

    Args:
        values: metric of each run, shape (..., n), in the metric's unit.

    Returns:
        Shape (...), in the metric's unit; exactly 0 where the runs are equal up to rounding, NaN where n = 1.

    Raises:
        ValueError: if there is no run or one is not finite.
    """
    values = checked_runs(values)
    if values.shape[-1] == 1:
        return np.full(values.shape[:-1], np.nan)[()]
    equal = np.ptp(values, axis=-1) <= ROUNDING * np.abs(values).max(axis=-1)
    return np.where(equal, 0.0, values.std(axis=-1, ddof=1))[()]


def t_half_width(sd: ArrayLike, n: ArrayLike, alpha: float = 0.05) -> np.ndarray:
    """Return half the width of the t interval of a mean, t(n - 1, 1 - alpha/2) · SD / √n.

    Args:
        sd: standard deviation of the runs, any shape, in the metric's unit.
        n: number of runs, broadcast against `sd`.
        alpha: the interval misses the mean with this probability, 0 to 1.

    Returns:
        Broadcast shape, in the metric's unit; NaN where n = 1.

    Raises:
        ValueError: if `alpha` is not between 0 and 1.

    Source: Student (1908), Biometrika 6(1), 1-25.
    """
    return scipy.special.stdtrit(np.asarray(n) - 1.0, 1 - _checked_alpha(alpha) / 2) * sd / np.sqrt(n)


def t_interval(values: ArrayLike, alpha: float = 0.05, possible: tuple[float, float] = EVERYTHING) -> Interval:
    """Return the t interval of the mean along the last axis.

    Args:
        values: metric of each run, shape (..., n).
        alpha: the interval misses the mean with this probability, 0 to 1.
        possible: the lowest and the highest value there can be; the interval ends there.

    Returns:
        Bounds of shape (...), in the metric's unit; NaN where n = 1.

    Raises:
        ValueError: if there is no run, one is not finite, or `alpha` is not between 0 and 1.

    Source: Student (1908), Biometrika 6(1), 1-25.
    """
    values = checked_runs(values)
    mean = values.mean(axis=-1)
    half_width = t_half_width(standard_deviation(values), values.shape[-1], alpha)
    return within(Interval(mean - half_width, mean + half_width), possible)


def describe(
    values: ArrayLike, alpha: float = 0.05, possible: tuple[float, float] = EVERYTHING
) -> dict[str, np.ndarray]:
    """Return `mean`, `sd`, and the bounds `low` and `high` of the t interval of the mean, along the last axis.

    Args:
        values: metric of each run, shape (..., n).
        alpha: the interval misses the mean with this probability, 0 to 1.
        possible: the lowest and the highest value there can be; the interval ends there.

    Returns:
        Each of shape (...), in the metric's unit; SD and bounds are NaN where n = 1.

    Raises:
        ValueError: if there is no run, one is not finite, or `alpha` is not between 0 and 1.
    """
    values = checked_runs(values)
    low, high = t_interval(values, alpha, possible)
    return {"mean": values.mean(axis=-1), "sd": standard_deviation(values), "low": low, "high": high}


def prediction_interval(values: ArrayLike, alpha: float = 0.05, possible: tuple[float, float] = EVERYTHING) -> Interval:
    """Return where one further run would fall: mean ± t(n - 1, 1 - alpha/2) · SD · √(1 + 1/n).

    Args:
        values: metric of each run, shape (..., n).
        alpha: the interval misses the further run with this probability, 0 to 1.
        possible: the lowest and the highest value there can be; the interval ends there.

    Returns:
        Bounds of shape (...), in the metric's unit; NaN where n = 1.

    Raises:
        ValueError: if there is no run, one is not finite, or `alpha` is not between 0 and 1.

    Source: Hahn and Meeker (1991), Statistical Intervals, chapter 4.
    """
    values = checked_runs(values)
    n = values.shape[-1]
    mean = values.mean(axis=-1)
    half_width = t_half_width(standard_deviation(values), n, alpha) * np.sqrt(n + 1)
    return within(Interval(mean - half_width, mean + half_width), possible)


def wilson_interval(successes: ArrayLike, trials: ArrayLike, alpha: float = 0.05) -> Interval:
    """Return Wilson's score interval of a proportion.

    Args:
        successes: number of successes, any shape; a tie may count as half a success.
        trials: number of trials, broadcast against `successes`.
        alpha: the interval misses the proportion with this nominal probability, 0 to 1.

    Returns:
        Bounds from 0 to 1, broadcast shape; NaN where there are no trials.

    Raises:
        ValueError: if successes are not between 0 and trials, or `alpha` is not between 0 and 1.

    Source: Wilson (1927), Journal of the American Statistical Association 22(158), 209-212.
    """
    successes, trials = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if not ((successes >= 0) & (successes <= trials)).all():
        raise ValueError(f"`successes` must be between 0 and `trials`. Received: {successes} of {trials}")
    z2 = scipy.special.ndtri(1 - _checked_alpha(alpha) / 2) ** 2
    with np.errstate(invalid="ignore"):  # 0 of 0
        share = successes / trials
    centre = (successes + z2 / 2) / (trials + z2)
    half_width = np.sqrt(z2 * (trials * share * (1 - share) + z2 / 4)) / (trials + z2)
    # It holds the share and no more than 0 to 1; only rounding says otherwise.
    low = np.clip(centre - half_width, 0, share)
    return Interval(low, np.clip(centre + half_width, share, 1))


def _checked_alpha(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1. Received: alpha={alpha}")
    return alpha
