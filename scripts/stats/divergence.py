"""Diverged runs, those whose loss is not finite: counted, scored at chance, or left out, never dropped in silence."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


def chance(classes: int) -> tuple[float, float]:
    """Return accuracy and loss (in nats) of a guess among equally likely classes."""
    return 1 / classes, math.log(classes)


@dataclass(frozen=True)
class ScoredRuns:
    """Runs of which the diverged ones are scored at chance.

    Attributes:
        accuracy: share of test images, shape (..., n), 1/classes where diverged.
        loss: cross-entropy in nats, shape (..., n), ln(classes) where diverged.
        diverged: which runs diverged, booleans of shape (..., n).
    """

    accuracy: np.ndarray
    loss: np.ndarray
    diverged: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Number of diverged runs of each point, shape (...)."""
        return np.count_nonzero(self.diverged, axis=-1)


def score_at_chance(accuracy: ArrayLike, loss: ArrayLike, classes: int) -> ScoredRuns:
    """Score diverged runs as a model that guesses: the main analysis.

    A network of NaN weights still names a class, always the same one, so its accuracy is near chance already; its
    loss is not a number. A finite loss is never touched, even beyond chance.

    Args:
        accuracy: share of test images of each run, shape (..., n).
        loss: cross-entropy of each run in nats, shape (..., n).
        classes: number of equally likely classes.

    Returns:
        Copies with chance in the place of diverged runs, and which these are.

    Raises:
        ValueError: if shapes do not match or a run of finite loss has no finite accuracy.
    """
    accuracy, loss = np.asarray(accuracy, dtype=float), np.asarray(loss, dtype=float)
    if accuracy.shape != loss.shape or loss.ndim == 0:
        raise ValueError(
            f"`accuracy` and `loss` must have one shape (..., n). Received: {accuracy.shape} and {loss.shape}"
        )
    diverged = ~np.isfinite(loss)
    if not np.isfinite(accuracy[~diverged]).all():
        raise ValueError("`accuracy` must be finite where `loss` is")
    guessed = chance(classes)
    return ScoredRuns(np.where(diverged, guessed[0], accuracy), np.where(diverged, guessed[1], loss), diverged)


def pairs_left_out(baseline_diverged: ArrayLike, others_diverged: ArrayLike) -> np.ndarray:
    """Return the pairs of which one run diverged: the second analysis, `left_out` of `paired_verdicts.compare_family`.

    Args:
        baseline_diverged: booleans of shape (n,), or (m, n) for a rival of each point.
        others_diverged: booleans of shape (m, n), the seeds in the same order.

    Returns:
        Booleans of shape (m, n).
    """
    return np.asarray(baseline_diverged, dtype=bool) | np.asarray(others_diverged, dtype=bool)
