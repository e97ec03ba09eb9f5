"""Two uncertainties kept apart: over seeds on this test set, and over seeds and test images (rule resample)."""

import argparse
import sys
from pathlib import Path

import numpy as np

from files.records import RecordError, write_record
from stats.divergence import chance
from stats.two_way_bootstrap import TwoWayDifference, resampling_weights, two_way_bootstrap
from tables.rounding import rounded, supported_decimals
from tables.study import Setting, Study, add_study_argument, read_study
from tables.write import write_table

COLUMNS = ("summary", "metric", "level", "difference", "seeds_se", "images_se", "se", "low", "high")
METRICS = ("accuracy", "loss")
RESAMPLES = 2_000
RUNS_AT_A_TIME = 320  # their outcomes of 10,000 images: 26 MB; a matrix product of fewer takes longer a run


def read_outcomes(setting: Setting, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return accuracy (0 or 1) and loss of every test image, float32 (seeds, n), diverged runs scored at chance."""
    hits, losses = [], []
    for evaluation in setting.evaluated():
        with np.load(evaluation.file("test.npz"), allow_pickle=False) as outcomes:
            losses.append(outcomes["loss"])
            hits.append((outcomes["predicted"] == labels).astype(np.float32))
    accuracy, loss = np.concatenate(hits), np.concatenate(losses)
    diverged = ~np.isfinite(loss).all(axis=1)
    accuracy[diverged], loss[diverged] = chance()
    return {"accuracy": accuracy, "loss": loss}


def resample(study: Study, labels: np.ndarray) -> list[dict[str, str]]:
    """Return a row for each comparison of a sweep or grid with the baseline; a point in two of them is drawn once.

    Args:
        study: the plan.
        labels: classes of the test images, uint8 (n,).
    """
    baseline = read_outcomes(study.baseline_setting(), labels)
    seeds, images = baseline["loss"].shape
    if seeds < 2:
        return []
    weights = resampling_weights(seeds, images, resamples=RESAMPLES, generator=np.random.default_rng(0))
    compared = {summary: [m for m in study.levels(summary) if not study.is_baseline(m)] for summary in study.summaries}
    distinct = list({setting.key: setting for some in compared.values() for setting in some}.values())
    known: dict[tuple, dict[str, dict]] = {}
    at_a_time = max(1, RUNS_AT_A_TIME // seeds)
    for start in range(0, len(distinct), at_a_time):
        settings = distinct[start : start + at_a_time]
        own = [read_outcomes(setting, labels) for setting in settings]
        by_metric = {
            metric: two_way_bootstrap([some[metric] for some in own], baseline[metric], weights, alpha=study.alpha)
            for metric in METRICS
        }
        for index, setting in enumerate(settings):
            known[setting.key] = {metric: cells(found[index]) for metric, found in by_metric.items()}
    return [
        {"summary": summary, "metric": metric, "level": study.label(summary, setting)} | known[setting.key][metric]
        for summary, settings in compared.items()
        for metric in METRICS
        for setting in settings
    ]


def cells(found: TwoWayDifference) -> dict[str, str]:
    """Return one two-way bootstrap as text."""
    decimals = supported_decimals(found.se, fallback=6) + 1
    names = {"difference": "mean"} | {name: name for name in ("seeds_se", "images_se", "se", "low", "high")}
    return {column: rounded(float(getattr(found, name)), decimals) for column, name in names.items()}


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_argument(parser)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    study = read_study(arguments.study)
    try:
        rows = resample(study, np.load(study.origin.arrays.file("y_test.npy"), allow_pickle=False))
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    write_table(arguments.output, COLUMNS, rows)
    write_record(arguments.output.with_name("resample.json"), [arguments.output], **study.identity)


if __name__ == "__main__":
    main()
