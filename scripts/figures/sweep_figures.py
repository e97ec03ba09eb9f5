"""Figures of sweeps and grids: metrics by level, training against test accuracy."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from design.hyperparameters import Factor
from design.labels import LABELS, label_of
from figures.axes import accuracy_scale, factor_axis, loss_scale
from figures.style import BASELINE, BLUE, SERIES
from stats.intervals import Interval, standard_deviation, t_interval, within
from tables.comparisons import POSSIBLE
from tables.runs import by_level, levels_of

MOST_LINES = len(SERIES)  # of a grid, in one panel: more would look alike


def sweep_figure(levels: pd.DataFrame, alpha: float, show_seeds: bool) -> plt.Figure:
    """Draw test accuracy and loss over one factor: every seed a dot, mean and interval, the baseline marked.

    Args:
        levels: runs of the sweep, as `runs.tidy_runs` returns them.
        alpha: intervals cover 1 - alpha.
        show_seeds: whether each seed gets a dot.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    factor = levels["summary"].iloc[0]
    points = levels.drop_duplicates("position")
    axis = factor_axis(points["label"].tolist())
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        samples = by_level(levels, metric)
        means = samples.mean(axis=1)
        bars = np.array(t_interval(samples, alpha, POSSIBLE[metric.removeprefix("test_")]))
        drawn = zip(axis.positions, points["label"], points["is_baseline"], samples, means, bars.T, strict=True)
        for position, label, is_baseline, values, mean, (low, high) in drawn:
            colour, marker = (BASELINE, "D") if is_baseline else (BLUE, "o")
            if show_seeds:
                panel.scatter(axis.spread(position, len(values)), values, s=9, color=colour, alpha=0.4, linewidth=0)
            if np.isfinite(low):
                panel.vlines(position, low, high, color=colour, linewidth=1.5)
            panel.plot([position], [mean], marker=marker, color=colour, markersize=5, markeredgecolor="white")
            if is_baseline:
                panel.axhline(mean, color=BASELINE, linewidth=0.8, linestyle=":", label=f"baseline ({label})")
        if axis.numeric:
            panel.plot(axis.positions, means, color=BLUE, linewidth=0.8, alpha=0.6, zorder=0)
        axis.apply(panel)
        panel.set(xlabel=label_of(factor), ylabel=LABELS[metric])
        (accuracy_scale if metric == "test_accuracy" else loss_scale)(panel, samples, bars)
        panel.legend(loc="best", fontsize=8)
    dots = "dots: seeds, " if show_seeds else ""
    figure.suptitle(f"{label_of(factor).capitalize()} ({dots}bars: {100 * (1 - alpha):g} % interval of the mean)")
    return figure


def grid_figure(levels: pd.DataFrame, factors: dict[str, Factor], alpha: float) -> plt.Figure:
    """Draw a grid: its last numeric factor along the axis, one line for each combination of the others.

    Args:
        levels: runs of the grid, as `runs.tidy_runs` returns them.
        factors: its factors by name.
        alpha: intervals cover 1 - alpha.
    """
    numeric = [name for name, factor in factors.items() if factor.is_number]
    along = (numeric or list(factors))[-1]
    others = [factor for factor in factors if factor != along]
    axis = factor_axis(levels[along].unique().tolist())
    places = dict(zip(axis.names, axis.positions, strict=True))
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    lines = dict(list(levels.groupby(levels[others].agg(", ".join, axis=1), sort=False)))
    shown = most_accurate(lines)
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        all_bars = []
        for index, (label, line) in enumerate(shown.items()):
            colour, marker, dashes = SERIES[index % len(SERIES)]
            samples = by_level(line, metric)
            means = samples.mean(axis=1)
            bars = np.array(t_interval(samples, alpha, POSSIBLE[metric.removeprefix("test_")]))
            all_bars += bars.ravel().tolist()
            panel.errorbar(
                line.drop_duplicates("position")[along].map(places),
                means,
                yerr=np.nan_to_num(np.abs(bars - means)),
                color=colour,
                marker=marker,
                linestyle=dashes,
                markersize=4,
                capsize=2,
                label=label,
            )
        axis.apply(panel)
        panel.set(xlabel=label_of(along), ylabel=LABELS[metric])
        scale = accuracy_scale if metric == "test_accuracy" else loss_scale
        scale(panel, pd.concat(shown.values())[metric], all_bars)
        panel.legend(title=", ".join(label_of(factor) for factor in others), fontsize=8)
    part = f"; of {len(lines)} lines the {len(shown)} most accurate" if len(shown) < len(lines) else ""
    title = levels["summary"].iloc[0].replace("_", " ").capitalize()
    note = f"(bars: {100 * (1 - alpha):g} % interval of the mean{part})"
    between = " " if len(title) + len(note) < 90 else "\n"
    figure.suptitle(f"{title}{between}{note}")
    return figure


def most_accurate(lines: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return a grid's lines as they are or, of more than `MOST_LINES`, those that reach the highest mean accuracy."""
    highest = {label: by_level(line, "test_accuracy").mean(axis=1).max() for label, line in lines.items()}
    best = sorted(highest, key=lambda label: -highest[label])[:MOST_LINES]
    return {label: line for label, line in lines.items() if label in best}


def train_and_test(runs: pd.DataFrame, sweeps: list[str]) -> plt.Figure:
    """Draw training against test accuracy, one panel a sweep: the space between the lines is the gap.

    Args:
        runs: of the study, as `runs.tidy_runs` returns them.
        sweeps: the factors that are swept.
    """
    columns = 2 if len(sweeps) > 1 else 1
    rows = -(-len(sweeps) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(4 * columns, 2.8 * rows), squeeze=False)
    for panel in panels.flat[len(sweeps) :]:
        panel.set_visible(False)
    for panel, factor in zip(panels.flat, sweeps, strict=False):
        levels = levels_of(runs, factor)
        axis = factor_axis(levels["label"].unique().tolist())
        all_bars = []
        for metric, (colour, marker, dashes) in zip(("train_accuracy", "test_accuracy"), SERIES, strict=False):
            samples = by_level(levels, metric)
            means, sd = samples.mean(axis=1), np.nan_to_num(standard_deviation(samples))
            bars = np.array(within(Interval(means - sd, means + sd), POSSIBLE["accuracy"]))
            all_bars += bars.ravel().tolist()
            panel.errorbar(
                axis.positions,
                means,
                yerr=np.abs(bars - means),
                color=colour,
                marker=marker,
                linestyle=dashes if axis.numeric else "none",
                markersize=4,
                capsize=2,
                label=LABELS[metric],
            )
        axis.apply(panel)
        panel.set(xlabel=label_of(factor), ylabel="accuracy")
        accuracy_scale(panel, levels[["train_accuracy", "test_accuracy"]].to_numpy(), all_bars)
    panels.flat[0].legend(fontsize=8)
    between = " " if columns > 1 else "\n"
    figure.suptitle(f"Training (running mean of the last epoch){between}against test accuracy (bars: ± 1 SD)")
    return figure
