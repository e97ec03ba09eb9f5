"""The study's configuration: one strict model that documents, checks and completes what the YAML files say."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from design.explanations import (
    MOST_CLASSES,
    ClassNames,
    Expected,
    Strict,
    fault,
    must_be,
    null_as_none,
    number,
    parse,
    shown,
    unknown,
    without_repetition,
    word,
)
from design.hyperparameters import Factor, PositiveFloat, PositiveInt, clash, factors_of, point_of
from design.network_file import Network, network_reader
from design.places import Places
from design.point_names import Value, canonical_name, canonical_value
from design.sweeps import LONGEST_NAME, check_grids, check_names, check_sweeps

MOST_RUNS = 1_000_000  # milestones times seeds; more are a slip of the pen, and their plan fills the memory
MOST_PROBLEMS = 20  # lines about combinations of values
LONGEST_FOLDER_NAME = 255  # bytes, on Linux
SHIPPED = "config/networks/"
PROJECT = Path(__file__).resolve().parents[2]


class ConfigurationError(ValueError):
    """The configuration cannot be used; `problems` holds one line for each thing that is wrong."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


def _encodable(text: str | None) -> str | None:
    """Refuse text that no UTF-8 file can hold, half a surrogate pair, and that no path can, a zero byte."""
    try:
        if b"\0" in (text or "").encode():
            raise fault("text without a zero byte")
    except UnicodeEncodeError:
        raise fault("text that UTF-8 can hold") from None
    return text


Level = number(float, "a number from 0.000001 to below 0.5", ge=1e-6, lt=0.5)
Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_NAME),
    AfterValidator(without_repetition),
    Expected(
        f"a name of at most {LONGEST_NAME} letters, digits, - and _ that does not repeat itself (it names a folder)"
    ),
]
FileName = Annotated[str | None, BeforeValidator(null_as_none), Expected("text or null"), AfterValidator(_encodable)]
OwnClassNames = Annotated[
    ClassNames | None,
    BeforeValidator(null_as_none),
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
    network: Annotated[str, Expected("a path"), AfterValidator(_encodable)] = Field(
        "config/networks/dense.py", description="file of the network, a function `build`"
    )
    baseline: dict[str, Any] = Field({}, description="the point every sweep departs from, and its number of epochs")
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

    _network: Network = PrivateAttr()

    @property
    def network_name(self) -> str:
        """The name of the network's file without its ending: a publication says by it of which network it is."""
        return Path(self.network).stem

    @property
    def network_file(self) -> Network:
        """What the file says that `network` names."""
        return self._network

    def with_network(self, network: Network) -> "Config":
        """Return this config with what its network's file says."""
        self._network = network
        return self

    @property
    def factors(self) -> dict[str, Factor]:
        """All factors by name, in the order of points and tables, epochs last."""
        return factors_of(self._network.keywords)


def validate(raw: dict, image_counts=None, read_publication=None, read_network=None) -> tuple[Config, list[str]]:
    """Check a merged configuration and complete it.

    Args:
        raw: the merged content of the YAML files, as Snakemake's `config` or `yaml_files.merge` gives it.
        image_counts: function `(dataset, data_folder) -> counts`, of which `train` is the number of training images,
            that raises ValueError with one line where the data set is unknown or its folder unusable; None checks no
            data set.
        read_publication: function `(published, name of the network's file, Network)` that raises ValueError with one
            line for each thing that is wrong with the publication's file; None reads no such file.
        read_network: function `(network) -> Network` that raises ValueError with one line for each thing that is wrong
            with the network's file; None reads it as `network_reader` does.

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
    network = _call(read_network or network_reader(Places(Path.cwd(), PROJECT)), ("network",), raw, problems)
    factors = factors_of(network.keywords if network else ())
    elsewhere = {factor: f"`baseline.{factor}` or `sweeps.{factor}`" for factor in factors}
    plain = {key: value for key, value in raw.items() if key not in ("baseline", "sweeps", "grids")}
    config = parse(Config, plain, "", problems, elsewhere)
    images = _call(image_counts, ("dataset", "data_folder"), raw, problems)
    if network is None:
        raise ConfigurationError(problems)
    if not str(raw.get("network", SHIPPED)).startswith(SHIPPED):
        notes.append(f"`network`: the Python file {raw['network']} will be run, to describe, train and evaluate")
    problems += check_names(factors)
    baseline, sweeps, grids = (_mapping(raw, section, problems) for section in ("baseline", "sweeps", "grids"))
    sound = _baseline(baseline, factors, problems)
    completed = {
        "baseline": sound,
        "sweeps": check_sweeps(sweeps, factors, sound, problems, notes),
        "grids": check_grids(grids, factors, problems),
    }
    _call(read_publication, ("published", "network"), raw, problems, network)
    _check_points(completed, factors, images and images.train, problems)
    if config and len(sound) == len(factors):
        _check_size(config, completed, problems)
    if problems:
        raise ConfigurationError(problems)
    return config.model_copy(update=completed).with_network(network), notes


def _mapping(raw: dict, section: str, problems: list[str]) -> dict:
    """Return a section that is a mapping or null; an empty one where it is something else."""
    content = null_as_none(raw.get(section))
    if content is None or isinstance(content, dict):
        return content or {}
    problems.append(must_be(section, "a mapping", content))
    return {}


def _call(function, keys: tuple[str, ...], raw: dict, problems: list[str], *arguments) -> Any:
    """Return what a function gives for the values of some keys; None where they are wrong or it refuses them."""
    values = parse(Config, {key: raw[key] for key in keys if key in raw}, "", [])
    if function is None or values is None:
        return None
    try:
        return function(*(getattr(values, key) for key in keys), *arguments)
    except (ValueError, OSError) as error:
        problems.extend(str(error).splitlines())
    return None


def _baseline(raw: dict, factors: dict[str, Factor], problems: list[str]) -> dict[str, Value]:
    """Return the baseline's sound values, in the order of the factors; what the config leaves out has its default."""
    problems += [unknown(f"baseline.{word(n)}", word(n), list(factors)) for n in raw if n not in factors]
    values = {
        name: factor.parse(raw[name], f"baseline.{name}", problems) if name in raw else factor.default
        for name, factor in factors.items()
    }
    return {name: value for name, value in values.items() if value is not None}


def _combinations(completed: dict) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the key and the changes from the baseline of the settings by which all that are asked for can be judged."""
    yield "baseline", completed["baseline"]
    for factor, values in completed["sweeps"].items():
        yield from ((f"sweeps.{factor}", {factor: value}) for value in values)
    for name, lists in completed["grids"].items():
        judged = {factor: values for factor, values in lists.items() if factor in ("optimizer", "momentum")}
        for values in itertools.product(*judged.values()):
            yield f"grids.{name}", dict(zip(judged, values, strict=True))
        yield from ((f"grids.{name}", {"batch_size": size}) for size in lists.get("batch_size", []))
        yield f"grids.{name}", {f: max(values, key=lambda v: len(canonical_value(v))) for f, values in lists.items()}


def _check_points(
    completed: dict, factors: dict[str, Factor], training_images: int | None, problems: list[str]
) -> None:
    """Cross-field rules, checked where a combination of values comes about: the baseline's faults are named once.

    What stands in for a value of the baseline that is wrong breaks no such rule: the default, and one image a step.
    """
    baseline = {name: factor.default for name, factor in factors.items()} | {"batch_size": 1} | completed["baseline"]
    found: dict[str, None] = {}
    for key, changes in _combinations(completed):
        point = baseline | changes
        varied = {name for name, value in changes.items() if key == "baseline" or value != baseline[name]}
        if varied & {"optimizer", "momentum"} and (reason := clash(point)):
            found[f"`{key}`: {reason}"] = None
        if "batch_size" in varied and training_images is not None and point["batch_size"] > training_images:
            found[
                f"`{key}`: batch_size must be at most the training set's {training_images} images. "
                f"Received: {point['batch_size']}"
            ] = None
        if varied and len(name := canonical_name(point_of(point))) > LONGEST_FOLDER_NAME:
            found[
                f"`{key}`: a point's name must be at most {LONGEST_FOLDER_NAME} characters, since it names a folder. "
                f"Received: {len(name)} characters, {shown(name)}"
            ] = None
    problems += list(found)[:MOST_PROBLEMS]


def _check_size(config: Config, completed: dict, problems: list[str]) -> None:
    """Refuse a study too large to be planned."""

    def links(epochs: list[int]) -> int:
        return sum(-(-value // config.checkpoint_every) for value in epochs)

    usual = [completed["baseline"]["epochs"]]
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
