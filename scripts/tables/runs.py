"""The runs of a study as the summarising scripts see them: rows of text for tables, arrays for statistics."""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from design.canonical import FACTORS
from files.records import RecordError
from stats.divergence import ScoredRuns, score_at_chance
from tables.study import Setting

RUN_METRICS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
RUN_COLUMNS = (*FACTORS, "seed", *RUN_METRICS)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class SettingRuns:
    """The runs of one setting, ordered by seed.

    Attributes:
        setting: the setting.
        rows: `RUN_COLUMNS` as text, as they stand in the runs' own files.
    """

    setting: Setting
    rows: list[dict[str, str]]

    @cached_property
    def scored(self) -> ScoredRuns:
        """Test accuracy and loss, shape (n,), diverged runs scored at chance."""
        accuracy, loss = (np.array([float(row[name]) for row in self.rows]) for name in ("test_accuracy", "test_loss"))
        return score_at_chance(accuracy, loss)

    def values(self, metric: str) -> np.ndarray:
        """Return `accuracy` or `loss` on the test set, shape (n,), diverged runs scored at chance."""
        return getattr(self.scored, metric)


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


def read_runs(setting: Setting) -> SettingRuns:
    """Read a setting's runs: test metrics from the evaluation, train metrics of the last epoch from the history.

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
            rows.append(setting.levels | row | trained)
    return SettingRuns(setting, rows)
