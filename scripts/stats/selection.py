"""Selection bias: how much picking the best point on the test set flatters it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from stats.intervals import checked_runs


@dataclass(frozen=True, slots=True)
class Selection:
    """The best point of a set and what its mean is worth, in the metric's unit.

    Attributes:
        best: position of the point with the best mean over all seeds; the first of several.
        apparent: its mean, over the same seeds that picked it.
        cross_fitted: mean over random halves of: pick on one half of the seeds, estimate on the other.
        optimism: by how much `apparent` is the better of the two, positive if it flatters.
        picked: for each point, the share of halves that picked it.
    """

    best: int
    apparent: float
    cross_fitted: float
    optimism: float
    picked: tuple[float, ...]


def select_best(
    values: ArrayLike, *, higher_is_better: bool, splits: int = 1_000, generator: np.random.Generator
) -> Selection:
    """Pick the best point, and estimate its metric on seeds that had no part in the picking.

    Half of the seeds pick with more noise than all of them, so the cross-fitted mean leans to the cautious side where
    points are close. The test images stay the same in both halves: the bias by picking on these very images remains
    in both numbers.

    Args:
        values: metric of m points' runs, shape (m, n).
        higher_is_better: True for accuracy, False for loss.
        splits: number of random splits; each half of a split picks once. With an odd number of seeds one sits out.
        generator: draws the splits.

    Returns:
        The best point; with one seed the cross-fitted mean, the optimism and the shares are NaN.

    Raises:
        ValueError: if `values` is not of shape (m, n), is empty, or holds a value that is not finite.

    Source: Varma and Simon (2006), BMC Bioinformatics 7, article 91 (bias of picking on the data that estimate);
    Cawley and Talbot (2010), Journal of Machine Learning Research 11, 2079-2107.
    """
    values = checked_runs(values)
    if values.ndim != 2 or len(values) == 0:
        raise ValueError(f"`values` must have the shape (m, n). Received: {values.shape}")
    points, n = values.shape
    sign = 1 if higher_is_better else -1
    best = int(np.argmax(sign * values.mean(axis=1)))
    apparent = float(values[best].mean())
    if n == 1:
        return Selection(best, apparent, np.nan, np.nan, (np.nan,) * points)
    half = n // 2
    ranks = generator.random((splits, n)).argsort(axis=1, kind="stable")
    halves = [(ranks < half) @ values.T / half, (ranks >= n - half) @ values.T / half]  # means, shape (splits, m)
    picks = [np.argmax(sign * means, axis=1) for means in halves]
    estimates = [means[np.arange(splits), pick] for means, pick in zip(reversed(halves), picks, strict=True)]
    cross_fitted = float(np.mean(estimates))
    picked = np.bincount(np.concatenate(picks), minlength=points) / (2 * splits)
    return Selection(best, apparent, cross_fitted, sign * (apparent - cross_fitted), tuple(picked.tolist()))
