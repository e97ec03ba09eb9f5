"""A study as the summarising scripts see it: which runs belong to which sweep or grid, and where their files lie."""

import argparse
import csv
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from design.hyperparameters import Factor, factors_of
from design.network_file import Keyword
from files.records import Record, RecordError, sha256

BASELINE = "baseline"  # what wants the baseline itself, beside the sweeps and grids


@dataclass(frozen=True)
class Origin:
    """From what and by what all runs of a study are made: their records must say the same.

    Attributes:
        data_folder: folder of the data set's arrays.
        network: SHA-256 of the network's file.
        trained_by: versions and code digest of the training.
        evaluated_by: the same of the evaluation.
    """

    data_folder: Path
    network: str
    trained_by: str
    evaluated_by: str

    @cached_property
    def arrays(self) -> Record:
        """The record of the arrays; raises RecordError as that does."""
        return Record(self.data_folder / "preprocess.json", dataset=self.data_folder.name)

    @property
    def classes(self) -> int:
        """Number of classes of the data set; raises RecordError as `arrays` does."""
        return self.arrays.label["classes"]


@dataclass(frozen=True)
class Setting:
    """A point after a number of epochs, with the seeds that were trained.

    Attributes:
        point: the point's canonical name.
        levels: factor -> canonical text of its value, epochs included.
        blocks: `(first seed, last seed, folder)` of each block.
        wanted_by: names of the sweeps and grids that hold it; `BASELINE` for the baseline itself.
        origin: from what and by what its runs are made; None asks their records for nothing of it.
    """

    point: str
    levels: dict[str, str]
    blocks: list[tuple[int, int, Path]]
    wanted_by: tuple[str, ...]
    origin: Origin | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells settings apart: the point's name and the number of epochs."""
        return self.point, self.levels["epochs"]

    def trained(self) -> list[Record]:
        """Return the record of training of each block; RecordError if one is missing or another setting's."""
        expected = {"point": self.point, "epochs": int(self.levels["epochs"])}
        if self.origin:
            expected |= {"engine": self.origin.trained_by, "network": self.origin.network}
            expected |= {"preprocess": self.origin.arrays.digest}
        return [Record(folder / "train.json", seeds=[first, last], **expected) for first, last, folder in self.blocks]

    def evaluated(self) -> list[Record]:
        """Return the record of evaluation of each block; RecordError also if it was of another training."""
        expected = {"engine": self.origin.evaluated_by} if self.origin else {}
        return [
            Record(training.path.with_name("evaluate.json"), train=training.digest, **expected)
            for training in self.trained()
        ]


@dataclass(frozen=True)
class Level:
    """A setting as it stands in a sweep or grid.

    Attributes:
        setting: the setting.
        label: its name there: its value in a sweep, `factor=value` of each factor in a grid, nothing for `BASELINE`.
        is_baseline: whether it is the baseline's.
    """

    setting: Setting
    label: str
    is_baseline: bool


@dataclass(frozen=True)
class Study:
    """A study's settings and what is asked of them.

    Attributes:
        settings: all settings of the plan, those on the way to more epochs included.
        network: `name`, `title` and `sha256` of the network's file.
        factors: all factors by name: the network's keywords, the hyperparameters of training, epochs.
        baseline: factor -> canonical text of the baseline's value.
        summaries: name of sweep or grid -> its factors.
        alpha: level of tests; intervals cover 1 - alpha.
        results: the results folder.
        origin: from what and by what all runs are made.
        mixed_arithmetic: whether their arithmetic may differ.
    """

    settings: list[Setting]
    network: dict[str, str]
    factors: dict[str, Factor]
    baseline: dict[str, str]
    summaries: dict[str, tuple[str, ...]]
    alpha: float
    results: Path
    origin: Origin
    mixed_arithmetic: bool = False

    @cached_property
    def identity(self) -> dict:
        """What the records of tables and figures must say: of which plan, questions, data and engines they are."""
        return {
            "plan": sha256(self.results / "plan.csv"),
            "network": self.network["sha256"],
            "baseline": self.baseline,
            "summaries": {name: list(factors) for name, factors in self.summaries.items()},
            "alpha": self.alpha,
            "preprocess": self.origin.arrays.digest,
            "classes": self.classes,
            "trained_by": self.origin.trained_by,
            "evaluated_by": self.origin.evaluated_by,
        }

    @property
    def classes(self) -> int:
        """Number of classes of the data set."""
        return self.origin.classes

    @property
    def seeds(self) -> int:
        """Number of seeds a point."""
        return sum(last - first + 1 for first, last, _ in self.baseline_setting().blocks)

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return self.origin.data_folder.name

    def tables(self, rule: str, **expected) -> Record:
        """Return the record of the tables that a rule wrote.

        Args:
            rule: the rule.
            expected: what the record must say besides, e.g. the margins of its verdicts.

        Raises:
            RecordError: if the tables are of another study, or `expected` is not what the record says.
        """
        return Record(self.results / "tables" / f"{rule}.json", **self.identity, **expected)

    def arithmetics(self) -> list[str]:
        """Return the arithmetics of the machines that trained the runs, as `files.arithmetic` names them.

        Raises:
            RecordError: if they are several and the config does not allow that.
        """
        tested = [setting for setting in self.settings if setting.wanted_by]
        found = sorted({training.label["arithmetic"] for setting in tested for training in setting.trained()})
        if len(found) > 1 and not self.mixed_arithmetic:
            raise RecordError(
                f"the runs were trained with different arithmetic: {'; '.join(found)}. To compare them all the same, "
                "set `mixed_arithmetic: true` in the config; else delete the runs of one of them and run again."
            )
        return found

    def same_initial_weights(self) -> dict[str, bool]:
        """Return for each sweep and grid whether all its points start, seed by seed, from the weights of the baseline.

        Raises:
            RecordError: if a record of a training is missing or of another study.
        """

        def digests(setting: Setting) -> dict[str, str]:
            records = [training.label["initial_weights"] for training in setting.trained()]
            return {seed: digest for record in records for seed, digest in record.items()}

        baseline = digests(self.baseline_setting())
        return {name: all(digests(level.setting) == baseline for level in self.levels(name)) for name in self.summaries}

    def is_approximate(self) -> bool:
        """Whether a training used an operation that processors of other vendors approximate in another way."""
        return any(training.label["approximate"] for setting in self.settings for training in setting.trained())

    def baseline_setting(self) -> Setting:
        """Return the baseline's setting."""
        return next(setting for setting in self.settings if BASELINE in setting.wanted_by)

    def chain(self) -> list[Setting]:
        """Return all settings of the baseline's point, by epochs."""
        point = self.baseline_setting().point
        chain = [setting for setting in self.settings if setting.point == point]
        return sorted(chain, key=lambda setting: int(setting.levels["epochs"]))

    def levels(self, summary: str) -> list[Level]:
        """Return the levels of a sweep, a grid or `BASELINE`, numbers ascending, names in the order of the config."""
        factors = self.summaries.get(summary, ())
        chosen = [setting for setting in self.settings if summary in setting.wanted_by]
        for factor in reversed(factors):
            if self.factors[factor].is_number:
                chosen = sorted(chosen, key=lambda setting: float(setting.levels[factor]))
            else:
                order = list(dict.fromkeys(setting.levels[factor] for setting in chosen))
                chosen = sorted(chosen, key=lambda setting: order.index(setting.levels[factor]))
        return [Level(setting, _label(setting, factors), setting.levels == self.baseline) for setting in chosen]


def _label(setting: Setting, factors: tuple[str, ...]) -> str:
    if len(factors) == 1:
        return setting.levels[factors[0]]
    return ",".join(f"{factor}={setting.levels[factor]}" for factor in factors)


def levels_in(row: dict[str, str]) -> dict[str, str]:
    """Return factor -> text of its value, from a row of `plan.csv`."""
    return {name: text for name, text in row.items() if name not in ("point", "first_seed", "last_seed", "wanted_by")}


def read_settings(plan: Path, origin: Origin | None = None) -> list[Setting]:
    """Read `plan.csv`; blocks of one setting are gathered in the order of their seeds. Origin: as in `Setting`."""
    gathered: dict[tuple, tuple] = {}
    with plan.open(newline="") as file:
        for row in csv.DictReader(file):
            levels = levels_in(row)
            first, last = int(row["first_seed"]), int(row["last_seed"])
            folder = plan.parent / "runs" / row["point"] / f"seeds={first}-{last}" / f"epochs={row['epochs']}"
            blocks = gathered.setdefault((row["point"], row["epochs"]), (levels, row["wanted_by"], []))[2]
            blocks.append((first, last, folder))
    return [
        Setting(point, levels, sorted(blocks), tuple(wanted_by.split()), origin)
        for (point, _), (levels, wanted_by, blocks) in gathered.items()
    ]


def add_study_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument every summarising script takes."""
    parser.add_argument("--study", type=Path, required=True, help="results/study.json; other results lie beside it")


def read_study(path: Path) -> Study:
    """Read `study.json`, and `plan.csv` beside it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    results = path.parent
    network = content["network"]
    origin = Origin(
        results / "data" / content["dataset"], network["sha256"], content["trained_by"], content["evaluated_by"]
    )
    return Study(
        settings=read_settings(results / "plan.csv", origin),
        network=network,
        factors=factors_of(Keyword(name, default) for name, default in network["keywords"].items()),
        baseline=content["baseline"],
        summaries={name: tuple(factors) for name, factors in content["summaries"].items()},
        alpha=content["alpha"],
        results=results,
        origin=origin,
        mixed_arithmetic=content["mixed_arithmetic"],
    )
