"""What the sweeps show as a whole: course of training, fall around the best rate, gain of a doubling."""

import math

import numpy as np

from stats.divergence import score_at_chance
from stats.intervals import standard_deviation
from tables.comparisons import Runs
from tables.rounding import rounded, supported_decimals
from tables.runs import RUN_METRICS, read_histories
from tables.study import Study

LEARNING_COLUMNS = ("epoch", "n", "diverged", *(f"{metric}{part}" for metric in RUN_METRICS for part in ("", "_sd")))
TREND_COLUMNS = ("trend", "from", "to", "value")


def learning_rows(study: Study) -> list[dict[str, str]]:
    """Return mean and SD over seeds of the baseline's metrics at every epoch, `LEARNING_COLUMNS` as text.

    Where a run's loss is not finite, on the training or the test images, it is scored at chance, as in all tables.
    """
    by_epoch: dict[int, list[dict[str, str]]] = {}
    for row in read_histories(study.chain()):
        by_epoch.setdefault(int(row["epoch"]), []).append(row)
    rows = []
    for epoch, runs in sorted(by_epoch.items()):
        scored = {
            part: score_at_chance(*([float(run[f"{part}_{name}"]) for run in runs] for name in ("accuracy", "loss")))
            for part in ("train", "test")
        }
        row = {"epoch": str(epoch), "n": str(len(runs)), "diverged": str(scored["test"].count)}
        for metric in RUN_METRICS:
            part, name = metric.split("_")
            values = getattr(scored[part], name)
            sd = float(standard_deviation(values))
            decimals = supported_decimals(sd / math.sqrt(len(values)), fallback=6) + 1
            row |= {metric: rounded(float(values.mean()), decimals), f"{metric}_sd": rounded(sd, decimals)}
        rows.append(row)
    return rows


def mean_accuracies(study: Study, summary: str, runs: Runs) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the levels of a sweep, their mean test accuracies, and the standard errors of these."""
    levels = study.levels(summary)
    values = np.array([runs[level.key].values("accuracy") for level in levels])
    errors = standard_deviation(values) / math.sqrt(values.shape[1])
    return [level.levels[summary] for level in levels], values.mean(axis=1), errors


def trend_rows(study: Study, runs: Runs) -> list[dict[str, str]]:
    """Return the trends of the study's sweeps, `TREND_COLUMNS` as text; empty where no sweep shows one.

    `fall per decade below`, `… above`: by how much mean test accuracy falls for each factor of 10 in learning rate,
    from the best value to the end of the sweep. `gain of a doubling`: by how much it rises for each doubling of the
    hidden units, between neighbouring values.
    """
    rows = []
    if study.summaries.get("learning_rate") == ("learning_rate",):
        names, means, errors = mean_accuracies(study, "learning_rate", runs)
        best = int(means.argmax())
        for side, end in (("below", 0), ("above", len(names) - 1)):
            if end != best:
                decades = abs(math.log10(float(names[end]) / float(names[best])))
                value = (means[best] - means[end]) / decades
                rows.append(
                    trend(f"fall per decade {side}", names[best], names[end], value, errors[[best, end]] / decades)
                )
    if study.summaries.get("units") == ("units",):
        names, means, errors = mean_accuracies(study, "units", runs)
        for index in range(1, len(names)):
            doublings = math.log2(float(names[index]) / float(names[index - 1]))
            value = (means[index] - means[index - 1]) / doublings
            pair = errors[[index - 1, index]] / doublings
            rows.append(trend("gain of a doubling", names[index - 1], names[index], value, pair))
    return rows


def trend(name: str, start: str, end: str, value: float, errors: np.ndarray) -> dict[str, str]:
    """Return one row; digits by the standard error of a difference of two means."""
    decimals = supported_decimals(float(np.hypot(*errors))) + 1
    return {"trend": name, "from": start, "to": end, "value": rounded(float(value), decimals)}
