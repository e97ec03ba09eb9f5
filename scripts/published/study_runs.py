"""The runs at any settings that a study passed through: evaluated, or an epoch on the way to a later milestone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from files.records import Record, RecordError
from stats.divergence import score_at_chance
from tables.runs import read_csv
from tables.study import Setting, Study


@dataclass(frozen=True)
class RunsAt:
    """One quantity of the runs at one milestone or epoch, diverged runs scored at chance.

    Attributes:
        seeds: the runs' seeds, ascending.
        values: shape (n,), accuracy as a share or loss in nats.
        diverged: number of runs whose test loss was not finite.
    """

    seeds: tuple[int, ...]
    values: np.ndarray
    diverged: int


class StudyRuns:
    """Finds the runs at any settings the study passed through.

    Args:
        study: the plan; `tables/runs.csv` and the histories lie in its results folder.

    Raises:
        RecordError: if `runs.csv` is not the one that was written.
    """

    def __init__(self, study: Study):
        self._milestones, self._factors, self._classes = study.settings, tuple(study.factors), study.classes
        self._tested: dict[tuple, list[dict[str, str]]] = {}
        for row in read_csv(study.tables("aggregate").file("runs.csv")):
            self._tested.setdefault(tuple(row[factor] for factor in self._factors), []).append(row)

    def find(self, levels: Mapping[str, str], quantity: str) -> RunsAt | None:
        """Return the runs at some settings.

        Args:
            levels: factor -> canonical text of its value, all factors.
            quantity: `test_accuracy`, `test_loss` or `train_accuracy`.

        Returns:
            Runs from `runs.csv`, else from the history of a training that passed through this epoch; None where the
            study has neither.

        Raises:
            RecordError: if a history is not the one that was written, or does not hold the seeds it should.
        """
        rows = self._tested.get(tuple(levels[factor] for factor in self._factors)) or self._passed(levels)
        if not rows:
            return None
        rows = sorted(rows, key=lambda row: int(row["seed"]))
        accuracy = "train_accuracy" if quantity == "train_accuracy" else "test_accuracy"
        metrics = ([float(row[name]) for row in rows] for name in (accuracy, "test_loss"))
        scored = score_at_chance(*metrics, self._classes)
        values = scored.loss if quantity == "test_loss" else scored.accuracy
        return RunsAt(tuple(int(row["seed"]) for row in rows), values, int(scored.count))

    def _passed(self, levels: Mapping[str, str]) -> list[dict[str, str]]:
        """Return the histories' rows of an epoch that is no evaluated milestone itself; empty where there is none."""
        later = [
            milestone
            for milestone in self._milestones
            if all(milestone.levels[factor] == levels[factor] for factor in self._factors if factor != "epochs")
            and _epochs(milestone) >= int(levels["epochs"])
        ]
        if not later:
            return []
        # A milestone's history holds the epochs since the one before, so the next milestone has recorded this epoch.
        milestone = min(later, key=_epochs)
        return [
            row
            for (first, last, _), training in zip(milestone.blocks, milestone.trained(), strict=True)
            for row in _of_epoch(training, levels["epochs"], first, last)
        ]


def _epochs(milestone: Setting) -> int:
    return int(milestone.levels["epochs"])


def _of_epoch(training: Record, epoch: str, first: int, last: int) -> list[dict[str, str]]:
    rows = [row for row in read_csv(training.file("history.csv")) if row["epoch"] == epoch]
    if sorted(int(row["seed"]) for row in rows) != list(range(first, last + 1)):
        raise RecordError(
            f"{training.path.parent}: expected the seeds {first} to {last} in history.csv, epoch {epoch}. "
            "Delete the folder, it will be trained again."
        )
    return rows
