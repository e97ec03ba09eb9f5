"""The plan as the summarising scripts see it: which runs belong to which sweep or grid, and where their files lie."""

import argparse
import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from design.canonical import FACTORS
from files.records import Record, sha256


@dataclass(frozen=True)
class Origin:
    """From what and by what all runs of a study are made: their records must say the same.

    Attributes:
        data_folder: folder of the data set's arrays.
        trained_by: versions and code digest of the training.
        evaluated_by: the same of the evaluation.
    """

    data_folder: Path
    trained_by: str
    evaluated_by: str

    @cached_property
    def arrays(self) -> Record:
        """The record of the arrays; raises RecordError as that does."""
        return Record(self.data_folder / "preprocess.json", dataset=self.data_folder.name)


@dataclass(frozen=True)
class Milestone:
    """A point after a number of epochs, with the seeds that were trained.

    Attributes:
        point: the point's canonical name.
        levels: factor -> canonical text of its value, epochs included.
        blocks: `(first seed, last seed, folder)` of each block.
        wanted_by: names of the sweeps and grids that hold it; "baseline" for the baseline itself.
        origin: from what and by what its runs are made; None asks their records for nothing of it.
    """

    point: str
    levels: dict[str, str]
    blocks: list[tuple[int, int, Path]]
    wanted_by: tuple[str, ...]
    origin: Origin | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells milestones apart: the point's name and the number of epochs."""
        return self.point, self.levels["epochs"]

    def trained(self) -> list[Record]:
        """Return the record of training of each block; RecordError if one is missing or another milestone's."""
        expected = {"point": self.point, "epochs": int(self.levels["epochs"])}
        if self.origin:
            expected |= {"engine": self.origin.trained_by, "preprocess": self.origin.arrays.digest}
        return [Record(folder / "train.json", seeds=[first, last], **expected) for first, last, folder in self.blocks]

    def evaluated(self) -> list[Record]:
        """Return the record of evaluation of each block; RecordError also if it was of another training."""
        expected = {"engine": self.origin.evaluated_by} if self.origin else {}
        return [
            Record(training.path.with_name("evaluate.json"), train=training.digest, **expected)
            for training in self.trained()
        ]


@dataclass(frozen=True)
class Planned:
    """A study's plan with its options.

    Attributes:
        milestones: all milestones of the plan, those that only lead to a later one included.
        baseline: factor -> canonical text of the baseline's value.
        summaries: name of sweep or grid -> its factors.
        alpha: level of tests; intervals cover 1 - alpha.
        results: the results folder.
        origin: from what and by what all runs are made.
    """

    milestones: list[Milestone]
    baseline: dict[str, str]
    summaries: dict[str, tuple[str, ...]]
    alpha: float
    results: Path
    origin: Origin

    @cached_property
    def identity(self) -> dict:
        """What the records of tables and figures must say: of which plan, questions, data and engines they are."""
        return {
            "plan": sha256(self.results / "plan.csv"),
            "baseline": self.baseline,
            "summaries": {name: list(factors) for name, factors in self.summaries.items()},
            "alpha": self.alpha,
            "preprocess": self.origin.arrays.digest,
            "trained_by": self.origin.trained_by,
            "evaluated_by": self.origin.evaluated_by,
        }

    def tables(self, rule: str) -> Record:
        """Return the record of the tables that a rule wrote; RecordError if they are of another study."""
        return Record(self.results / "tables" / f"{rule}.json", **self.identity)

    def baseline_milestone(self) -> Milestone:
        """Return the baseline's milestone."""
        return next(milestone for milestone in self.milestones if "baseline" in milestone.wanted_by)

    def chain(self) -> list[Milestone]:
        """Return all milestones of the baseline's point, by epochs."""
        point = self.baseline_milestone().point
        chain = [milestone for milestone in self.milestones if milestone.point == point]
        return sorted(chain, key=lambda milestone: int(milestone.levels["epochs"]))

    def levels(self, summary: str) -> list[Milestone]:
        """Return the milestones of a sweep or grid, numbers ascending, names in the order of the config."""
        chosen = [milestone for milestone in self.milestones if summary in milestone.wanted_by]
        for factor in reversed(self.summaries[summary]):
            chosen = _sorted_by(factor, chosen)
        return chosen

    def label(self, summary: str, milestone: Milestone) -> str:
        """Return a milestone's name within a sweep (its value) or grid (`factor=value` of each factor)."""
        factors = self.summaries[summary]
        if len(factors) == 1:
            return milestone.levels[factors[0]]
        return ",".join(f"{factor}={milestone.levels[factor]}" for factor in factors)

    def is_baseline(self, milestone: Milestone) -> bool:
        """Whether a milestone is the baseline's."""
        return milestone.levels == self.baseline


def _sorted_by(factor: str, milestones: list[Milestone]) -> list[Milestone]:
    try:
        return sorted(milestones, key=lambda milestone: float(milestone.levels[factor]))
    except ValueError:
        order = list(dict.fromkeys(milestone.levels[factor] for milestone in milestones))
        return sorted(milestones, key=lambda milestone: order.index(milestone.levels[factor]))


def read_milestones(plan: Path, origin: Origin | None = None) -> list[Milestone]:
    """Read `plan.csv`; blocks of one milestone are gathered in the order of their seeds. Origin: as in `Milestone`."""
    gathered: dict[tuple, tuple] = {}
    with plan.open(newline="") as file:
        for row in csv.DictReader(file):
            levels = {factor: row[factor] for factor in FACTORS}
            first, last = int(row["first_seed"]), int(row["last_seed"])
            folder = plan.parent / "runs" / row["point"] / f"seeds={first}-{last}" / f"epochs={row['epochs']}"
            blocks = gathered.setdefault((row["point"], row["epochs"]), (levels, row["wanted_by"], []))[2]
            blocks.append((first, last, folder))
    return [
        Milestone(point, levels, sorted(blocks), tuple(wanted_by.split()), origin)
        for (point, _), (levels, wanted_by, blocks) in gathered.items()
    ]


def add_study_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments every summarising script takes."""
    parser.add_argument("--plan", type=Path, required=True, help="results/plan.csv; other results lie beside it")
    parser.add_argument("--baseline", nargs="+", required=True, metavar="FACTOR=VALUE")
    parser.add_argument("--summaries", nargs="*", default=[], metavar="NAME=FACTOR,…", help="sweeps and grids")
    parser.add_argument("--alpha", type=float, required=True, help="intervals cover 1 - alpha")
    parser.add_argument("--data-folder", type=Path, required=True, help="folder of the data set's arrays")
    parser.add_argument("--trained-by", required=True, help="versions and code digest of the training")
    parser.add_argument("--evaluated-by", required=True, help="versions and code digest of the evaluation")


def planned(arguments: argparse.Namespace) -> Planned:
    """Return the plan that the arguments of `add_study_arguments` name."""
    summaries = (text.split("=", 1) for text in arguments.summaries)
    origin = Origin(arguments.data_folder, arguments.trained_by, arguments.evaluated_by)
    return Planned(
        read_milestones(arguments.plan, origin),
        dict(text.split("=", 1) for text in arguments.baseline),
        {name: tuple(factors.split(",")) for name, factors in summaries},
        arguments.alpha,
        arguments.plan.parent,
        origin,
    )
