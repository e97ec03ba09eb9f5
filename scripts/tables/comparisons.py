"""Comparisons seed by seed: every level of a sweep or grid with the baseline, or each point with a rival of its own."""

import math

import pandas as pd

from stats.divergence import pairs_left_out
from stats.paired_verdicts import Comparison, compare_family
from tables.rounding import rounded, with_spare_digit
from tables.runs import by_level

METRICS = {"accuracy": True, "loss": False}  # metric: whether higher is better
POSSIBLE = {"accuracy": (0.0, 1.0), "loss": (0.0, math.inf)}  # metric: lowest and highest value there can be

COLUMNS = (
    *("summary", "metric", "level", "n", "family_size", "difference", "sd", "low", "high"),
    *("equivalence_low", "equivalence_high", "p_value", "p_holm"),
    *("p_better", "p_better_low", "p_better_high", "detectable", "seeds_at_least", "seeds_to_settle"),
    *("verdict", "reason", "diverged", "verdict_without_diverged"),
)

# What the page's own script takes verdicts from again: nothing rounded.
DIFFERENCE_COLUMNS = ("summary", "metric", "level", "n", "exact_mean", "exact_sd", "exact_p_value", "verdict")


def compare_with_baseline(
    levels: pd.DataFrame, baseline: pd.DataFrame, alpha: float, margins: dict[str, float]
) -> list[dict]:
    """Compare every level of one sweep or grid with the baseline: one family a metric.

    Args:
        levels: runs of the sweep or grid, as `runs.tidy_runs` returns them.
        baseline: runs of the baseline.
        alpha: error rate of a family.
        margins: practical margin δ by metric, in the metric's unit.

    Returns:
        A row a metric and level, `COLUMNS` as text; empty where the sweep holds only the baseline.
    """
    return compare_pairs(pairs(levels[~levels["is_baseline"]], baseline, on=["seed"]), alpha, margins)


def pairs(points: pd.DataFrame, rivals: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Return each run beside the run of its rival, of which columns end in `_rival`; the others are left out.

    Args:
        points: runs.
        rivals: runs.
        on: columns that a run and its rival share, the seed among them.
    """
    return points.merge(rivals, on=on, suffixes=("", "_rival"))


def compare_pairs(paired: pd.DataFrame, alpha: float, margins: dict[str, float]) -> list[dict]:
    """Compare each level with its rival: all of them are one family a metric.

    Args:
        paired: what `pairs` returns for the runs of one summary.
        alpha: error rate of a family.
        margins: practical margin δ by metric, in the metric's unit.

    Returns:
        A row a metric and level, `COLUMNS` as text.
    """
    if paired.empty:
        return []
    summary, labels = paired["summary"].iloc[0], by_level(paired, "label")[:, 0]
    lost = pairs_left_out(by_level(paired, "diverged_rival"), by_level(paired, "diverged"))
    rows = []
    for metric, margin in margins.items():
        values, rivals = (by_level(paired, f"test_{metric}{side}") for side in ("", "_rival"))
        options = {"alpha": alpha, "margin": margin, "higher_is_better": METRICS[metric]}
        options["furthest"] = furthest(metric)
        comparisons = compare_family(rivals, values, **options)
        without = compare_family(rivals, values, left_out=lost, **options) if lost.any() else comparisons
        rows += [
            {"summary": summary, "metric": metric, "level": label, **comparison_cells(comparison)}
            | {"diverged": str(count), "verdict_without_diverged": second.verdict if count else ""}
            for label, comparison, second, count in zip(labels, comparisons, without, lost.sum(axis=1), strict=True)
        ]
    return rows


def furthest(metric: str) -> float:
    """Return the largest difference there can be between two values of a metric."""
    lowest, highest = POSSIBLE[metric]
    return highest - lowest


def comparison_cells(comparison: Comparison) -> dict[str, str]:
    """Return a comparison as text, metrics one digit beyond what the standard error of the difference supports."""
    names = ("sd", "low", "high", "equivalence_low", "equivalence_high", "detectable")
    numbers = {"difference": comparison.mean} | {name: getattr(comparison, name) for name in names}
    cells = with_spare_digit(numbers, comparison.sd / math.sqrt(comparison.n))
    shares = ("p_better", "p_better_low", "p_better_high")
    cells |= {name: rounded(getattr(comparison, name), 3) for name in shares}
    cells |= {name: probability(getattr(comparison, name)) for name in ("p_value", "p_holm")}
    for name in ("seeds_at_least", "seeds_to_settle"):
        value = getattr(comparison, name)
        cells[name] = "" if value is None else str(value)
    exact = {"mean": comparison.mean, "sd": comparison.sd, "p_value": comparison.p_value}
    cells |= {f"exact_{name}": "" if math.isnan(value) else repr(float(value)) for name, value in exact.items()}
    return cells | {
        "n": str(comparison.n),
        "family_size": str(comparison.family_size),
        "verdict": comparison.verdict,
        "reason": comparison.reason,
    }


def probability(value: float) -> str:
    """Return a p-value at three significant digits; empty where there is none."""
    return "" if math.isnan(value) else f"{value:.3g}"
