"""The study's configuration: one strict model that documents, checks and completes what the YAML files say."""

import math
import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from design.explanations import MOST_CLASSES, ClassNames, Expected, Strict, fault, must_be, number, parse, shown
from design.hyperparameters import Baseline, PositiveFloat, PositiveInt, clash
from design.point_names import FACTORS
from design.sweeps import LONGEST_NAME, check_grids, check_sweeps

MOST_RUNS = 1_000_000  # milestones times seeds; more are a slip of the pen, and their plan fills the memory


class ConfigurationError(ValueError):
    """The configuration cannot be used; `problems` holds one line for each thing that is wrong."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


def _without_repetition(name: str) -> str:
    """Refuse a name in which a part stands so often in a row that Snakemake takes its path for a loop without end."""
    if re.search(r"(.+)\1{18}", name):
        raise ValueError("repeats itself")
    return name


def _encodable(text: str | None) -> str | None:
    """Refuse text that no UTF-8 file can hold, half a surrogate pair: the config is written down."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise fault("text that UTF-8 can hold") from None
    return text


Level = number(float, "a number from 0.000001 to below 0.5", ge=1e-6, lt=0.5)
Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_NAME),
    AfterValidator(_without_repetition),
    Expected(
        f"a name of at most {LONGEST_NAME} letters, digits, - and _ that does not repeat itself (it names a folder)"
    ),
]
FileName = Annotated[str | None, Expected("text or null"), AfterValidator(_encodable)]
OwnClassNames = Annotated[
    ClassNames | None,
    Expected(f"null or a list of 2 to {MOST_CLASSES} different names, in quotes if they look like numbers"),
]
Switch = Annotated[bool, Expected("true or false")]
Dpi = number(int, "an integer from 50 to 600", ge=50, le=600)


class Margins(Strict):
    """Differences too small to matter in practice (δ): the studies' verdicts are taken at these."""

    accuracy: PositiveFloat = Field(0.001, description="smallest difference in test accuracy that matters")
    loss: PositiveFloat = Field(0.005, description="smallest difference in test loss that matters")


class Figures(Strict):
    """How figures look; touches no number."""

    dpi: Dpi = Field(150, description="resolution of the PNG files, in dots per inch")
    show_seeds: Switch = Field(True, description="draw every seed as a dot beside mean and interval")


class Config(Strict):
    """What a study is: data set, baseline, what is varied, how often it is repeated."""

    dataset: Name = Field("mnist", description="an entry of datasets.yaml, or a name of your own with data_folder")
    data_folder: FileName = Field(None, description="folder with the data set's files, tried first")
    class_names: OwnClassNames = Field(None, description="names of the classes 0, 1, … in figures; null for the usual")
    baseline: Baseline = Field(Baseline(), description="the point every sweep departs from")
    replicates: PositiveInt = Field(10, description="seeds 0 … replicates-1 are trained at every point")
    seeds_per_job: PositiveInt = Field(10, description="seeds trained by one job")
    checkpoint_every: PositiveInt = Field(5, description="epochs between two milestones of the chain")
    keep_optimizer_state: Switch = Field(True, description="keep what a longer training later starts from")
    mixed_arithmetic: Switch = Field(False, description="let runs of machines whose arithmetic differs form one study")
    sweeps: dict[str, Any] | None = Field(None, description="factor: values, the other factors at the baseline")
    grids: dict[str, Any] | None = Field(None, description="name: {factor: values, …}, every combination of them")
    alpha: Level = Field(0.05, description="level of the tests; intervals cover 1 - alpha")
    margins: Margins = Field(Margins(), description="practical margins δ")
    published: FileName = Field(
        "config/published.yaml", description="file of published numbers and orderings to check; null for none"
    )
    figures: Figures = Field(Figures(), description="how figures look")

    ELSEWHERE: ClassVar = {factor: f"`baseline.{factor}` or `sweeps.{factor}`" for factor in FACTORS}


def validate(raw: dict, image_counts=None, read_publication=None) -> tuple[Config, list[str]]:
    """Check a merged configuration and complete it.

    Args:
        raw: the merged content of the YAML files, as Snakemake's `config` or `yaml_files.merge` gives it.
        image_counts: function `(dataset, data_folder) -> counts`, of which `train` is the number of training images,
            that raises ValueError with one line where the data set is unknown or its folder unusable; None checks no
            data set.
        read_publication: function `(published)` that raises ValueError with one line for each thing that is wrong with
            the file of that name; None reads no such file.

    Returns:
        The config, sweeps with their baseline value and without those set to null, and a list of notes: what was
        completed or is worth knowing.

    Raises:
        ConfigurationError: with one line for each problem, all at once.
    """
    problems: list[str] = []
    notes: list[str] = []
    if not isinstance(raw, dict):
        raise ConfigurationError([f"the configuration must be a mapping of keys to values. Received: {shown(raw)}"])
    config = parse(Config, {key: value for key, value in raw.items() if key not in ("sweeps", "grids")}, "", problems)
    baseline = parse(Baseline, raw.get("baseline", {}), "baseline", []) or _sound_values(raw.get("baseline"))
    sweeps, grids = (_mapping(raw, section, problems) for section in ("sweeps", "grids"))
    completed = {
        "sweeps": check_sweeps(sweeps, baseline, problems, notes),
        "grids": check_grids(grids, problems),
    }
    images = _call(image_counts, ("dataset", "data_folder"), raw, problems)
    _call(read_publication, ("published",), raw, problems)
    if baseline:
        _check_points(baseline, completed, images and images.train, problems)
    if config and baseline:
        _check_size(config, completed, problems)
    if problems:
        raise ConfigurationError(problems)
    return config.model_copy(update=completed), notes


def _mapping(raw: dict, section: str, problems: list[str]) -> dict:
    """Return a section that is a mapping or null; an empty one where it is something else."""
    content = raw.get(section)
    if content is None or isinstance(content, dict):
        return content or {}
    problems.append(must_be(section, "a mapping", content))
    return {}


def _call(function, keys: tuple[str, ...], raw: dict, problems: list[str]) -> Any:
    """Return what a function gives for the values of some keys; None where they are wrong or it refuses them."""
    values = parse(Config, {key: raw[key] for key in keys if key in raw}, "", [])
    if function is None or values is None:
        return None
    try:
        return function(*(getattr(values, key) for key in keys))
    except (ValueError, OSError) as error:
        problems.extend(str(error).splitlines())
    return None


def _sound_values(raw: Any) -> Baseline | None:
    """Return a baseline of the sound values alone, so that rules across fields are checked in the same go.

    What stands in for a value that is wrong breaks no such rule: the default, and one image a step.
    """
    if not isinstance(raw, dict):
        return None
    sound = {name: value for name, value in raw.items() if name in FACTORS and parse(Baseline, {name: value}, "", [])}
    return Baseline.model_validate({"batch_size": 1} | sound)


def _check_points(baseline: Baseline, completed: dict, training_images: int | None, problems: list[str]) -> None:
    """Cross-field rules, checked where a combination of values comes about: the baseline's faults are named once."""
    combinations = [("baseline", baseline.model_dump())]
    combinations += [
        (f"sweeps.{factor}", {factor: value}) for factor, values in completed["sweeps"].items() for value in values
    ]
    for name, factors in completed["grids"].items():
        combinations += [
            (f"grids.{name}", {"optimizer": optimizer, "momentum": momentum})
            for optimizer in factors.get("optimizer", [baseline.optimizer])
            for momentum in factors.get("momentum", [baseline.momentum])
        ]
        combinations += [(f"grids.{name}", {"batch_size": size}) for size in factors.get("batch_size", [])]
    for key, changes in combinations:
        point = baseline.model_copy(update=changes)
        varied = {name for name, value in changes.items() if key == "baseline" or value != getattr(baseline, name)}
        if varied & {"optimizer", "momentum"} and (reason := clash(point)):
            problems.append(f"`{key}`: {reason}")
        if "batch_size" in varied and training_images is not None and point.batch_size > training_images:
            problems.append(
                f"`{key}`: batch_size must be at most the training set's {training_images} images. "
                f"Received: {point.batch_size}"
            )
    problems[:] = dict.fromkeys(problems)


def _check_size(config: Config, completed: dict, problems: list[str]) -> None:
    """Refuse a study too large to be planned."""

    def links(epochs: list[int]) -> int:
        return sum(-(-value // config.checkpoint_every) for value in epochs)

    usual = [config.baseline.epochs]
    milestones = links([*usual, *completed["sweeps"].get("epochs", [])])
    milestones += sum(
        len(values) * links(usual) for factor, values in completed["sweeps"].items() if factor != "epochs"
    )
    for factors in completed["grids"].values():
        points = math.prod(len(values) for factor, values in factors.items() if factor != "epochs")
        milestones += points * links(factors.get("epochs", usual))
    runs = milestones * config.replicates
    if runs > MOST_RUNS:
        problems.append(
            f"the study must have at most {MOST_RUNS:,} runs (milestones of all points times `replicates`). "
            f"Received: {runs:,}"
        )
