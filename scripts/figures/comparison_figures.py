"""Figures of comparisons: all differences on one page, heat maps of grids, and momentum against effective rate."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from design.labels import LABELS
from figures.axes import MOST_TICKS, accuracy_scale, factor_axis, loss_scale
from figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SERIES
from tables.matched_pairs import effective_rate
from tables.study import Study

# Colour and marker of each verdict; the markers alone tell them apart.
VERDICTS = {
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
            colour, marker = VERDICTS[row.verdict]
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
            LABELS.get(summary, summary.replace("_", " ")),
            ha="right",
            va="center",
            transform=panels[0].get_yaxis_transform(),
            fontsize=7.5,
            fontweight="bold",
        )
    panels[0].set_ylim(max(places, default=0) + 1, -1.5)
    verdicts = [verdict for verdict in VERDICTS if verdict in used]
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


def is_heat_map(factors: tuple[str, ...]) -> bool:
    """Whether a grid is drawn as a heat map: two factors that are both numbers, and none a length of training."""
    return len(factors) == 2 and not {"optimizer", "epochs"} & set(factors)


def heat_map(name: str, study: Study, means: dict[str, dict[tuple, float]]) -> plt.Figure:
    """Draw mean test error and loss over a grid of two factors.

    Args:
        name: the grid.
        study: the plan.
        means: metric -> (value of the first factor, value of the second) -> mean.
    """
    first, second = study.summaries[name]
    columns, rows = (
        sorted({setting.levels[factor] for setting in study.levels(name)}, key=float) for factor in (first, second)
    )
    with_numbers = len(columns) <= MOST_NUMBERS
    figure, panels = plt.subplots(1, 2, figsize=(8, 1.3 + (0.5 if with_numbers else 0.15) * len(rows)))
    for panel, metric in zip(panels, ("accuracy", "loss"), strict=True):
        values = np.array([[means[metric][column, row] for column in columns] for row in rows])
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
        panel.set(xlabel=LABELS[first], ylabel=LABELS[second], title=f"test {metric}")
        panel.grid(False)
    figure.suptitle(f"{LABELS[first].capitalize()} and {LABELS[second]} together (mean over seeds, darker is better)")
    return figure


def effective_rate_figure(study: Study, means: dict[str, dict[tuple, float]]) -> plt.Figure:
    """Draw accuracy and loss against learning_rate / (1 - momentum), one line a momentum; of many, some far apart.

    Args:
        study: the plan.
        means: metric -> (point, epochs) -> mean.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    lines: dict[str, list] = {}
    for setting in rate_settings(study):
        lines.setdefault(setting.levels["momentum"], []).append(setting)
    momenta = sorted(lines, key=float)
    shown_momenta = momenta[:: math.ceil(len(momenta) / len(SERIES))]
    rates = sorted({effective_rate(m.levels) for some in lines.values() for m in some}, key=float)
    axis = factor_axis(rates)
    for panel, metric in zip(panels, ("accuracy", "loss"), strict=True):
        shown = []
        for momentum, (colour, marker, dashes) in zip(shown_momenta, SERIES, strict=False):
            ordered = sorted(lines[momentum], key=lambda setting: float(effective_rate(setting.levels)))
            places = [axis.positions[rates.index(effective_rate(setting.levels))] for setting in ordered]
            heights = [means[metric][m.point, m.levels["epochs"]] for m in ordered]
            shown += heights
            panel.plot(places, heights, color=colour, marker=marker, linestyle=dashes, markersize=4, label=momentum)
        if axis.scale == "log":
            panel.set_xscale("log")
        panel.set(xlabel="learning rate / (1 - momentum)", ylabel=f"test {metric}")
        (accuracy_scale if metric == "accuracy" else loss_scale)(panel, shown)
        panel.legend(title="momentum", fontsize=8)
    part = f" ({len(shown_momenta)} of {len(momenta)} momenta)" if len(shown_momenta) < len(momenta) else ""
    figure.suptitle(f"Does momentum act as a larger learning rate?{part}")
    return figure


def rate_settings(study: Study) -> list:
    """Return the evaluated settings that differ from the baseline in learning rate and momentum alone."""
    free = ("learning_rate", "momentum")
    return [
        setting
        for setting in study.settings
        if setting.wanted_by
        and all(setting.levels[factor] == value for factor, value in study.baseline.items() if factor not in free)
    ]
