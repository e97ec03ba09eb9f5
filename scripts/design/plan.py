"""The plan of a study: every point, training length and block of seeds, and which sweep or grid wants it.

`results/plan.csv` and `results/study.json` hand the plan to the scripts that summarise: 20,000 file names are too long
for a command line.
"""

import csv
import io
import itertools
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from design.configuration import Config
from design.hyperparameters import point_of
from design.point_names import Value, canonical_name, canonical_value


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


class Link(NamedTuple):
    """What one job trains or evaluates: a point, a block of seeds, up to a milestone.

    Attributes:
        point: the point's canonical name.
        first: the block's first seed.
        last: its last one.
        epochs: the milestone.
    """

    point: str
    first: int
    last: int
    epochs: int

    @property
    def seeds(self) -> int:
        """Number of runs."""
        return self.last - self.first + 1

    @property
    def folder(self) -> str:
        """Where its files lie, below the study's folder."""
        return f"results/runs/{self.point}/seeds={self.first}-{self.last}/epochs={self.epochs}"


@dataclass
class Plan:
    """What a study trains and evaluates.

    Attributes:
        blocks: blocks of seeds `(first, last)`.
        checkpoint_every: epochs between two milestones of a chain.
        points: point name -> value of each hyperparameter, in the order of the name.
        wanted: point name -> epochs -> names of the sweeps and grids that want the metrics of this milestone; an
            empty list marks a milestone that only leads to a later one.
    """

    blocks: list[tuple[int, int]]
    checkpoint_every: int
    points: dict[str, dict[str, Value]] = field(default_factory=dict)
    wanted: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def trained(self) -> list[Link]:
        """Return every link that is trained, those that only lead to a later milestone included."""
        return [
            Link(point, first, last, epochs)
            for point, milestones in self.wanted.items()
            for epochs in milestones
            for first, last in self.blocks
        ]

    def evaluated(self) -> list[Link]:
        """Return every link whose state is evaluated."""
        return [link for link in self.trained() if self.wanted[link.point][link.epochs]]

    def baseline(self) -> list[Link]:
        """Return the baseline's own links, without those that lead to it or go on from it."""
        return [link for link in self.trained() if "baseline" in self.wanted[link.point][link.epochs]]

    def baseline_chain(self) -> list[Link]:
        """Return all links of the baseline's point: the learning curves' epochs."""
        point = self.baseline()[0].point
        return [link for link in self.trained() if link.point == point]

    def start(self, epochs: int) -> int:
        """Return the milestone from which a link to `epochs` epochs starts; 0 means fresh weights."""
        return previous_milestone(epochs, self.checkpoint_every)

    def previous(self, link: Link) -> list[Link]:
        """Return the link from whose state another one starts; none for fresh weights."""
        start = self.start(link.epochs)
        return [link._replace(epochs=start)] if start else []

    def epochs(self, link: Link) -> int:
        """Return the epochs a link trains each seed."""
        return link.epochs - self.start(link.epochs)

    def epochs_left(self, link: Link) -> int:
        """Return the epochs from a link's start to the end of the longest chain that needs it: its job's priority."""
        chains = [chain(milestone, self.checkpoint_every) for milestone in self.wanted[link.point]]
        last = max((links[-1] for links in chains if link.epochs in links), default=link.epochs)
        return last - self.start(link.epochs)

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
    plan = Plan(blocks_of_seeds(config.replicates, config.seeds_per_job), config.checkpoint_every)
    wishes = [("baseline", {})]
    wishes += [(factor, {factor: value}) for factor, values in config.sweeps.items() for value in values]
    for name, factors in config.grids.items():
        wishes += [(name, dict(zip(factors, values, strict=True))) for values in itertools.product(*factors.values())]
    for wanted_by, changes in wishes:
        levels = config.baseline | changes
        point = point_of(levels)
        name = canonical_name(point)
        plan.points.setdefault(name, point)
        milestones = plan.wanted.setdefault(name, {})
        for epochs in chain(levels["epochs"], config.checkpoint_every):
            milestones.setdefault(epochs, [])
        if wanted_by not in milestones[levels["epochs"]]:
            milestones[levels["epochs"]].append(wanted_by)
    plan.wanted = {point: dict(sorted(milestones.items())) for point, milestones in plan.wanted.items()}
    return plan


def plan_text(plan: Plan) -> str:
    """Return the content of `plan.csv`: a row a milestone and block of seeds; the wishes are joined by blanks."""
    hyperparameters = next(iter(plan.points.values()))
    rows = [["point", *hyperparameters, "epochs", "first_seed", "last_seed", "wanted_by"]]
    rows += [
        [name, *map(canonical_value, point.values()), epochs, first, last, " ".join(wishes)]
        for name, point in plan.points.items()
        for epochs, wishes in plan.wanted[name].items()
        for first, last in plan.blocks
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def study_text(config: Config, trained_by: str, evaluated_by: str) -> str:
    """Return the content of `study.json`: what the summarising scripts need to know besides the plan.

    Args:
        config: the completed config.
        trained_by: versions and code digest of the training; the records of all runs must say the same.
        evaluated_by: the same of the evaluation.
    """
    grids = {name: list(factors) for name, factors in config.grids.items()}
    network = config.network_file
    content = {
        "dataset": config.dataset,
        "network": {
            "name": config.network_name,
            "title": network.title or config.network_name,
            "sha256": network.sha256,
            "keywords": {keyword.name: keyword.default for keyword in network.keywords},
        },
        "baseline": {name: canonical_value(value) for name, value in config.baseline.items()},
        "summaries": {name: [name] for name in config.sweeps} | grids,
        "alpha": config.alpha,
        "mixed_arithmetic": config.mixed_arithmetic,
        "trained_by": trained_by,
        "evaluated_by": evaluated_by,
    }
    return json.dumps(content, indent=2) + "\n"
