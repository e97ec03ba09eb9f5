"""Aggregate all runs: one table of runs, one table for each sweep and grid (rule aggregate)."""

import argparse
import csv
from pathlib import Path

import numpy as np
from tabulate import tabulate

from atomic import atomic_path
from intervals import t_interval
from planned_runs import FACTORS, Milestone, Planned, add_study_arguments, planned
from rounding import rounded, supported_decimals

METRICS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
RUN_COLUMNS = (*FACTORS, "seed", *METRICS)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_runs(milestone: Milestone) -> list[dict[str, str]]:
    """Return a milestone's runs, one row a seed: test metrics from the evaluation, train metrics of the last epoch."""
    runs = []
    epochs = milestone.levels["epochs"]
    for first, last, folder in milestone.blocks:
        history = {row["seed"]: row for row in read_csv(folder / "history.csv") if row["epoch"] == epochs}
        tested = read_csv(folder / "metrics.csv")
        if [int(row["seed"]) for row in tested] != list(range(first, last + 1)) or len(history) != len(tested):
            raise ValueError(
                f"{folder}: expected the seeds {first} to {last} in metrics.csv and history.csv, "
                f"epoch {epochs}. Delete the folder, it will be trained again."
            )
        for row in tested:
            trained = {name: history[row["seed"]][name] for name in ("train_loss", "train_accuracy")}
            runs.append(milestone.levels | row | trained)
    return runs


def write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    """Write rows of text."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def summarise(name: str, study: Planned, runs: dict[tuple, list[dict[str, str]]]) -> list[dict[str, str]]:
    """Return the rows of one sweep's or grid's table.

    Args:
        name: the sweep or grid.
        study: the plan.
        runs: runs of each milestone by `(point, epochs)`.

    Returns:
        A row a level: `level`, the factors, `n`, then for test accuracy and, with the prefix `loss_`, for test loss:
        mean, SD, t interval, difference to the baseline paired by seed with its t interval.
    """
    baseline = runs[key(study.baseline_milestone())]
    rows = []
    for milestone in study.levels(name):
        own = runs[key(milestone)]
        row = {"level": study.label(name, milestone)}
        row |= {factor: milestone.levels[factor] for factor in study.summaries[name]}
        row["n"] = str(len(own))
        for metric, prefix in (("test_accuracy", ""), ("test_loss", "loss_")):
            values, reference = (np.array([float(run[metric]) for run in some]) for some in (own, baseline))
            row |= {f"{prefix}{column}": text for column, text in describe(values, study.alpha).items()}
            if not study.is_baseline(milestone):
                difference = describe(values - reference, study.alpha)
                row |= {
                    f"{prefix}difference": difference["mean"],
                    f"{prefix}difference_low": difference["low"],
                    f"{prefix}difference_high": difference["high"],
                }
        rows.append(row)
    return rows


def key(milestone: Milestone) -> tuple[str, str]:
    """Return what tells milestones apart."""
    return milestone.point, milestone.levels["epochs"]


def describe(values: np.ndarray, alpha: float) -> dict[str, str]:
    """Return mean, SD and t interval as text, one digit beyond what the standard error supports."""
    n = len(values)
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1)) if n > 1 else float("nan")
    low, high = t_interval(values, alpha)
    decimals = supported_decimals(sd / n**0.5, fallback=6) + 1
    return {
        name: rounded(value, decimals)
        for name, value in {"mean": mean, "sd": sd, "low": float(low), "high": float(high)}.items()
    }


def table_columns(factors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a summary's CSV."""
    statistics = ("mean", "sd", "low", "high", "difference", "difference_low", "difference_high")
    own = ("level", *(factors if len(factors) > 1 else ()), "n")
    return (*own, *statistics, *(f"loss_{name}" for name in statistics))


def markdown_table(name: str, study: Planned, rows: list[dict[str, str]]) -> str:
    """Return a summary as a Markdown table for reading: mean ± SD, differences with their intervals."""
    factors = study.summaries[name]
    percent = f"{100 * (1 - study.alpha):g} % interval"
    header = [
        *factors,
        "n",
        "test accuracy ± SD",
        percent,
        "difference to baseline",
        "test loss ± SD",
        percent,
        "difference to baseline",
    ]
    body = []
    for row in rows:
        levels = [row["level"]] if len(factors) == 1 else [row[factor] for factor in factors]
        body.append([*levels, row["n"], *(cell for prefix in ("", "loss_") for cell in reading_cells(row, prefix))])
    return tabulate(body, header, tablefmt="github", disable_numparse=True) + "\n"


def reading_cells(row: dict[str, str], prefix: str) -> list[str]:
    """Return `mean ± SD`, `low … high` and the difference with its interval, without the CSV's spare digit."""

    def text(column: str) -> str:
        value = row[f"{prefix}{column}"]
        decimals = len(value.partition(".")[2])
        return rounded(float(value), max(0, decimals - 1)) if value else "–"

    if f"{prefix}difference" not in row:
        difference = "baseline"
    else:
        sign = "" if row[f"{prefix}difference"].startswith("-") else "+"
        difference = f"{sign}{text('difference')} ({text('difference_low')} … {text('difference_high')})"
    return [f"{text('mean')} ± {text('sd')}", f"{text('low')} … {text('high')}", difference]


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_arguments(parser)
    study = planned(parser.parse_args(argv))
    tables = study.results / "tables"
    runs = {key(milestone): read_runs(milestone) for milestone in study.milestones if milestone.wanted_by}
    write_csv(tables / "runs.csv", RUN_COLUMNS, [run for some in runs.values() for run in some])
    for name, factors in study.summaries.items():
        rows = summarise(name, study, runs)
        columns = table_columns(factors)
        write_csv(
            tables / f"{name}.csv", columns, [{column: row.get(column, "") for column in columns} for row in rows]
        )
        with atomic_path(tables / f"{name}.md") as temporary:
            temporary.write_text(markdown_table(name, study, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
