"""Bootstrap over seeds and test images: would a difference stand with other seeds and with another test set?

Seeds alone say how a difference varies on these very test images. Both are resampled here, independently of each
other and the same for point and baseline, so that the difference stays paired on both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class ResamplingWeights:
    """How often each resample holds each seed and each image; drawn once, used for every point.

    Attributes:
        seeds: of shape (resamples, seeds); every row adds up to the number of seeds.
        images: of shape (resamples, images); every row adds up to the number of images. Floats, for matrix products.
    """

    seeds: np.ndarray
    images: np.ndarray


@dataclass(frozen=True, slots=True)
class TwoWayDifference:
    """The mean difference between point and baseline beyond these seeds and images, in the metric's unit.

    Attributes:
        mean: mean difference over seeds and images.
        seeds_se: standard error by the choice of seeds, the test images held fixed.
        images_se: standard error by the choice of test images, the seeds held fixed.
        se: standard error by both, from the bootstrap.
        low: lower bound of the bootstrap's percentile interval at 1 - alpha, by both.
        high: its upper bound.
    """

    mean: float
    seeds_se: float
    images_se: float
    se: float
    low: float
    high: float


def resampling_weights(
    n_seeds: int, n_images: int, *, resamples: int = 2_000, generator: np.random.Generator
) -> ResamplingWeights:
    """Draw how often each resample, with replacement, holds each seed and each image.

    Args:
        n_seeds: number of seeds.
        n_images: number of test images.
        resamples: number of resamples.
        generator: source of the draws.

    Returns:
        The weights, 160 MB for 10,000 images and 2,000 resamples.

    Raises:
        ValueError: if a number is not positive.

    Source: Sellam et al. (2022), The MultiBERTs, arXiv 2106.16163, section 3 (multi-bootstrap).
    """
    if min(n_seeds, n_images, resamples) < 1:
        raise ValueError(
            f"`n_seeds`, `n_images` and `resamples` must be positive. Received: {n_seeds}, {n_images} and {resamples}"
        )
    return ResamplingWeights(*(_multinomial(size, resamples, generator) for size in (n_seeds, n_images)))


def two_way_bootstrap(
    points: ArrayLike, baseline: ArrayLike, weights: ResamplingWeights, *, alpha: float = 0.05
) -> list[TwoWayDifference]:
    """Return each point's mean difference with its uncertainty by seeds, by test images and by both.

    A point's numbers are, up to the last bits, those it has alone; several at a time take less time each.

    Where chance hits each image anew with each seed (the interaction), the bootstrap counts that part of the
    variance three times, so the interval is too wide; with few seeds and little interaction it is too narrow.
    Its coverage is measured, not promised.

    Args:
        points: outcome of every image, 1 or 0 for accuracy, else its loss, shape (m, n_seeds, n_images).
        baseline: the same for the baseline, shape (n_seeds, n_images), seeds and images in the same order.
        weights: of the same numbers of seeds and images.
        alpha: the interval misses the mean difference with this nominal probability.

    Returns:
        The differences point minus baseline; standard errors are NaN where there is only one seed or image, and so
        are the bootstrap's numbers with only one seed.

    Raises:
        ValueError: if shapes do not match or an outcome is not finite.

    Source: Sellam et al. (2022), The MultiBERTs, arXiv 2106.16163, section 3; the factor three: Owen (2007), Annals
    of Applied Statistics 1(2), 386-411.
    """
    points, baseline = np.asarray(points), np.asarray(baseline)
    expected = (weights.seeds.shape[1], weights.images.shape[1])
    if points.shape[1:] != expected or baseline.shape != expected:
        raise ValueError(
            f"`baseline` must have the shape of the weights, {expected}, and `points` that of several such. "
            f"Received: {baseline.shape} and {points.shape}"
        )
    differences = np.subtract(points, baseline, dtype=float)
    if not np.isfinite(differences).all():
        raise ValueError("outcomes must be finite: score diverged runs at chance or leave them out")
    low, high, se = np.full((3, len(points)), np.nan)
    if expected[0] > 1:  # one seed resampled is the same seed: the spread would pass for that of images alone
        means = _resampled_means(differences, weights)
        low, high = np.quantile(means, (alpha / 2, 1 - alpha / 2), axis=1)
        se = means.std(axis=1, ddof=1)
    return [
        TwoWayDifference(
            float(difference.mean()),
            _standard_error(difference.mean(axis=1)),
            _standard_error(difference.mean(axis=0)),
            *by_both,
        )
        for difference, *by_both in zip(differences, se.tolist(), low.tolist(), high.tolist(), strict=True)
    ]


def _multinomial(size: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return multinomial counts, shape (resamples, size); counting drawn indices beats `Generator.multinomial`."""
    counts = np.empty((resamples, size))
    for row in counts:
        row[:] = np.bincount(generator.integers(0, size, size, dtype=np.uint32), minlength=size)
    return counts


def _resampled_means(differences: np.ndarray, weights: ResamplingWeights) -> np.ndarray:
    """Return the mean difference of each point in each resample, shape (m, resamples)."""
    m, seeds, images = differences.shape
    unequal = differences.any(axis=(0, 1))  # few images, for accuracy; the others add nothing however often drawn
    sums = weights.images[:, unequal] @ differences[..., unequal].reshape(m * seeds, -1).T
    means = (sums.reshape(-1, m, seeds) * weights.seeds[:, None]).sum(axis=2) / (seeds * images)
    return np.ascontiguousarray(means.T)


def _standard_error(means: np.ndarray) -> float:
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.nan
