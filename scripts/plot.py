"""Draw all figures of the study from its tables (rule plot)."""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from atomic import atomic_path
from axes import accuracy_scale, factor_axis, loss_scale
from canonical import FACTORS
from comparison_figures import effective_rate_figure, forest, heat_map, is_heat_map
from divergence import score_at_chance
from figure_style import BLUE, GREY, LABELS, ORANGE, SERIES, STYLE
from intervals import t_interval
from outdated import remove_pairs
from planned_runs import Planned, add_study_arguments, planned
from published_figure import published_figure
from quantities import counted
from records import RecordError, write_record
from runs import read_histories

Runs = dict[tuple[str, ...], pd.DataFrame]  # rows of `runs.csv`, by the canonical texts of `FACTORS`
MOST_LINES = len(SERIES)  # of a grid, in one panel: more would look alike


def learning_curves(histories: pd.DataFrame, baseline_epochs: int) -> plt.Figure:
    """Draw loss and accuracy of the baseline by epoch: mean and ± 1 SD over seeds, training and test."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    for panel, quantity in zip(panels, ("loss", "accuracy"), strict=True):
        for subset, (colour, marker, dashes) in zip(("train", "test"), SERIES, strict=False):
            by_epoch = histories.groupby("epoch")[f"{subset}_{quantity}"].agg(["mean", "std"]).fillna({"std": 0})
            mean, sd = by_epoch["mean"], by_epoch["std"]
            name = "training (running mean)" if subset == "train" else "test"
            panel.plot(mean.index, mean, color=colour, marker=marker, linestyle=dashes, markersize=3, label=name)
            panel.fill_between(mean.index, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
        panel.axvline(baseline_epochs, color=GREY, linewidth=0.8, linestyle=":")
        panel.set(xlabel="epoch", ylabel=quantity)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.legend()
    seeds = histories["seed"].nunique()
    figure.suptitle(f"The baseline, epoch by epoch ({counted(seeds, 'seed')}, band: ± 1 SD)")
    return figure


def sweep_figure(factor: str, study: Planned, runs: Runs, show_seeds: bool) -> plt.Figure:
    """Draw test accuracy and loss over one factor: every seed a dot, mean and interval, the baseline marked."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    levels = study.levels(factor)
    axis = factor_axis([milestone.levels[factor] for milestone in levels])
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        for position, milestone in zip(axis.positions, levels, strict=True):
            values = runs_of(runs, milestone.levels)[metric].to_numpy()
            is_baseline = study.is_baseline(milestone)
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
                    mean, color=ORANGE, linewidth=0.8, linestyle=":", label=f"baseline ({milestone.levels[factor]})"
                )
        means = [runs_of(runs, milestone.levels)[metric].mean() for milestone in levels]
        if axis.numeric:
            panel.plot(axis.positions, means, color=BLUE, linewidth=0.8, alpha=0.6, zorder=0)
        axis.apply(panel)
        panel.set(xlabel=LABELS[factor], ylabel=LABELS[metric])
        (accuracy_scale if metric == "test_accuracy" else loss_scale)(panel, runs_in(runs, levels)[metric])
        panel.legend(loc="best", fontsize=8)
    dots = "dots: seeds, " if show_seeds else ""
    figure.suptitle(f"{LABELS[factor].capitalize()} ({dots}bars: {100 * (1 - study.alpha):g} % interval of the mean)")
    return figure


def grid_figure(name: str, study: Planned, runs: Runs) -> plt.Figure:
    """Draw a grid: its last numeric factor along the axis, one line for each combination of the others."""
    levels = study.levels(name)
    factors = study.summaries[name]
    numeric = [factor for factor in factors if factor != "optimizer"]
    along = numeric[-1] if numeric else factors[-1]
    others = [factor for factor in factors if factor != along]
    values = list(dict.fromkeys(milestone.levels[along] for milestone in levels))
    axis = factor_axis(values)
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    lines: dict[str, list] = {}
    for milestone in levels:
        label = ", ".join(milestone.levels[factor] for factor in others)
        lines.setdefault(label, []).append(milestone)
    shown = most_accurate(lines, runs)
    drawn = [milestone for milestones in shown.values() for milestone in milestones]
    for panel, metric in zip(panels, ("test_accuracy", "test_loss"), strict=True):
        for index, (label, milestones) in enumerate(shown.items()):
            colour, marker, dashes = SERIES[index % len(SERIES)]
            samples = [runs_of(runs, milestone.levels)[metric].to_numpy() for milestone in milestones]
            means = np.array([sample.mean() for sample in samples])
            bounds = np.array([t_interval(sample, study.alpha) for sample in samples])
            bars = np.nan_to_num(np.abs(bounds.T - means))
            positions = [axis.positions[values.index(milestone.levels[along])] for milestone in milestones]
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
        label: max(runs_of(runs, milestone.levels)["test_accuracy"].mean() for milestone in milestones)
        for label, milestones in lines.items()
    }
    best = sorted(highest, key=lambda label: -highest[label])[:MOST_LINES]
    return {label: milestones for label, milestones in lines.items() if label in best}


def train_and_test(study: Planned, runs: Runs, factors: list[str]) -> plt.Figure:
    """Draw training against test accuracy, one panel a sweep: the space between the lines is the gap."""
    columns = 2 if len(factors) > 1 else 1
    rows = -(-len(factors) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(4 * columns, 2.8 * rows), squeeze=False)
    for panel in panels.flat[len(factors) :]:
        panel.set_visible(False)
    for panel, factor in zip(panels.flat, factors, strict=False):
        levels = study.levels(factor)
        axis = factor_axis([milestone.levels[factor] for milestone in levels])
        for metric, (colour, marker, dashes) in zip(("train_accuracy", "test_accuracy"), SERIES, strict=False):
            samples = [runs_of(runs, milestone.levels)[metric] for milestone in levels]
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


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, names: list[str]) -> plt.Figure:
    """Draw how often the baseline takes one class for another, in images a seed.

    Args:
        labels: uint8 (n,).
        predicted: uint8 (seeds, n).
        names: of the classes.
    """
    classes = len(names)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (np.broadcast_to(labels, predicted.shape).ravel(), predicted.ravel()), 1 / len(predicted))
    errors = counts.copy()
    np.fill_diagonal(errors, np.nan)
    figure, panel = plt.subplots(figsize=(6.2, 5.4))
    highest = max(1.0, np.nanmax(errors))
    image = panel.imshow(np.where(errors > 0, errors, np.nan), cmap="Blues", norm=LogNorm(0.1, highest))
    for true, said in np.ndindex(counts.shape):
        value = counts[true, said]
        if true == said:
            panel.text(
                said, true, f"{value:.0f}", ha="center", va="center", fontsize=7, color="black", fontweight="bold"
            )
        elif value > 0:
            dark = value > highest**0.72 * 0.1**0.28  # here black and white stand out as well as each other
            panel.text(
                said, true, f"{value:.1f}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )
    rotation = 0 if max(map(len, names)) < 3 else 90
    panel.set_xticks(range(classes), names, rotation=rotation, parse_math=False)
    panel.set_yticks(range(classes), names, parse_math=False)
    panel.set(xlabel="predicted class", ylabel="true class")
    panel.grid(False)
    figure.colorbar(image, label="misclassified images a seed", shrink=0.8)
    figure.suptitle(f"Confusion matrix of the baseline (mean of {counted(len(predicted), 'seed')}, diagonal: correct)")
    return figure


def most_missed(
    images: np.ndarray, labels: np.ndarray, predicted: np.ndarray, losses: np.ndarray, names: list[str]
) -> plt.Figure:
    """Draw the test images that most seeds of the baseline get wrong, the highest mean loss first among equals.

    Args:
        images: uint8 (n, 784).
        labels: uint8 (n,).
        predicted: uint8 (seeds, n).
        losses: float32 (seeds, n).
        names: of the classes.
    """
    misses = (predicted != labels).sum(axis=0)
    order = np.lexsort((-losses.mean(axis=0), -misses))[:24]
    figure, panels = plt.subplots(4, 6, figsize=(8, 6.4))
    between = ", " if max(map(len, names)) < 3 else "\n"  # two words and "seen as" are wider than an image
    for panel in panels.flat[len(order) :]:
        panel.set_visible(False)
    for panel, index in zip(panels.flat, order, strict=False):
        wrong = predicted[:, index][predicted[:, index] != labels[index]]
        panel.imshow(images[index].reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
        panel.set_axis_off()
        said = names[np.bincount(wrong).argmax()] if len(wrong) else "–"
        panel.set_title(
            f"{names[labels[index]]}{between}seen as {said}\n{misses[index]} of {len(predicted)} seeds",
            fontsize=7,
            parse_math=False,
        )
    figure.suptitle("The most missed test images of the baseline: true class, most frequent error")
    return figure


def runs_of(runs: Runs, levels: dict[str, str]) -> pd.DataFrame:
    """Return the runs of one milestone, by seed."""
    return runs[tuple(levels[factor] for factor in FACTORS)]


def runs_in(runs: Runs, milestones: list) -> pd.DataFrame:
    """Return the runs of several milestones."""
    return pd.concat([runs_of(runs, milestone.levels) for milestone in milestones])


def read_runs(path: Path) -> Runs:
    """Read `runs.csv`, split by milestone at once: each look-up in one index would search all runs."""
    runs = pd.read_csv(path, dtype=dict.fromkeys(FACTORS, str))
    scored = score_at_chance(runs["test_accuracy"], runs["test_loss"])  # diverged runs are shown, at chance
    runs["test_accuracy"], runs["test_loss"] = scored.accuracy, scored.loss
    return dict(list(runs.groupby(list(FACTORS))))


def scored_histories(study: Planned) -> pd.DataFrame:
    """Return the baseline's metrics at every epoch; where a loss is not finite, the run is scored at chance."""
    histories = pd.DataFrame(read_histories(study.chain())).astype(float)
    for part in ("train", "test"):
        scored = score_at_chance(histories[f"{part}_accuracy"], histories[f"{part}_loss"])
        histories[f"{part}_accuracy"], histories[f"{part}_loss"] = scored.accuracy, scored.loss
    return histories


def milestone_means(study: Planned, runs: Runs) -> dict[str, dict[tuple, float]]:
    """Return the mean test accuracy and loss of every evaluated milestone, by metric and `(point, epochs)`."""
    milestones = [milestone for milestone in study.milestones if milestone.wanted_by]
    return {
        metric: {
            (milestone.point, milestone.levels["epochs"]): runs_of(runs, milestone.levels)[f"test_{metric}"].mean()
            for milestone in milestones
        }
        for metric in ("accuracy", "loss")
    }


def grid_means(name: str, study: Planned, runs: Runs) -> dict[str, dict[tuple, float]]:
    """Return the same for a grid, by metric and the values of its factors."""
    means = milestone_means(study, runs)
    return {
        metric: {
            tuple(milestone.levels[factor] for factor in study.summaries[name]): values[
                milestone.point, milestone.levels["epochs"]
            ]
            for milestone in study.levels(name)
        }
        for metric, values in means.items()
    }


def read_outcomes(study: Planned) -> tuple[np.ndarray, np.ndarray]:
    """Return losses and predicted classes of the baseline, (seeds, n) each."""
    blocks = []
    for evaluation in study.baseline_milestone().evaluated():
        with np.load(evaluation.file("test.npz"), allow_pickle=False) as outcomes:
            blocks.append((outcomes["loss"], outcomes["predicted"]))
    losses, predicted = zip(*blocks, strict=True)
    return np.concatenate(losses), np.concatenate(predicted)


def save(figure: plt.Figure, folder: Path, name: str, dpi: int) -> None:
    """Write a figure as SVG and PNG, without dates, so that the same figure gives the same bytes."""
    for ending, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
        with atomic_path(folder / f"{name}.{ending}") as temporary:
            figure.savefig(temporary, format=ending, dpi=dpi, metadata=metadata)
    plt.close(figure)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_arguments(parser)
    parser.add_argument("--margin-accuracy", type=float, required=True)
    parser.add_argument("--margin-loss", type=float, required=True)
    parser.add_argument("--class-names", type=json.loads, required=True, help="a JSON list: a name may begin with -")
    parser.add_argument("--dpi", type=int, required=True)
    parser.add_argument("--show-seeds", choices=["true", "false"], required=True)
    return parser.parse_args(argv)


def all_figures(study: Planned, arguments: argparse.Namespace) -> dict[str, Callable[[], plt.Figure]]:
    """Return the function that draws each figure, by its name; RecordError if a file is not as it was written."""
    tables = study.tables("aggregate")
    runs = read_runs(tables.file("runs.csv"))
    sweeps = [name for name, factors in study.summaries.items() if factors == (name,)]
    histories = scored_histories(study)
    comparisons = pd.read_csv(tables.file("comparisons.csv"), dtype=str, keep_default_na=False)
    comparisons = comparisons[comparisons["summary"].isin(study.summaries)]
    margins = {"accuracy": arguments.margin_accuracy, "loss": arguments.margin_loss}
    losses, predicted = read_outcomes(study)
    images, labels = (np.load(study.origin.arrays.file(f"{part}_test.npy"), allow_pickle=False) for part in "xy")
    names = arguments.class_names
    figures = {
        "learning_curves": lambda: learning_curves(histories, int(study.baseline["epochs"])),
        "confusion_matrix": lambda: confusion_matrix(labels, predicted, names),
        "most_missed": lambda: most_missed(images, labels, predicted, losses, names),
    }
    if sweeps:
        figures["train_and_test"] = lambda: train_and_test(study, runs, sweeps)
    for name, factors in study.summaries.items():
        if name in sweeps:
            figures[name] = lambda name=name: sweep_figure(name, study, runs, arguments.show_seeds == "true")
        elif is_heat_map(factors):
            figures[name] = lambda name=name: heat_map(name, study, grid_means(name, study, runs))
        else:
            figures[name] = lambda name=name: grid_figure(name, study, runs)
    if study.summaries:
        figures["forest"] = lambda: forest(comparisons, margins, f"{100 * (1 - study.alpha):g} %")
    published = study.tables("check_published").file("published.csv")
    published = pd.read_csv(published, dtype=str, keep_default_na=False)
    if len(published):
        figures["published"] = lambda: published_figure(published)
    if {"learning_rate", "momentum"} <= {factor for factors in study.summaries.values() for factor in factors}:
        figures["effective_rate"] = lambda: effective_rate_figure(study, milestone_means(study, runs))
    return figures


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    arguments = parse_arguments(argv)
    study = planned(arguments)
    gc.freeze()  # Matplotlib's and pandas' own objects: no need to look through them for garbage, a tenth of the time
    plt.rcdefaults()  # not what a matplotlibrc of the user says
    plt.rcParams.update(STYLE)
    try:
        figures = all_figures(study, arguments)
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    folder = study.results / "figures"
    for name, draw in figures.items():
        save(draw(), folder, name, arguments.dpi)
    remove_pairs(folder, ("svg", "png"), figures)
    files = [folder / f"{name}.{kind}" for name in figures for kind in ("svg", "png")]
    write_record(folder / "plot.json", files, **study.identity)


if __name__ == "__main__":
    main()
