"""All comparisons of a study: every level of every sweep and grid against the baseline, accuracy and loss apart."""

import math

import numpy as np

from stats.divergence import pairs_left_out
from stats.paired import Comparison, compare_family
from tables.rounding import rounded, supported_decimals
from tables.runs import SettingRuns
from tables.study import Setting, Study

METRICS = {"accuracy": True, "loss": False}  # metric: whether higher is better

COLUMNS = (
    *("summary", "metric", "level", "n", "family_size", "difference", "sd", "low", "high"),
    *("equivalence_low", "equivalence_high", "p_value", "p_holm"),
    *("p_better", "p_better_low", "p_better_high", "detectable", "seeds_at_least", "seeds_to_settle"),
    *("verdict", "reason", "diverged", "verdict_without_diverged"),
)

# What the page's own script takes verdicts from anew: nothing rounded.
DIFFERENCE_COLUMNS = ("summary", "metric", "level", "n", "exact_mean", "exact_sd", "exact_p_value", "verdict")

Runs = dict[tuple[str, str], SettingRuns]  # by `Setting.key`


def compared_levels(study: Study, summary: str) -> list[Setting]:
    """Return the levels of a sweep or grid that are compared: all but the baseline."""
    return [setting for setting in study.levels(summary) if not study.is_baseline(setting)]


def compare_summary(study: Study, summary: str, runs: Runs, metric: str, margin: float) -> list[dict]:
    """Compare every level of one sweep or grid with the baseline: one family.

    Args:
        study: the plan.
        summary: name of the sweep or grid.
        runs: by `Setting.key`.
        metric: `accuracy` or `loss`.
        margin: practical margin δ in the metric's unit.

    Returns:
        A row a level, `COLUMNS` as text; empty where the sweep holds only the baseline.
    """
    levels = compared_levels(study, summary)
    if not levels:
        return []
    baseline, others = runs[study.baseline_setting().key], [runs[level.key] for level in levels]
    labels = [study.label(summary, level) for level in levels]
    return compare_rows(summary, metric, labels, [baseline] * len(others), others, study.alpha, margin)


def compare_rows(
    summary: str,
    metric: str,
    labels: list[str],
    rivals: list[SettingRuns],
    others: list[SettingRuns],
    alpha: float,
    margin: float,
) -> list[dict]:
    """Compare each of several points with a rival of its own, all of them one family; rows as `COLUMNS`."""
    options = {"alpha": alpha, "margin": margin, "higher_is_better": METRICS[metric]}
    reference, values = (np.array([some.values(metric) for some in side]) for side in (rivals, others))
    lost = pairs_left_out(*(np.array([some.scored.diverged for some in side]) for side in (rivals, others)))
    comparisons = compare_family(reference, values, **options)
    without = compare_family(reference, values, left_out=lost, **options) if lost.any() else comparisons
    return [
        {"summary": summary, "metric": metric, "level": label, **comparison_cells(comparison)}
        | {"diverged": str(np.count_nonzero(pairs)), "verdict_without_diverged": second.verdict if pairs.any() else ""}
        for label, comparison, second, pairs in zip(labels, comparisons, without, lost, strict=True)
    ]


def comparison_cells(comparison: Comparison) -> dict[str, str]:
    """Return a comparison as text, metrics one digit beyond what the standard error of the difference supports."""
    decimals = supported_decimals(comparison.sd / math.sqrt(comparison.n), fallback=6) + 1
    numbers = {"difference": comparison.mean} | {
        name: getattr(comparison, name)
        for name in ("sd", "low", "high", "equivalence_low", "equivalence_high", "detectable")
    }
    cells = {name: rounded(value, decimals) for name, value in numbers.items()}
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
