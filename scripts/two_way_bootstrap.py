"""Bootstrap over seeds and test images: would a difference stand with other seeds and with another test set?

Seeds alone say how a difference varies on these very test images. Both are resampled here, independently of each
other and the same for point and baseline, so that the difference stays paired on both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

BLOCK = 256  # resamples turned into floats at a time: 20 MB for 10,000 images


@dataclass(frozen=True)
class ResamplingWeights:
    """How often each resample holds each seed and each image; drawn once, used for every point.

    Attributes:
        seeds: uint8 of shape (resamples, seeds); every row adds up to the number of seeds.
        images: uint8 of shape (resamples, images); every row adds up to the number of images.
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
        The weights, 20 MB for 10,000 images and 2,000 resamples.

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
    point: ArrayLike, baseline: ArrayLike, weights: ResamplingWeights, *, alpha: float = 0.05
) -> TwoWayDifference:
    """Return the mean difference with its uncertainty by seeds, by test images and by both.

    Where chance hits each image anew with each seed (the interaction), the bootstrap counts that part of the
    variance three times, so the interval is too wide; with few seeds and little interaction it is too narrow.
    Its coverage is measured, not promised.

    Args:
        point: outcome of every image, 1 or 0 for accuracy, else its loss, shape (n_seeds, n_images).
        baseline: the same for the baseline, seeds and images in the same order.
        weights: of the same numbers of seeds and images.
        alpha: the interval misses the mean difference with this nominal probability.

    Returns:
        The difference point minus baseline; standard errors are NaN where there is only one seed or image, and so
        are the bootstrap's numbers with only one seed.

    Raises:
        ValueError: if shapes do not match or an outcome is not finite.

    Source: Sellam et al. (2022), The MultiBERTs, arXiv 2106.16163, section 3; the factor three: Owen (2007), Annals
    of Applied Statistics 1(2), 386-411.
    """
    difference = np.subtract(point, baseline, dtype=float)
    expected = (weights.seeds.shape[1], weights.images.shape[1])
    if np.shape(point) != expected or np.shape(baseline) != expected:
        raise ValueError(
            f"`point` and `baseline` must have the shape of the weights, {expected}. "
            f"Received: {np.shape(point)} and {np.shape(baseline)}"
        )
    if not np.isfinite(difference).all():
        raise ValueError("outcomes must be finite: score diverged runs at chance or leave them out")
    by_seed, by_image = difference.mean(axis=1), difference.mean(axis=0)
    low, high, se = (np.nan,) * 3
    if len(by_seed) > 1:  # one seed resampled is the same seed: the spread would pass for that of images alone
        means = _resampled_means(difference, weights)
        low, high = np.quantile(means, (alpha / 2, 1 - alpha / 2)).tolist()
        se = float(means.std(ddof=1))
    return TwoWayDifference(
        float(difference.mean()), _standard_error(by_seed), _standard_error(by_image), se, low, high
    )


def _multinomial(size: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Return multinomial counts, shape (resamples, size); counting drawn indices beats `Generator.multinomial`."""
    counts = np.empty((resamples, size), dtype=np.uint8)  # a count above 255 has a probability below 1e-500
    for row in counts:
        row[:] = np.bincount(generator.integers(0, size, size, dtype=np.uint32), minlength=size)
    return counts


def _resampled_means(difference: np.ndarray, weights: ResamplingWeights) -> np.ndarray:
    """Return the mean difference of each resample."""
    means = np.empty(len(weights.images))
    for start in range(0, len(means), BLOCK):
        block = slice(start, start + BLOCK)
        per_seed = weights.images[block].astype(float) @ difference.T
        means[block] = (per_seed * weights.seeds[block]).sum(axis=1)
    return means / difference.size


def _standard_error(means: np.ndarray) -> float:
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.nan
