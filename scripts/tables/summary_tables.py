"""One table for each sweep and grid: means, intervals, differences to the baseline and verdicts."""

import pandas as pd
from tabulate import tabulate

from stats.intervals import describe
from tables.comparisons import POSSIBLE
from tables.rounding import rounded, with_spare_digit
from tables.runs import by_level

DESCRIPTION = ("mean", "sd", "low", "high")
COMPARISON = ("difference", "difference_low", "difference_high", "p_holm", "p_better", "verdict")
PREFIXES = {"accuracy": "", "loss": "loss_"}


def summary_columns(factors: tuple[str, ...]) -> list[str]:
    """Return the columns of a summary's CSV; those of loss have the prefix `loss_`."""
    measured = (*DESCRIPTION, *COMPARISON)
    named = ["level", *(factors if len(factors) > 1 else ()), "n", "diverged"]
    return [*named, *(f"{prefix}{name}" for prefix in PREFIXES.values() for name in measured)]


def summarise(
    levels: pd.DataFrame, factors: tuple[str, ...], alpha: float, comparisons: list[dict]
) -> list[dict[str, str]]:
    """Return the rows of one sweep's or grid's table, columns as `summary_columns`.

    Args:
        levels: runs of the sweep or grid, as `runs.tidy_runs` returns them.
        factors: its factors.
        alpha: intervals cover 1 - alpha.
        comparisons: rows of `comparisons.compare_with_baseline` for them.
    """
    compared = {(row["metric"], row["level"]): row for row in comparisons}
    described = {metric: describe(by_level(levels, f"test_{metric}"), alpha, POSSIBLE[metric]) for metric in PREFIXES}
    diverged = by_level(levels, "diverged")
    n = diverged.shape[1]
    rows = []
    for place, level in enumerate(levels.drop_duplicates("position").to_dict("records")):
        row = {"level": level["label"]} | {factor: level[factor] for factor in factors}
        row |= {"n": str(n), "diverged": str(diverged[place].sum())}
        for metric, prefix in PREFIXES.items():
            numbers = {name: values[place] for name, values in described[metric].items()}
            cells = with_spare_digit(numbers, numbers["sd"] / n**0.5)
            if level["is_baseline"]:
                cells |= {"verdict": "baseline"}
            else:
                found = compared[metric, level["label"]]
                cells |= {name: found[name] for name in ("difference", "p_holm", "p_better", "verdict")}
                cells |= {"difference_low": found["low"], "difference_high": found["high"]}
            row |= {f"{prefix}{name}": text for name, text in cells.items()}
        rows.append({column: row.get(column, "") for column in summary_columns(factors)})
    return rows


def markdown_tables(summary: str, factors: tuple[str, ...], alpha: float, rows: list[dict[str, str]]) -> str:
    """Return a summary for reading: one Markdown table for accuracy, one for loss, each under its name."""
    percent = f"{100 * (1 - alpha):g} %"
    parts = []
    for metric, prefix in PREFIXES.items():
        header = [*factors, "n", f"test {metric} ± SD", f"{percent} interval"]
        header += [f"difference ({percent} interval)", "p (Holm)", "P(better)", "verdict"]
        body = []
        for row in rows:
            levels = [row["level"]] if len(factors) == 1 else [row[factor] for factor in factors]
            diverged = f" ({row['diverged']} diverged)" if row["diverged"] != "0" else ""
            body.append([*levels, row["n"] + diverged, *reading_cells(row, prefix)])
        parts.append(
            f"*Table: {table_name(summary, metric)}.*\n\n{tabulate(body, header, 'github', disable_numparse=True)}"
        )
    return "\n\n".join(parts) + "\n"


def table_name(summary: str, metric: str) -> str:
    """Return the name under which a summary's table of one metric stands in the report."""
    return summary if metric == "accuracy" else f"{summary}_{metric}"


def shortened(text: str) -> str:
    """Return a CSV's number without its spare digit, as tables and sentences for reading show it."""
    return rounded(float(text), max(0, len(text.partition(".")[2]) - 1)) if text else "–"


def signed(text: str) -> str:
    """Return a shortened difference with its sign."""
    short = shortened(text)
    return short if short.startswith("-") or float(short) == 0 else f"+{short}"


def reading_cells(row: dict[str, str], prefix: str) -> list[str]:
    """Return `mean ± SD`, the interval, the difference with its interval, p, P(better), verdict."""
    cell = {name: row[f"{prefix}{name}"] for name in (*DESCRIPTION, *COMPARISON)}
    mean = f"{shortened(cell['mean'])} ± {shortened(cell['sd'])}" if cell["sd"] else shortened(cell["mean"])
    interval = f"{shortened(cell['low'])} … {shortened(cell['high'])}" if cell["low"] else "–"
    if cell["verdict"] == "baseline":
        return [mean, interval, "", "", "", "baseline"]
    difference = signed(cell["difference"])
    if cell["difference_low"]:
        difference += f" ({signed(cell['difference_low'])} … {signed(cell['difference_high'])})"
    return [mean, interval, difference, cell["p_holm"] or "–", cell["p_better"], cell["verdict"]]
