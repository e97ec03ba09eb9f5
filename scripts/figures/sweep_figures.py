"""Figures of sweeps and grids: metrics by level, training against test accuracy."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from design.canonical import FACTORS
from design.labels import LABELS
from figures.axes import accuracy_scale, factor_axis, loss_scale
from figures.style import BLUE, ORANGE, SERIES
from stats.divergence import score_at_chance
from stats.intervals import t_interval
from tables.study import Study

Runs = dict[tuple[str, ...], pd.DataFrame]  # rows of `runs.csv`, by the canonical texts of `FACTORS`
MOST_LINES = len(SERIES)  # of a grid, in one panel: more would look alike


def sweep_figure(factor: str, study: Study, runs: Runs, show_seeds: bool) -> plt.Figure:
    """Draw test accuracy and loss over one factor: every seed a dot, mean and interval, the baseline marked."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    levels = study.levels(factor)
    axis = factor_axis([setting.levels[factor] for setting in levels])
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        for position, setting in zip(axis.positions, levels, strict=True):
            values = runs_of(runs, setting.levels)[metric].to_numpy()
            is_baseline = study.is_baseline(setting)
            colour, marker = (ORANGE, "D") if is_baseline else (BLUE, "o")
            if show_seeds:
                panel.scatter(axis.spread(position, len(values)), values, s=9, color=colour, alpha=0.4, linewidth=0)
            low, high = t_interval(values, study.alpha)
            mean = values.mean()
            if np.isfinite(low):
                panel.vlines(position, low, high, color=colour, linewidth=1.5)
            panel.plot([position], [mean], marker=marker, color=colour, markersize=5, markeredgecolor="white")
            if is_baseline:
                panel.axhline(
                    mean, color=ORANGE, linewidth=0.8, linestyle=":", label=f"baseline ({setting.levels[factor]})"
                )
        means = [runs_of(runs, setting.levels)[metric].mean() for setting in levels]
        if axis.numeric:
            panel.plot(axis.positions, means, color=BLUE, linewidth=0.8, alpha=0.6, zorder=0)
        axis.apply(panel)
        panel.set(xlabel=LABELS[factor], ylabel=LABELS[metric])
        (accuracy_scale if metric == "test_accuracy" else loss_scale)(panel, runs_in(runs, levels)[metric])
        panel.legend(loc="best", fontsize=8)
    dots = "dots: seeds, " if show_seeds else ""
    figure.suptitle(f"{LABELS[factor].capitalize()} ({dots}bars: {100 * (1 - study.alpha):g} % interval of the mean)")
    return figure


def grid_figure(name: str, study: Study, runs: Runs) -> plt.Figure:
    """Draw a grid: its last numeric factor along the axis, one line for each combination of the others."""
    levels = study.levels(name)
    factors = study.summaries[name]
    numeric = [factor for factor in factors if factor != "optimizer"]
    along = numeric[-1] if numeric else factors[-1]
    others = [factor for factor in factors if factor != along]
    values = list(dict.fromkeys(setting.levels[along] for setting in levels))
    axis = factor_axis(values)
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    lines: dict[str, list] = {}
    for setting in levels:
        label = ", ".join(setting.levels[factor] for factor in others)
        lines.setdefault(label, []).append(setting)
    shown = most_accurate(lines, runs)
    drawn = [setting for settings in shown.values() for setting in settings]
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        for index, (label, settings) in enumerate(shown.items()):
            colour, marker, dashes = SERIES[index % len(SERIES)]
            samples = [runs_of(runs, setting.levels)[metric].to_numpy() for setting in settings]
            means = np.array([sample.mean() for sample in samples])
            bounds = np.array([t_interval(sample, study.alpha) for sample in samples])
            bars = np.nan_to_num(np.abs(bounds.T - means))
            positions = [axis.positions[values.index(setting.levels[along])] for setting in settings]
            panel.errorbar(
                positions,
                means,
                yerr=bars,
                color=colour,
                marker=marker,
                linestyle=dashes,
                markersize=4,
                capsize=2,
                label=label,
            )
        axis.apply(panel)
        panel.set(xlabel=LABELS[along], ylabel=LABELS[metric])
        (accuracy_scale if metric == "test_accuracy" else loss_scale)(panel, runs_in(runs, drawn)[metric])
        panel.legend(title=", ".join(LABELS[factor] for factor in others), fontsize=8)
    part = f"; of {len(lines)} lines the {len(shown)} most accurate" if len(shown) < len(lines) else ""
    title = name.replace("_", " ").capitalize()
    figure.suptitle(f"{title} (bars: {100 * (1 - study.alpha):g} % interval of the mean{part})")
    return figure


def most_accurate(lines: dict[str, list], runs: Runs) -> dict[str, list]:
    """Return a grid's lines as they are or, of more than `MOST_LINES`, those that reach the highest mean accuracy."""
    highest = {
        label: max(runs_of(runs, setting.levels)["test_accuracy"].mean() for setting in settings)
        for label, settings in lines.items()
    }
    best = sorted(highest, key=lambda label: -highest[label])[:MOST_LINES]
    return {label: settings for label, settings in lines.items() if label in best}


def train_and_test(study: Study, runs: Runs, factors: list[str]) -> plt.Figure:
    """Draw training against test accuracy, one panel a sweep: the space between the lines is the gap."""
    columns = 2 if len(factors) > 1 else 1
    rows = -(-len(factors) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(4 * columns, 2.8 * rows), squeeze=False)
    for panel in panels.flat[len(factors) :]:
        panel.set_visible(False)
    for panel, factor in zip(panels.flat, factors, strict=False):
        levels = study.levels(factor)
        axis = factor_axis([setting.levels[factor] for setting in levels])
        for metric, (colour, marker, dashes) in zip(("train_accuracy", "test_accuracy"), SERIES, strict=False):
            samples = [runs_of(runs, setting.levels)[metric] for setting in levels]
            sds = np.nan_to_num([sample.std() for sample in samples])
            panel.errorbar(
                axis.positions,
                [sample.mean() for sample in samples],
                yerr=sds,
                color=colour,
                marker=marker,
                linestyle=dashes if axis.numeric else "none",
                markersize=4,
                capsize=2,
                label=LABELS[metric],
            )
        axis.apply(panel)
        panel.set(xlabel=LABELS[factor], ylabel="accuracy")
        both = runs_in(runs, levels)
        accuracy_scale(panel, pd.concat([both["train_accuracy"], both["test_accuracy"]]))
    panels.flat[0].legend(fontsize=8)
    between = " " if columns > 1 else "\n"
    figure.suptitle(f"Training (running mean of the last epoch){between}against test accuracy (bars: ± 1 SD)")
    return figure


def runs_of(runs: Runs, levels: dict[str, str]) -> pd.DataFrame:
    """Return the runs of one setting, by seed."""
    return runs[tuple(levels[factor] for factor in FACTORS)]


def runs_in(runs: Runs, settings: list) -> pd.DataFrame:
    """Return the runs of several settings."""
    return pd.concat([runs_of(runs, setting.levels) for setting in settings])


def read_runs(path: Path) -> Runs:
    """Read `runs.csv`, split by setting at once: each look-up in one index would search all runs."""
    runs = pd.read_csv(path, dtype=dict.fromkeys(FACTORS, str))
    scored = score_at_chance(runs["test_accuracy"], runs["test_loss"])  # diverged runs are shown, at chance
    runs["test_accuracy"], runs["test_loss"] = scored.accuracy, scored.loss
    return dict(list(runs.groupby(list(FACTORS))))


def setting_means(study: Study, runs: Runs) -> dict[str, dict[tuple, float]]:
    """Return the mean test accuracy and loss of every evaluated setting, by metric and `(point, epochs)`."""
    settings = [setting for setting in study.settings if setting.wanted_by]
    return {
        metric: {
            (setting.point, setting.levels["epochs"]): runs_of(runs, setting.levels)[f"test_{metric}"].mean()
            for setting in settings
        }
        for metric in ("accuracy", "loss")
    }


def grid_means(name: str, study: Study, runs: Runs) -> dict[str, dict[tuple, float]]:
    """Return the same for a grid, by metric and the values of its factors."""
    means = setting_means(study, runs)
    return {
        metric: {
            tuple(setting.levels[factor] for factor in study.summaries[name]): values[
                setting.point, setting.levels["epochs"]
            ]
            for setting in study.levels(name)
        }
        for metric, values in means.items()
    }
