"""Published numbers and orderings beside this study's, as Markdown tables for reading."""

import re
from collections.abc import Mapping

from tabulate import tabulate

from design.labels import LABELS
from tables.summary_tables import shortened, signed

ORDERING_CELLS = ("difference", "low", "high", "p_holm", "verdict", "opposite", "opposite_low", "opposite_high")


def numbers_markdown(rows: list[dict[str, str]], alpha: float) -> str:
    """Return the numbers as a Markdown table for reading; a repeat only raises the count of its original."""
    tried = any("keras2_verdict" in row for row in rows)
    header = ["quantity", "settings", "published", "mean ± SD", "n"]
    header += [f"{_percent(alpha)} interval of one run", "distance in SDs", "verdict"]
    header += ["Keras 2 rule: mean ± SD", "distance in SDs", "verdict"] if tried else []
    body = []
    for row in rows:
        if row["repeats"]:
            continue
        times = 1 + sum(other["repeats"] == row["id"] for other in rows)
        printed = f"{row['published']} ({times} times)" if times > 1 else row["published"]
        cells = [LABELS[row["quantity"]], row["settings"], printed, _mean(row), _count(row)]
        cells += [_interval(row), _distance(row), row["verdict"]]
        if "keras2_verdict" in row:
            again = {name: row[f"keras2_{name}"] for name in ("mean", "sd", "distance_sd", "verdict")}
            cells += [_mean(again), _distance(again), again["verdict"]]
        body.append(cells + ["–"] * (len(header) - len(cells)))
    return tabulate(body, header, "github", disable_numparse=True) + "\n"


def orderings_markdown(rows: list[dict[str, str]], alpha: float) -> str:
    """Return the orderings as a Markdown table for reading."""
    interval = f"{_percent(alpha)} interval"
    tried = any("keras2_verdict" in row for row in rows)
    header = ["claim", "source", "metric", "n", f"winner - loser ({interval})", "p (Holm)", "verdict"]
    header += [f"single seeds that say the opposite ({interval})"]
    header += [f"Keras 2 rule: winner - loser ({interval})", "verdict"] if tried else []
    body = []
    for row in rows:
        opposite = f"{row['opposite']} ({row['opposite_low']} … {row['opposite_high']})" if row["opposite"] else "–"
        cells = [literal(row["statement"]), literal(row["source"]), LABELS[row["metric"]], _count(row)]
        cells += [_difference(row), row["p_holm"] or "–", row["verdict"], opposite]
        if "keras2_verdict" in row:
            again = {name: row[f"keras2_{name}"] for name in ORDERING_CELLS}
            cells += [_difference(again), again["verdict"]]
        body.append(cells + ["–"] * (len(header) - len(cells)))
    return tabulate(body, header, "github", disable_numparse=True) + "\n"


def _difference(row: Mapping[str, str]) -> str:
    if not row["difference"]:
        return "–"
    interval = f" ({signed(row['low'])} … {signed(row['high'])})" if row["low"] else ""
    return signed(row["difference"]) + interval


def literal(text: str) -> str:
    """Return Markdown that shows a text to the letter, whatever marks, links or HTML it holds."""
    return re.sub(r"([\\`*_\[\]<>|&~!#])", r"\\\1", text)


def _percent(alpha: float) -> str:
    return f"{100 * (1 - alpha):g} %"


def _mean(row: Mapping[str, str]) -> str:
    return f"{shortened(row['mean'])} ± {shortened(row['sd'])}" if row["sd"] else shortened(row["mean"])


def _interval(row: Mapping[str, str]) -> str:
    return f"{shortened(row['low'])} … {shortened(row['high'])}" if row["low"] else "–"


def _distance(row: Mapping[str, str]) -> str:
    text = row["distance_sd"]
    return f"+{text}" if text and float(text) > 0 else text or "–"


def _count(row: Mapping[str, str]) -> str:
    return row["n"] + (f" ({row['diverged']} diverged)" if row["diverged"] != "0" else "")
