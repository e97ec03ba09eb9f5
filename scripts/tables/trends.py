"""What the sweeps show as a whole: course of training, fall around the best rate, gain of a doubling."""

import math

import numpy as np
import pandas as pd

from stats.divergence import score_at_chance
from stats.intervals import standard_deviation
from tables.rounding import with_spare_digit
from tables.runs import RUN_METRICS, by_level, levels_of

LEARNING_COLUMNS = ("epoch", "n", "diverged", *(f"{metric}{part}" for metric in RUN_METRICS for part in ("", "_sd")))
TREND_COLUMNS = ("trend", "from", "to", "value")


def learning_rows(histories: list[dict[str, str]], classes: int) -> list[dict[str, str]]:
    """Return mean and SD over seeds of the baseline's metrics at every epoch, `LEARNING_COLUMNS` as text.

    Where a run's loss is not finite, on the training or the test images, it is scored at chance, as in all tables.

    Args:
        histories: of the baseline, as `runs.read_histories` returns them.
        classes: number of classes.
    """
    by_epoch: dict[int, list[dict[str, str]]] = {}
    for row in histories:
        by_epoch.setdefault(int(row["epoch"]), []).append(row)
    rows = []
    for epoch, runs in sorted(by_epoch.items()):
        scored = {
            part: score_at_chance(
                *([float(run[f"{part}_{name}"]) for run in runs] for name in ("accuracy", "loss")), classes
            )
            for part in ("train", "test")
        }
        row = {"epoch": str(epoch), "n": str(len(runs)), "diverged": str(scored["test"].count)}
        for metric in RUN_METRICS:
            part, name = metric.split("_")
            values = getattr(scored[part], name)
            sd = float(standard_deviation(values))
            row |= with_spare_digit({metric: values.mean(), f"{metric}_sd": sd}, sd / math.sqrt(len(values)))
        rows.append(row)
    return rows


def mean_accuracies(levels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the labels of a sweep's levels, their mean test accuracies, and the standard errors of these."""
    values = by_level(levels, "test_accuracy")
    return by_level(levels, "label")[:, 0], values.mean(axis=1), standard_deviation(values) / math.sqrt(values.shape[1])


def trend_rows(runs: pd.DataFrame) -> list[dict[str, str]]:
    """Return the trends of the study's sweeps, `TREND_COLUMNS` as text; empty where no sweep shows one.

    `fall per decade below`, `… above`: by how much mean test accuracy falls for each factor of 10 in learning rate,
    from the best value to the end of the sweep. `gain of a doubling`: by how much it rises for each doubling of the
    hidden units, between neighbouring values.

    Args:
        runs: of the study, as `runs.tidy_runs` returns them; a summary named as a factor is its sweep.
    """
    rows = []
    summaries = set(runs["summary"])
    if "learning_rate" in summaries:
        names, means, errors = mean_accuracies(levels_of(runs, "learning_rate"))
        best = int(means.argmax())
        for side, end in (("below", 0), ("above", len(names) - 1)):
            if end != best:
                decades = abs(math.log10(float(names[end]) / float(names[best])))
                value = (means[best] - means[end]) / decades
                rows.append(
                    trend(f"fall per decade {side}", names[best], names[end], value, errors[[best, end]] / decades)
                )
    if "units" in summaries:
        names, means, errors = mean_accuracies(levels_of(runs, "units"))
        for index in range(1, len(names)):
            doublings = math.log2(float(names[index]) / float(names[index - 1]))
            value = (means[index] - means[index - 1]) / doublings
            pair = errors[[index - 1, index]] / doublings
            rows.append(trend("gain of a doubling", names[index - 1], names[index], value, pair))
    return rows


def trend(name: str, start: str, end: str, value: float, errors: np.ndarray) -> dict[str, str]:
    """Return one row; digits by the standard error of a difference of two means."""
    cells = with_spare_digit({"value": value}, float(np.hypot(*errors)), fallback=4)
    return {"trend": name, "from": start, "to": end, **cells}
