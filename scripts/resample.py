"""Two uncertainties kept apart: over seeds on this test set, and over seeds and test images (rule resample)."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from files.records import RecordError, write_record
from stats.divergence import chance
from stats.two_way_bootstrap import TwoWayDifference, resampling_weights, two_way_bootstrap
from tables.rounding import with_spare_digit
from tables.runs import read_outcomes
from tables.study import Setting, Study, add_study_argument, read_study
from tables.write import write_table

COLUMNS = ("summary", "metric", "level", "difference", "seeds_se", "images_se", "se", "low", "high")
METRICS = ("accuracy", "loss")
RESAMPLES = 2_000
RUNS_AT_A_TIME = 320  # their outcomes of 10,000 images: 26 MB; a matrix product of fewer takes longer a run


def scored_outcomes(setting: Setting, labels: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Return accuracy (0 or 1) and loss of every test image, float32 (seeds, n), diverged runs scored at chance."""
    loss, predicted = read_outcomes(setting)
    accuracy = (predicted == labels).astype(np.float32)
    diverged = ~np.isfinite(loss).all(axis=1)
    accuracy[diverged], loss[diverged] = chance(classes)
    return {"accuracy": accuracy, "loss": loss}


def resample(study: Study, labels: np.ndarray) -> list[dict[str, str]]:
    """Return a row for each comparison of a sweep or grid with the baseline; a point in two of them is drawn once.

    Args:
        study: the study.
        labels: classes of the test images, uint8 (n,).
    """
    baseline = scored_outcomes(study.baseline_setting(), labels, study.classes)
    seeds, images = baseline["loss"].shape
    if seeds < 2:
        return []
    weights = resampling_weights(seeds, images, resamples=RESAMPLES, generator=np.random.default_rng(0))
    families = {name: [level for level in study.levels(name) if not level.is_baseline] for name in study.summaries}
    settings = {level.setting.key: level.setting for family in families.values() for level in family}
    found: dict[tuple, dict[str, str]] = {}
    at_a_time = max(1, RUNS_AT_A_TIME // seeds)
    for start in range(0, len(settings), at_a_time):
        keys = list(settings)[start : start + at_a_time]
        outcomes = [scored_outcomes(settings[key], labels, study.classes) for key in keys]
        for metric in METRICS:
            points = [outcome[metric] for outcome in outcomes]
            differences = two_way_bootstrap(points, baseline[metric], weights, alpha=study.alpha)
            found |= {(metric, key): cells(difference) for key, difference in zip(keys, differences, strict=True)}
    return [
        {"summary": summary, "metric": metric, "level": level.label} | found[metric, level.setting.key]
        for summary, family in families.items()
        for metric in METRICS
        for level in family
    ]


def cells(difference: TwoWayDifference) -> dict[str, str]:
    """Return a difference with its standard errors and interval as text."""
    numbers = asdict(difference)
    return with_spare_digit({"difference": numbers.pop("mean"), **numbers}, difference.se)


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
