"""The runs of a study: rows of text as they stand in the runs' own files, and one tidy frame of what tables need."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from files.records import RecordError
from stats.divergence import score_at_chance
from tables.study import BASELINE, Setting, Study

RUN_METRICS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


def run_columns(study: Study) -> tuple[str, ...]:
    """Return the columns of `runs.csv`."""
    return (*study.factors, "seed", *RUN_METRICS)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_histories(settings: list[Setting]) -> list[dict[str, str]]:
    """Return the rows of the settings' histories, each seed's epochs once, by epoch and seed.

    Two links that start from the same milestone both train the epochs they share; the longer one stands for both.

    Raises:
        RecordError: if a file is not the one that was written.
    """
    rows = {
        (int(row["epoch"]), int(row["seed"])): row
        for setting in sorted(settings, key=lambda setting: int(setting.levels["epochs"]))
        for training in setting.trained()
        for row in read_csv(training.file("history.csv"))
    }
    return [rows[place] for place in sorted(rows)]


def read_runs(setting: Setting) -> list[dict[str, str]]:
    """Read a setting's runs: test metrics from the evaluation, train metrics of the last epoch from the history.

    Returns:
        The columns of `run_columns` as text, as they stand in the runs' own files, and `trained_loss`, the test loss
        that the training gave after its last epoch; a row a run, by seed.

    Raises:
        RecordError: if the files are not those that were written, or do not hold the seeds they should.
    """
    rows = []
    epochs = setting.levels["epochs"]
    records = zip(setting.blocks, setting.trained(), setting.evaluated(), strict=True)
    for (first, last, folder), training, evaluation in records:
        history = {row["seed"]: row for row in read_csv(training.file("history.csv")) if row["epoch"] == epochs}
        tested = read_csv(evaluation.file("metrics.csv"))
        if [int(row["seed"]) for row in tested] != list(range(first, last + 1)) or len(history) != len(tested):
            raise RecordError(
                f"{folder}: expected the seeds {first} to {last} in metrics.csv and history.csv, "
                f"epoch {epochs}. Delete the folder, it will be trained again."
            )
        for row in tested:
            trained = {name: history[row["seed"]][name] for name in ("train_loss", "train_accuracy")}
            rows.append(setting.levels | row | trained | {"trained_loss": history[row["seed"]]["test_loss"]})
    return rows


def engines_apart(rows: list[dict[str, str]]) -> float:
    """Return by how much the test losses of training and evaluation differ at most, of `read_runs`; 0 for no rows."""
    losses = np.array([[float(row["trained_loss"]), float(row["test_loss"])] for row in rows]).reshape(-1, 2)
    finite = np.isfinite(losses).all(axis=1)
    return float(np.abs(np.diff(losses[finite], axis=1)).max(initial=0))


def read_outcomes(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Return loss, float32, and predicted class, uint8, of every test image, (seeds, n) each.

    Raises:
        RecordError: if a file is not the one that was written.
    """
    blocks = []
    for evaluation in setting.evaluated():
        with np.load(evaluation.file("test.npz"), allow_pickle=False) as outcomes:
            blocks.append((outcomes["loss"], outcomes["predicted"]))
    losses, predicted = zip(*blocks, strict=True)
    return np.concatenate(losses), np.concatenate(predicted)


def tidy_runs(study: Study, rows: list[dict[str, str]]) -> pd.DataFrame:
    """Return the runs of every sweep and grid, with what a table asks of them.

    Args:
        study: which sweep or grid holds which setting.
        rows: the columns of `run_columns` as text; a row a run, the seeds of a setting in order.

    Returns:
        A row for each sweep or grid, level and seed, in this order: `summary`, the sweep or grid, first of all the
        baseline alone under the name `BASELINE`; `position` and `label` of the level; `is_baseline`; the factors as
        canonical text; `run`, the place of the run in `rows`; `seed`; the four metrics; `diverged`. Test metrics of
        diverged runs are scored at chance.
    """
    runs = pd.DataFrame(rows, columns=run_columns(study)).astype({"seed": int} | dict.fromkeys(RUN_METRICS, float))
    scored = score_at_chance(runs["test_accuracy"], runs["test_loss"], study.classes)
    runs["test_accuracy"], runs["test_loss"], runs["diverged"] = scored.accuracy, scored.loss, scored.diverged
    runs["run"] = range(len(runs))
    levels = [
        {"summary": summary, "position": position, "label": level.label, "is_baseline": level.is_baseline}
        | level.setting.levels
        for summary in (BASELINE, *study.summaries)
        for position, level in enumerate(study.levels(summary))
    ]
    return pd.DataFrame(levels).merge(runs, on=list(study.factors))


def levels_of(runs: pd.DataFrame, summary: str) -> pd.DataFrame:
    """Return the runs of one sweep or grid, or of the baseline under the name `BASELINE`."""
    return runs[runs["summary"] == summary]


def each_run_once(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs without repeats, however many sweeps and grids hold them, in the order of the plan."""
    return runs.drop_duplicates("run").sort_values("run", kind="stable")


def by_level(runs: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as an array of shape (levels, seeds); every level holds the same seeds, in order."""
    return runs[column].to_numpy().reshape(-1, runs["seed"].nunique())
