"""Published numbers and orderings beside this study's, as Markdown tables for reading."""

import re
from collections.abc import Mapping

from tabulate import tabulate

from design.labels import LABELS
from tables.summary_tables import shortened, signed


def numbers_markdown(rows: list[dict[str, str]], alpha: float) -> str:
    """Return the numbers as a Markdown table for reading; a repeat only raises the count of its original."""
    header = ["quantity", "settings", "published", "optimizer", "n", "mean ± SD"]
    header += [f"{_percent(alpha)} interval of one run", "distance in SDs", "verdict"]
    body = []
    for row in rows:
        if row["repeats"]:
            continue
        times = 1 + sum((other["repeats"], other["optimizer"]) == (row["id"], row["optimizer"]) for other in rows)
        printed = f"{row['published']} ({times} times)" if times > 1 else row["published"]
        cells = [LABELS[row["quantity"]], row["settings"], printed, row["optimizer"], _count(row), _mean(row)]
        body.append([*cells, _interval(row), _distance(row), row["verdict"]])
    return tabulate(body, header, "github", disable_numparse=True) + "\n"


def orderings_markdown(rows: list[dict[str, str]], alpha: float) -> str:
    """Return the orderings as a Markdown table for reading."""
    interval = f"{_percent(alpha)} interval"
    header = ["claim", "source", "metric", "optimizer", "n", f"winner - loser ({interval})", "p (Holm)", "verdict"]
    header += [f"single seeds that say the opposite ({interval})"]
    body = []
    for row in rows:
        opposite = f"{row['opposite']} ({row['opposite_low']} … {row['opposite_high']})" if row["opposite"] else "–"
        cells = [literal(row["statement"]), literal(row["source"]), LABELS[row["metric"]], row["optimizer"] or "–"]
        body.append([*cells, _count(row), _difference(row), row["p_holm"] or "–", row["verdict"], opposite])
    return tabulate(body, header, "github", disable_numparse=True) + "\n"


def _difference(row: Mapping[str, str]) -> str:
    if not row["difference"]:
        return "–"
    interval = f" ({signed(row['low'])} … {signed(row['high'])})" if row["low"] else ""
    return signed(row["difference"]) + interval


def literal(text: str) -> str:
    """Return Markdown that shows a text to the letter, whatever marks, links or HTML it holds.

    An underscore between letters or digits is no mark, so names of files and data sets stay as they are.
    """
    return re.sub(r"((?<=[^\W_])_+(?=[^\W_]))|([\\`*_\[\]<>|&~!#$])", lambda found: found[1] or f"\\{found[2]}", text)


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
