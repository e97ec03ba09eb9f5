"""The comparisons as the page embeds them, so that its script takes the verdicts again at another α or δ."""

import json
import math
from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np
import scipy  # its submodules load at first use
from markupsafe import Markup  # part of Jinja

from stats.intervals import Interval, t_half_width, within
from stats.paired_verdicts import Comparison, holm
from tables.comparisons import METRICS, furthest
from tables.rounding import rounded, supported_decimals
from tables.summary_tables import table_name
from writing.links import row_id, sentence_case

ALPHAS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)  # the levels a reader can choose, beside the study's own


def family(
    name: str,
    metric: str,
    labels: Iterable[str],
    comparisons: Iterable[Comparison],
    *,
    alpha: float,
    margin: float,
    higher_is_better: bool,
) -> dict:
    """Return one family of comparisons as the page shows and embeds it.

    Args:
        name: of the sweep or grid, which is also its table's name.
        metric: `accuracy` or `loss`.
        labels: the level of each comparison; for a grid `factor=level,factor=level`.
        comparisons: what `paired_verdicts.compare_family` returned for them.
        alpha: error rate of the family.
        margin: smallest difference that matters in practice, in the metric's unit.
        higher_is_better: True for accuracy, False for loss.

    Returns:
        Plain values only; what is not a number (the SD and p-value of a single pair) is None.

    Raises:
        ValueError: if there are not as many labels as comparisons.
    """
    rows = [
        {
            "level": label,
            "n": comparison.n,
            "mean": _number(comparison.mean),
            "sd": _number(comparison.sd),
            "p": _number(comparison.p_value),
            "verdict": comparison.verdict,
        }
        for label, comparison in zip(labels, comparisons, strict=True)
    ]
    return {
        "name": name,
        "metric": metric,
        "higher_is_better": higher_is_better,
        "margin": margin,
        "alpha": alpha,
        "furthest": None if math.isinf(furthest(metric)) else furthest(metric),
        "rows": rows,
    }


def _number(value: float | None) -> float | None:
    """Return a number, or None where it is none: JSON knows no NaN."""
    return None if value is None or math.isnan(value) else float(value)


def t_quantiles(families: list[dict], alphas: Iterable[float]) -> dict:
    """Return the quantiles from which the page's script builds its intervals.

    Args:
        families: what `family` returns.
        alphas: levels, each between 0 and 0.5.

    Returns:
        `alphas`, and under `n` for each number of pairs (as text, from 2) one pair of quantiles a level: that of the
        interval at 1 - alpha, t(n - 1, 1 - alpha/2), and that of the interval at 1 - 2 alpha, t(n - 1, 1 - alpha).
    """
    alphas = list(alphas)
    levels = np.array(alphas, dtype=float)
    counts = sorted({row["n"] for compared in families for row in compared["rows"] if row["n"] > 1})
    return {
        "alphas": alphas,
        "n": {
            str(n): np.stack([scipy.special.stdtrit(n - 1.0, 1 - levels / part) for part in (2, 1)], axis=-1).tolist()
            for n in counts
        },
    }


def embedded_json(value: object) -> Markup:
    """Return JSON that can stand in an HTML element without ending it; NaN becomes null."""

    def plain(item: object) -> object:
        if isinstance(item, dict):
            return {key: plain(part) for key, part in item.items()}
        if isinstance(item, list | tuple):
            return [plain(part) for part in item]
        return None if isinstance(item, float) and math.isnan(item) else item

    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":"))  # beyond ASCII, U+2028 too, as \u2028
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def reading_family(compared: dict, ids: set[str]) -> dict:
    """Return a family's part of the page's table, every cell as text.

    Args:
        compared: what `family` returns.
        ids: of the page, where each row's own table row is looked up.

    Returns:
        `name`, `factors` (of a grid, else ""), `metric`, `alpha` and `rows`: `level`, `target` (an id or ""), `n`,
        `difference`, `interval`, `equivalence`, `p_holm`, `verdict`.
    """
    alpha, rows = compared["alpha"], compared["rows"]
    p_holm = holm([_or_nan(row["p"]) for row in rows])
    named = {tuple(part.rpartition("=")[0] for part in row["level"].split(",")) for row in rows}
    factors = named.pop() if len(named) == 1 else ()  # those of a grid are the same in every row, and said once
    return {
        "name": sentence_case(compared["name"]),
        "factors": ", ".join(filter(None, factors)).replace("_", " "),
        "metric": compared["metric"],
        "alpha": alpha,
        "rows": [
            {"level": _reading_level(row["level"], bool(factors)), "target": _target(compared, row["level"], ids)}
            | _reading_row(row, p, alpha, furthest(compared["metric"]))
            for row, p in zip(rows, p_holm.tolist(), strict=True)
        ],
    }


def _reading_level(label: str, short: bool) -> str:
    return ", ".join(part.rpartition("=")[2] if short else part for part in label.split(","))


def _target(compared: dict, label: str, ids: set[str]) -> str:
    """Return the id of the table row a comparison belongs to, as sweeps, grids and matched pairs name theirs."""
    name, metric, levels = compared["name"], compared["metric"], [part.rpartition("=")[2] for part in label.split(",")]
    tables = (table_name(name, metric), name)
    candidates = (row_id(name, metric, label), *(row_id(table, *levels) for table in tables))
    return next((candidate for candidate in candidates if candidate in ids), "")


def _reading_row(row: dict, p_holm: float, alpha: float, possible: float) -> dict[str, str]:
    n, mean, sd = row["n"], _or_nan(row["mean"]), _or_nan(row["sd"])
    decimals = supported_decimals(sd / math.sqrt(n) if n else math.nan)

    def interval(level: float) -> str:
        if n < 2:
            return "–"
        half = float(t_half_width(sd, n, level))
        ends = within(Interval(mean - half, mean + half), (-possible, possible))
        return " … ".join(with_sign(float(end), decimals) for end in ends)

    return {
        "n": str(n),
        "difference": with_sign(mean, decimals),
        "interval": interval(alpha),
        "equivalence": interval(2 * alpha),
        "p_holm": "–" if math.isnan(p_holm) else "< 0.0001" if p_holm < 0.0001 else f"{p_holm:.4f}",
        "verdict": row["verdict"],
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def with_sign(value: float, decimals: int) -> str:
    """Return a difference at fixed decimals with its sign; a dash where there is none."""
    text = rounded(value, decimals)
    return f"+{text}" if text and not text.startswith("-") and float(text) else text or "–"


def live_families(differences: list[dict[str, str]], alpha: float, margins: dict[str, float]) -> list[dict]:
    """Return what the page's own script needs to take the verdicts again at another α or δ.

    Args:
        differences: rows of `differences.csv`, as text.
        alpha: the study's own level.
        margins: the study's own practical margin δ by metric.
    """
    found = []
    for name in dict.fromkeys(row["summary"] for row in differences):
        for metric, higher_is_better in METRICS.items():
            rows = [row for row in differences if (row["summary"], row["metric"]) == (name, metric)]
            found.append(
                family(
                    name,
                    metric,
                    [row["level"] for row in rows],
                    [exact_comparison(row) for row in rows],
                    alpha=alpha,
                    margin=margins[metric],
                    higher_is_better=higher_is_better,
                )
            )
    return found


def exact_comparison(row: dict[str, str]) -> SimpleNamespace:
    """Return a row of `differences.csv` with the attributes of a `paired_verdicts.Comparison` that a page shows."""
    exact = {name: float(row[f"exact_{name}"] or "nan") for name in ("mean", "sd", "p_value")}
    return SimpleNamespace(n=int(row["n"]), verdict=row["verdict"], **exact)
