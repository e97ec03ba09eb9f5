"""Figures of comparisons: all differences on one page, heat maps of grids, and momentum against effective rate."""

import math
from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from design.hyperparameters import Factor
from design.labels import label_of
from figures.axes import MOST_TICKS, accuracy_scale, factor_axis, loss_scale
from figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SERIES
from tables.matched_pairs import effective_rate
from tables.runs import by_level, each_run_once

# Colour and marker of each verdict; the markers alone keep them apart.
VERDICT_MARKS = {
    "better": (BLUE, "^"),
    "worse": (ORANGE, "v"),
    "negligible": (GREEN, "s"),
    "equivalent": (GREEN, "o"),
    "inconclusive": (GREY, "D"),
    "descriptive": (PURPLE, "x"),
}
MOST_ROWS = 150
MOST_NUMBERS = 10  # side by side in a heat map; cells of more columns are too narrow for a number


def forest(comparisons: pd.DataFrame, margins: dict[str, float], percent: str) -> plt.Figure:
    """Draw every difference to the baseline with its interval, accuracy and loss side by side.

    Args:
        comparisons: rows of `comparisons.csv` that compare with the baseline, cells as text.
        margins: practical margin δ by metric, shaded.
        percent: what the intervals cover, e.g. `95 %`.
    """
    panels_data = {metric: comparisons[comparisons["metric"] == metric] for metric in margins}
    shown = {metric: rows.head(MOST_ROWS) for metric, rows in panels_data.items()}
    labels = list(zip(shown["accuracy"]["summary"], shown["accuracy"]["level"], strict=True))
    places, headings = _places([summary for summary, _ in labels])
    figure, panels = plt.subplots(1, 2, figsize=(9, max(2.4, 0.9 + 0.17 * (max(places, default=0) + 1))), sharey=True)
    used = {}
    for panel, (metric, margin) in zip(panels, margins.items(), strict=True):
        panel.axvspan(-margin, margin, color=GREY, alpha=0.15, linewidth=0)
        panel.axvline(0, color="black", linewidth=0.6)
        for place, row in zip(places, shown[metric].itertuples(), strict=True):
            colour, marker = VERDICT_MARKS[row.verdict]
            if row.low:
                panel.hlines(place, float(row.low), float(row.high), color=colour, linewidth=1.2)
            used[row.verdict] = panel.plot(float(row.difference), place, marker=marker, color=colour, markersize=4)[0]
        panel.set_xscale("symlog", linthresh=2 * margin, linscale=0.8)
        _symmetric_ticks(panel, margin)
        arrow = "better →" if metric == "accuracy" else "← better"
        panel.set_xlabel(f"difference in test {metric} ({arrow})")
        panel.grid(axis="y", visible=False)
    names = [level.replace("learning_rate=", "lr ").replace("=", " ").replace(",", ", ") for _, level in labels]
    panels[0].set_yticks(places, names, fontsize=7)
    for place, summary in headings:
        panels[0].text(
            -0.01,
            place,
            label_of(summary),
            ha="right",
            va="center",
            transform=panels[0].get_yaxis_transform(),
            fontsize=7.5,
            fontweight="bold",
        )
    panels[0].set_ylim(max(places, default=0) + 1, -1.5)
    verdicts = [verdict for verdict in VERDICT_MARKS if verdict in used]
    figure.legend([used[verdict] for verdict in verdicts], verdicts, loc="outside lower center", ncols=6, fontsize=8)
    total = len(panels_data["accuracy"])
    part = f", first {MOST_ROWS} of {total}" if total > MOST_ROWS else ""
    figure.suptitle(f"Every difference to the baseline ({percent} intervals, shaded: ± δ{part})")
    return figure


def _places(summaries: list[str]) -> tuple[list[int], list[tuple[int, str]]]:
    """Return the row of each comparison, and `(row, name)` of the heading above each group."""
    places, headings, row = [], [], -1
    for index, summary in enumerate(summaries):
        if index == 0 or summary != summaries[index - 1]:
            row += 1 if index == 0 else 2
            headings.append((row, summary))
        row += 1
        places.append(row)
    return places, headings


def _symmetric_ticks(panel, margin: float) -> None:
    lowest, highest = panel.get_xlim()
    sizes = [size for size in (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10) if size >= margin]
    ticks = [sign * size for size in sizes for sign in (-1, 1) if lowest <= sign * size <= highest]
    panel.xaxis.set_major_locator(FixedLocator(sorted([0, *ticks])))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.tick_params(axis="x", labelsize=7, rotation=45)


def is_heat_map(factors: dict[str, Factor]) -> bool:
    """Whether a grid is drawn as a heat map: two factors that are both numbers, and none a length of training."""
    return len(factors) == 2 and "epochs" not in factors and all(factor.is_number for factor in factors.values())


def heat_map(levels: pd.DataFrame, factors: Iterable[str]) -> plt.Figure:
    """Draw mean test error and loss over a grid of two factors.

    Args:
        levels: runs of the grid, as `runs.tidy_runs` returns them.
        factors: its factors, the first along the axis.
    """
    first, second = factors
    columns, rows = (sorted(levels[factor].unique(), key=float) for factor in factors)
    points = levels.drop_duplicates("position")
    with_numbers = len(columns) <= MOST_NUMBERS
    figure, panels = plt.subplots(1, 2, figsize=(8, 1.3 + (0.5 if with_numbers else 0.15) * len(rows)))
    for panel, metric in zip(panels, ("accuracy", "loss"), strict=True):
        means = points.assign(mean=by_level(levels, f"test_{metric}").mean(axis=1))
        values = means.pivot(index=second, columns=first, values="mean").loc[rows, columns].to_numpy()
        # Colour by what is left to gain, on a log scale; darker is better in both panels.
        left = 1 - values if metric == "accuracy" else values
        image = panel.imshow(left, cmap="cividis", norm=LogNorm(), aspect="auto", origin="lower")
        for (row, column), value in np.ndenumerate(values) if with_numbers else ():
            bright = image.norm(left[row, column]) > 0.5
            panel.text(
                column, row, f"{value:.4f}", ha="center", va="center", fontsize=8, color="black" if bright else "white"
            )
        if not with_numbers:
            figure.colorbar(image, ax=panel, label="test error" if metric == "accuracy" else "test loss")
        step = math.ceil(len(columns) / MOST_TICKS)
        named = range(0, len(columns), step)
        panel.set_xticks(named, columns[::step], fontsize=8, rotation=0 if with_numbers else 90)
        panel.set_yticks(range(len(rows)), rows, fontsize=8)
        panel.set(xlabel=label_of(first), ylabel=label_of(second), title=f"test {metric}")
        panel.grid(False)
    figure.suptitle(
        f"{label_of(first).capitalize()} and {label_of(second)} together (mean over seeds, darker is better)"
    )
    return figure


def effective_rate_figure(runs: pd.DataFrame, factors: Iterable[str]) -> plt.Figure:
    """Draw accuracy and loss against learning_rate / (1 - momentum), one line a momentum; of many, some far apart.

    Args:
        runs: of the study, as `runs.tidy_runs` returns them.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    points = rate_points(runs, factors)
    momenta = sorted(points["momentum"].unique(), key=float)
    shown_momenta = momenta[:: math.ceil(len(momenta) / len(SERIES))]
    axis = factor_axis(points["effective_rate"].unique().tolist())
    places = dict(zip(axis.names, axis.positions, strict=True))
    for panel, metric in zip(panels, ("accuracy", "loss"), strict=True):
        for momentum, (colour, marker, dashes) in zip(shown_momenta, SERIES, strict=False):
            line = points[points["momentum"] == momentum]
            panel.plot(
                line["effective_rate"].map(places),
                line[f"test_{metric}"],
                color=colour,
                marker=marker,
                linestyle=dashes,
                markersize=4,
                label=momentum,
            )
        shown = points[points["momentum"].isin(shown_momenta)][f"test_{metric}"]
        if axis.scale == "log":
            panel.set_xscale("log")
        panel.set(xlabel="learning rate / (1 - momentum)", ylabel=f"test {metric}")
        (accuracy_scale if metric == "accuracy" else loss_scale)(panel, shown)
        panel.legend(title="momentum", fontsize=8)
    part = f" ({len(shown_momenta)} of {len(momenta)} momenta)" if len(shown_momenta) < len(momenta) else ""
    figure.suptitle(f"Does momentum act as a larger learning rate?{part}")
    return figure


def rate_points(runs: pd.DataFrame, factors: Iterable[str]) -> pd.DataFrame:
    """Return the points that differ from the baseline in learning rate and momentum alone.

    Returns:
        A row a point, by effective rate: `momentum`, `effective_rate`, and mean `test_accuracy` and `test_loss`.
    """
    runs = each_run_once(runs)
    rest = [factor for factor in factors if factor not in ("learning_rate", "momentum")]
    baseline = runs[runs["is_baseline"]].iloc[0]
    runs = runs[(runs[rest] == baseline[rest]).all(axis=1)]
    points = runs.drop_duplicates(list(factors))
    return pd.DataFrame(
        {
            "momentum": points["momentum"],
            "effective_rate": list(map(effective_rate, points["learning_rate"], points["momentum"])),
            **{name: by_level(runs, name).mean(axis=1) for name in ("test_accuracy", "test_loss")},
        }
    ).sort_values("effective_rate", key=lambda rates: rates.map(float), kind="stable")
