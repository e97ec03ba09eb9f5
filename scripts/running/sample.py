"""The single runs of a study, and a random sample of them that anyone can repeat."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from design.hyperparameters import point_of
from design.plan import previous_milestone
from design.point_names import changes
from running.cost import training_seconds
from tables.study import levels_in


@dataclass(frozen=True)
class Run:
    """One seed of a point after a number of epochs.

    Attributes:
        point: the point's canonical name.
        levels: factor -> canonical text of its value, epochs included.
        seed: its seed.
        block: first and last seed of the block it was trained in.
        folder: where the block's files lie.
    """

    point: str
    levels: dict[str, str]
    seed: int
    block: tuple[int, int]
    folder: Path

    @property
    def epochs(self) -> int:
        """Number of epochs trained."""
        return int(self.levels["epochs"])

    def name(self, baseline: dict) -> str:
        """Return its name, with the hyperparameters that differ from the baseline: `units=64, seed 7, 5 epochs`."""
        return f"{self.changes(baseline)}, seed {self.seed}, {self.epochs} epoch{'s' if self.epochs > 1 else ''}"

    def changes(self, baseline: dict) -> str:
        """Return the hyperparameters that differ from the baseline: `units=64`, or `baseline`."""
        return changes(self.levels, baseline, point_of(self.levels))


def evaluated_runs(plan: list[dict[str, str]], results: Path) -> list[Run]:
    """Return every evaluated run in the order of `plan.csv`, given its rows and the folder it lies in."""
    runs = []
    for row in plan:
        block = (int(row["first_seed"]), int(row["last_seed"]))
        folder = results / "runs" / row["point"] / f"seeds={block[0]}-{block[1]}" / f"epochs={row['epochs']}"
        levels = levels_in(row)
        seeds = range(block[0], block[1] + 1) if row["wanted_by"] else ()  # empty: it only leads to a longer training
        runs += [Run(row["point"], levels, seed, block, folder) for seed in seeds]
    return runs


def draw(runs: list, number: int, seed: int) -> list:
    """Draw a random sample of runs without replacement.

    Raises:
        ValueError: if there are fewer runs, or the seed is negative.
    """
    if not 1 <= number <= len(runs) or seed < 0:
        raise ValueError(
            f"expected 1 to {len(runs)} runs and a seed from 0. Received: {number} runs and the seed {seed}"
        )
    return [runs[index] for index in np.random.default_rng(seed).choice(len(runs), number, replace=False)]


def training_share(
    sample: list[Run], plan: list[dict[str, str]], checkpoint_every: int, images: tuple[int, int], networks: Path
) -> float:
    """Return the work of a sample, each run trained from fresh weights, as a share of the whole study's.

    Args:
        sample: the runs.
        plan: rows of `plan.csv`.
        checkpoint_every: epochs between two milestones.
        images: numbers of training and test images.
        networks: folder of the descriptions.
    """
    study = 0.0
    for row in plan:
        end = int(row["epochs"])
        epochs = end - previous_milestone(end, checkpoint_every)
        seeds = int(row["last_seed"]) - int(row["first_seed"]) + 1
        study += seeds * training_seconds(point_of(levels_in(row)), epochs, *images, networks)
    return sum(training_seconds(point_of(run.levels), run.epochs, *images, networks) for run in sample) / study
