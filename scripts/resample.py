"""Two uncertainties kept apart: over seeds on this test set, and over seeds and test images (rule resample)."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from atomic import atomic_path
from planned_runs import Milestone, Planned, add_study_arguments, planned
from rounding import rounded, supported_decimals
from two_way_bootstrap import resampling_weights, two_way_bootstrap

COLUMNS = ("summary", "metric", "level", "difference", "seeds_se", "images_se", "se", "low", "high")
METRICS = ("accuracy", "loss")
RESAMPLES = 2_000
LOSS_AT_CHANCE = float(np.log(10))


def read_outcomes(milestone: Milestone, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return accuracy (0 or 1) and loss of every test image, float32 (seeds, n), diverged runs scored at chance."""
    hits, losses = [], []
    for _, _, folder in milestone.blocks:
        with np.load(folder / "test.npz", allow_pickle=False) as outcomes:
            losses.append(outcomes["loss"])
            hits.append((outcomes["predicted"] == labels).astype(np.float32))
    accuracy, loss = np.concatenate(hits), np.concatenate(losses)
    diverged = ~np.isfinite(loss).all(axis=1)
    accuracy[diverged], loss[diverged] = 0.1, LOSS_AT_CHANCE
    return {"accuracy": accuracy, "loss": loss}


def resample(study: Planned, labels: np.ndarray) -> list[dict[str, str]]:
    """Return a row for each comparison of a sweep or grid with the baseline; a point in two of them is drawn once.

    Args:
        study: the plan.
        labels: classes of the test images, uint8 (n,).
    """
    baseline = read_outcomes(study.baseline_milestone(), labels)
    seeds, images = baseline["loss"].shape
    if seeds < 2:
        return []
    weights = resampling_weights(seeds, images, resamples=RESAMPLES, generator=np.random.default_rng(0))
    known: dict[tuple, dict] = {}
    rows = []
    for summary in study.summaries:
        for metric in METRICS:
            for milestone in study.levels(summary):
                if study.is_baseline(milestone):
                    continue
                place = (milestone.point, milestone.levels["epochs"])
                if place not in known:
                    own = read_outcomes(milestone, labels)
                    known[place] = {name: cells(own[name], baseline[name], weights, study.alpha) for name in METRICS}
                label = study.label(summary, milestone)
                rows.append({"summary": summary, "metric": metric, "level": label} | known[place][metric])
    return rows


def cells(own: np.ndarray, baseline: np.ndarray, weights, alpha: float) -> dict[str, str]:
    """Return one two-way bootstrap as text."""
    found = two_way_bootstrap(own, baseline, weights, alpha=alpha)
    decimals = supported_decimals(found.se, fallback=6) + 1
    names = {"difference": "mean"} | {name: name for name in ("seeds_se", "images_se", "se", "low", "high")}
    return {column: rounded(float(getattr(found, name)), decimals) for column, name in names.items()}


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_arguments(parser)
    parser.add_argument("--y-test", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    rows = resample(planned(arguments), np.load(arguments.y_test))
    with atomic_path(arguments.output) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
