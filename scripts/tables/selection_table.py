"""What "the best" level of each sweep and grid is worth on seeds that had no part in picking it."""

import numpy as np
import pandas as pd

from stats.intervals import standard_deviation
from stats.selection import select_best
from tables.comparisons import METRICS
from tables.rounding import rounded, with_spare_digit
from tables.runs import by_level

SELECTION_COLUMNS = ("summary", "metric", "best", "apparent", "cross_fitted", "optimism", "picked")


def selection_rows(levels: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row a metric for the runs of one sweep or grid; none with fewer than two levels or two seeds."""
    labels = by_level(levels, "label")
    if min(labels.shape) < 2:
        return []
    rows = []
    for metric, higher_is_better in METRICS.items():
        values = by_level(levels, f"test_{metric}")
        found = select_best(values, higher_is_better=higher_is_better, generator=np.random.default_rng(0))
        best = values[found.best]
        numbers = {name: getattr(found, name) for name in ("apparent", "cross_fitted", "optimism")}
        rows.append(
            {"summary": levels["summary"].iloc[0], "metric": metric, "best": labels[found.best, 0]}
            | with_spare_digit(numbers, float(standard_deviation(best)) / len(best) ** 0.5)
            | {"picked": rounded(float(found.picked[found.best]), 3)}
        )
    return rows
