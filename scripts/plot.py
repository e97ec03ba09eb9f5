"""Draw all figures of the study from its tables (rule plot)."""

import argparse
import gc
import io
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from figures.baseline_figures import confusion_matrix, learning_curves, most_missed
from figures.class_names import ClassNames, drawable
from figures.comparison_figures import effective_rate_figure, forest, heat_map, is_heat_map
from figures.published_figure import published_figure
from figures.style import STYLE
from figures.svg_ids import with_numbered_ids
from figures.sweep_figures import grid_figure, sweep_figure, train_and_test
from files.atomic import atomic_path
from files.records import RecordError, write_record
from stats.divergence import score_at_chance
from tables.runs import levels_of, read_csv, read_histories, read_outcomes, tidy_runs
from tables.study import Study, add_study_argument, read_study


def scored_histories(study: Study) -> pd.DataFrame:
    """Return the baseline's metrics at every epoch; where a loss is not finite, the run is scored at chance."""
    histories = pd.DataFrame(read_histories(study.chain())).astype(float)
    for part in ("train", "test"):
        scored = score_at_chance(histories[f"{part}_accuracy"], histories[f"{part}_loss"], study.classes)
        histories[f"{part}_accuracy"], histories[f"{part}_loss"] = scored.accuracy, scored.loss
    return histories


def save(figure: plt.Figure, folder: Path, name: str, dpi: int) -> None:
    """Write a figure as SVG and PNG, without dates, so that the same figure gives the same bytes."""
    svg = io.StringIO()
    figure.savefig(svg, format="svg", dpi=dpi, metadata={"Date": None, "Creator": None})
    with atomic_path(folder / f"{name}.svg") as temporary:
        temporary.write_text(with_numbered_ids(svg.getvalue()), encoding="utf-8")
    with atomic_path(folder / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png", dpi=dpi, metadata={"Software": None})
    plt.close(figure)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_argument(parser)
    parser.add_argument("--margin-accuracy", type=float, required=True)
    parser.add_argument("--margin-loss", type=float, required=True)
    parser.add_argument("--class-names", type=json.loads, help="a JSON list: a name may begin with -; else the labels")
    parser.add_argument("--dpi", type=int, required=True)
    parser.add_argument("--show-seeds", choices=["true", "false"], required=True)
    return parser.parse_args(argv)


def all_figures(
    study: Study, margins: dict[str, float], names: ClassNames, show_seeds: bool
) -> dict[str, Callable[[], plt.Figure]]:
    """Return the function that draws each figure, by its name; RecordError if a file is not as it was written."""
    tables = study.tables("aggregate", margins=margins)
    runs = tidy_runs(study, read_csv(tables.file("runs.csv")))
    sweeps = [name for name in study.summaries if name in study.factors]
    histories = scored_histories(study)
    comparisons = pd.read_csv(tables.file("comparisons.csv"), dtype=str, keep_default_na=False)
    comparisons = comparisons[comparisons["summary"].isin(study.summaries)]
    losses, predicted = read_outcomes(study.baseline_setting())
    images, labels = (np.load(study.origin.arrays.file(f"{part}_test.npy"), allow_pickle=False) for part in "xy")
    figures = {
        "learning_curves": lambda: learning_curves(histories, int(study.baseline["epochs"])),
        "confusion_matrix": lambda: with_fonts(names, confusion_matrix, labels, predicted),
    }
    if images.ndim > 2:  # a vector is no picture
        figures["most_missed"] = lambda: with_fonts(names, most_missed, images, labels, predicted, losses)
    if sweeps:
        figures["train_and_test"] = lambda: train_and_test(runs, sweeps)
    for name, varied in study.summaries.items():
        factors = {factor: study.factors[factor] for factor in varied}
        levels = levels_of(runs, name)
        if name in sweeps:
            figures[name] = partial(sweep_figure, levels, study.alpha, show_seeds)
        elif is_heat_map(factors):
            figures[name] = partial(heat_map, levels, factors)
        else:
            figures[name] = partial(grid_figure, levels, factors, study.alpha)
    if study.summaries:
        figures["forest"] = lambda: forest(comparisons, margins, f"{100 * (1 - study.alpha):g} %")
    published = study.tables("check_published", margins=margins).file("published.csv")
    published = pd.read_csv(published, dtype=str, keep_default_na=False)
    if len(published):
        figures["published"] = lambda: published_figure(published)
    if {"learning_rate", "momentum"} <= {factor for factors in study.summaries.values() for factor in factors}:
        figures["effective_rate"] = lambda: effective_rate_figure(runs, study.factors)
    return figures


def with_fonts(names: ClassNames, draw: Callable[..., plt.Figure], *arguments) -> plt.Figure:
    """Return a figure of the classes, drawn in the fonts of their names."""
    with plt.rc_context({"font.family": names.fonts}):
        return draw(*arguments, names.drawn)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    arguments = parse_arguments(argv)
    study = read_study(arguments.study)
    margins = {"accuracy": arguments.margin_accuracy, "loss": arguments.margin_loss}
    gc.freeze()  # Matplotlib's and pandas' own objects: no need to look through them for garbage, a tenth of the time
    plt.rcdefaults()  # not what a matplotlibrc of the user says
    plt.rcParams.update(STYLE)
    try:
        names = drawable(arguments.class_names or [str(label) for label in range(study.classes)])
        if names.note:
            print(names.note)
        figures = all_figures(study, margins, names, arguments.show_seeds == "true")
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    folder = study.results / "figures"
    for name, draw in figures.items():
        save(draw(), folder, name, arguments.dpi)
    files = [folder / f"{name}.{kind}" for name in figures for kind in ("svg", "png")]
    numbered = {"numbered_classes": names.numbered} if names.numbered else {}
    write_record(folder / "plot.json", files, **study.identity, margins=margins, **numbered)


if __name__ == "__main__":
    main()
