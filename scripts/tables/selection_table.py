"""What "the best" level of each sweep and grid is worth on seeds that had no part in picking it."""

import numpy as np

from stats.intervals import standard_deviation
from stats.selection import select_best
from tables.comparisons import METRICS, Runs
from tables.rounding import rounded, supported_decimals
from tables.study import Study

SELECTION_COLUMNS = ("summary", "metric", "best", "apparent", "cross_fitted", "optimism", "picked")


def selection_rows(study: Study, runs: Runs) -> list[dict[str, str]]:
    """Return a row a sweep or grid and metric; none with fewer than two levels or two seeds."""
    rows = []
    for summary in study.summaries:
        levels = study.levels(summary)
        for metric, higher_is_better in METRICS.items():
            values = np.array([runs[level.key].values(metric) for level in levels])
            if min(values.shape) < 2:
                continue
            found = select_best(values, higher_is_better=higher_is_better, generator=np.random.default_rng(0))
            best = values[found.best]
            decimals = supported_decimals(float(standard_deviation(best)) / len(best) ** 0.5, fallback=6) + 1
            cells = {name: rounded(getattr(found, name), decimals) for name in ("apparent", "cross_fitted", "optimism")}
            rows.append(
                {"summary": summary, "metric": metric, "best": study.label(summary, levels[found.best])}
                | cells
                | {"picked": rounded(float(found.picked[found.best]), 3)}
            )
    return rows
