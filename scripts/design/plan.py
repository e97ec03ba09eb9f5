"""The plan of a study: every point, training length and block of seeds, and which sweep or grid wants it.

`results/plan.csv` hands the plan to the scripts that summarise: 20,000 file names are too long for a command line.
"""

import csv
import io
import itertools
from dataclasses import dataclass, field
from pathlib import Path

from design.canonical import HYPERPARAMETERS, canonical_value
from design.configuration import Config
from design.hyperparameters import Hyperparameters
from files.atomic import atomic_path

COLUMNS = ("point", *HYPERPARAMETERS, "epochs", "first_seed", "last_seed", "wanted_by")


def blocks_of_seeds(replicates: int, seeds_per_job: int) -> list[tuple[int, int]]:
    """Split the seeds 0 … replicates-1 into blocks `(first, last)` that start at multiples of `seeds_per_job`."""
    return [(first, min(first + seeds_per_job, replicates) - 1) for first in range(0, replicates, seeds_per_job)]


def previous_milestone(epochs: int, checkpoint_every: int) -> int:
    """Return the milestone from which the state at `epochs` epochs grows; 0 means fresh weights.

    It depends on the number alone, so that no edit of the list of milestones retrains an old one.
    """
    return checkpoint_every * ((epochs - 1) // checkpoint_every)


def chain(epochs: int, checkpoint_every: int) -> list[int]:
    """Return the milestones trained one after the other to reach `epochs` epochs, the last one included."""
    milestones = []
    while epochs > 0:
        milestones.append(epochs)
        epochs = previous_milestone(epochs, checkpoint_every)
    return milestones[::-1]


@dataclass
class Plan:
    """What a study trains and evaluates.

    Attributes:
        blocks: blocks of seeds `(first, last)`.
        points: hyperparameters by point name.
        wanted: point name -> epochs -> names of the sweeps and grids that want the metrics of this milestone; an
            empty list marks a milestone that only leads to a later one.
    """

    blocks: list[tuple[int, int]]
    points: dict[str, Hyperparameters] = field(default_factory=dict)
    wanted: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def evaluated(self) -> list[tuple[str, int, int, int]]:
        """Return `(point, epochs, first seed, last seed)` of everything that is evaluated."""
        return [
            (point, epochs, first, last)
            for point, milestones in self.wanted.items()
            for epochs, wanted_by in milestones.items()
            if wanted_by
            for first, last in self.blocks
        ]

    def compared(self, summary: str) -> list[tuple[str, int]]:
        """Return `(point, epochs)` of what a sweep or grid compares with the baseline: its family."""
        return [
            (point, epochs)
            for point, milestones in self.wanted.items()
            for epochs, wanted_by in milestones.items()
            if summary in wanted_by and "baseline" not in wanted_by
        ]


def make_plan(config: Config) -> Plan:
    """Derive the plan from a validated config. Points that several sweeps share appear once."""
    plan = Plan(blocks_of_seeds(config.replicates, config.seeds_per_job))
    baseline = config.baseline
    wishes = [("baseline", {})]
    wishes += [(factor, {factor: value}) for factor, values in config.sweeps.items() for value in values]
    for name, factors in config.grids.items():
        wishes += [(name, dict(zip(factors, values, strict=True))) for values in itertools.product(*factors.values())]
    for wanted_by, changes in wishes:
        levels = baseline.model_copy(update=changes)
        point = levels.point
        plan.points.setdefault(point.name, point)
        milestones = plan.wanted.setdefault(point.name, {})
        for epochs in chain(levels.epochs, config.checkpoint_every):
            milestones.setdefault(epochs, [])
        if wanted_by not in milestones[levels.epochs]:
            milestones[levels.epochs].append(wanted_by)
    plan.wanted = {point: dict(sorted(milestones.items())) for point, milestones in plan.wanted.items()}
    return plan


def plan_rows(plan: Plan) -> list[list]:
    """Return the rows of `plan.csv`, columns as in `COLUMNS`; the wishes are joined by blanks."""
    return [
        [
            name,
            *(canonical_value(getattr(point, key)) for key in HYPERPARAMETERS),
            epochs,
            first,
            last,
            " ".join(wishes),
        ]
        for name, point in plan.points.items()
        for epochs, wishes in plan.wanted[name].items()
        for first, last in plan.blocks
    ]


def write_plan(plan: Plan, path: Path) -> bool:
    """Write `plan.csv`, and only when its content changes, so that an unchanged plan makes nothing stale.

    Returns:
        Whether the file was written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *plan_rows(plan)])
    return write_if_changed(path, text.getvalue())


def write_if_changed(path: Path, text: str) -> bool:
    """Write text to a file unless it already holds it; returns whether it was written."""
    path = Path(path)
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return True
