"""The study's configuration: one strict model that documents, checks and completes what the YAML files say."""

import difflib
import json
import math
import re
import sys
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from design.canonical import FACTORS, HYPERPARAMETERS, canonical_name, canonical_value
from design.refusals import shown, word

Optimizer = Literal["rmsprop", "rmsprop_keras2", "sgd", "adam"]
OPTIMIZERS = get_args(Optimizer)
LONGEST_NAME = 40  # characters of a data set's or grid's name, which names files and folders
LONGEST_NUMBER = 20  # characters; Snakemake takes one character 20 times over in a path for a loop without end
MOST_RUNS = 1_000_000  # milestones times seeds; more are a slip of the pen, and their plan fills the memory


class ConfigurationError(ValueError):
    """The configuration cannot be used; `problems` holds one line for each thing that is wrong."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


def _number(value: Any) -> Any:
    """Accept the text of a number: YAML 1.1 reads `1e-4`, which has no point, as text."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, str):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _limited(kind: type, expected: str, **limits):
    """Return the annotation of a number within limits; `expected` completes "must be …" in its error."""
    return Annotated[
        kind, Field(strict=kind is int, json_schema_extra={"expected": expected}, **limits), BeforeValidator(_number)
    ]


def _of_folder_length(value: float) -> float:
    """Refuse a number that is long when written out, as canonical names write it: those are names of folders."""
    if len(canonical_value(value)) > LONGEST_NUMBER:
        raise PydanticCustomError("long_number", "too long")
    return value


def _unlike_a_loop(name: str) -> str:
    """Refuse a name in which a part stands so often in a row that Snakemake takes its path for a loop without end."""
    if re.search(r"(.+)\1{18}", name):
        raise PydanticCustomError("repetitive", "repeats itself")
    return name


def _writable(text: str) -> str:
    """Refuse text that no UTF-8 file can hold, half a surrogate pair: the config is written down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("not_utf8", "not UTF-8") from None
    return text


PositiveInt = _limited(int, "a positive integer", gt=0, lt=2**31)
PositiveFloat = _limited(float, "a positive finite number", gt=0, allow_inf_nan=False)
Fraction = _limited(float, "a number from 0 to below 1", ge=0, lt=1)
LearningRate = Annotated[PositiveFloat, AfterValidator(_of_folder_length)]
Momentum = Annotated[Fraction, AfterValidator(_of_folder_length)]
Level = _limited(float, "a number from 0.000001 to below 0.5", ge=1e-6, lt=0.5)
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        max_length=LONGEST_NAME,
        json_schema_extra={
            "expected": f"a name of at most {LONGEST_NAME} letters, digits, - and _ that does not repeat itself "
            "(it names a folder)"
        },
    ),
    AfterValidator(_unlike_a_loop),
]
FileName = Annotated[str, AfterValidator(_writable)]
Dpi = _limited(int, "an integer from 50 to 600", ge=50, le=600)


class Strict(BaseModel):
    """Refuses unknown keys and keeps what it was given unchanged."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hyperparameters(Strict):
    """A point: one value of each hyperparameter, in the order of `canonical.HYPERPARAMETERS`."""

    units: PositiveInt = Field(512, description="width of the hidden layer (the intermediate dimension)")
    learning_rate: LearningRate = Field(0.001, description="step size of the optimizer")
    momentum: Momentum = Field(0, description="share of the previous step that is added to the next one")
    batch_size: PositiveInt = Field(128, description="images per gradient step; at most the training set")
    optimizer: Optimizer = Field(
        "rmsprop",
        description="rmsprop (Keras 3), rmsprop_keras2 (the update rule of Keras 2), sgd or adam",
        json_schema_extra={"expected": f"one of {', '.join(OPTIMIZERS)}"},
    )

    @property
    def name(self) -> str:
        """The point's canonical name, also its folder's name."""
        return canonical_name(self.model_dump())


class Baseline(Hyperparameters):
    """The point and training length every sweep departs from."""

    epochs: PositiveInt = Field(5, description="training length of every sweep but that of epochs")

    @property
    def point(self) -> Hyperparameters:
        """The baseline without its training length."""
        return Hyperparameters(**self.model_dump(exclude={"epochs"}))


class Margins(Strict):
    """Differences too small to matter in practice (δ): the studies' verdicts are taken at these."""

    accuracy: PositiveFloat = Field(0.001, description="smallest difference in test accuracy that matters")
    loss: PositiveFloat = Field(0.005, description="smallest difference in test loss that matters")


class Figures(Strict):
    """How figures look; touches no number."""

    dpi: Dpi = Field(150, description="resolution of the PNG files, in dots per inch")
    show_seeds: bool = Field(True, description="draw every seed as a dot beside mean and interval")


class Study(Strict):
    """A study: data set, baseline, what is varied, how often it is repeated."""

    dataset: Name = Field("mnist", description="an entry of datasets.yaml, or a name of your own with data_folder")
    data_folder: FileName | None = Field(None, description="folder with the four IDX files (raw or .gz), tried first")
    baseline: Baseline = Field(Baseline(), description="the point every sweep departs from")
    replicates: PositiveInt = Field(10, description="seeds 0 … replicates-1 are trained at every point")
    seeds_per_job: PositiveInt = Field(10, description="seeds trained by one job")
    checkpoint_every: PositiveInt = Field(5, description="epochs between two milestones of the chain")
    keep_optimizer_state: bool = Field(True, description="keep what a longer training later starts from")
    sweeps: dict[str, Any] | None = Field(None, description="factor: values, the other factors at the baseline")
    grids: dict[str, Any] | None = Field(None, description="name: {factor: values, …}, every combination of them")
    alpha: Level = Field(0.05, description="level of the tests; intervals cover 1 - alpha")
    margins: Margins = Field(Margins(), description="practical margins δ")
    published: FileName | None = Field(
        "config/published.yaml", description="file of published numbers and orderings to check; null for none"
    )
    figures: Figures = Field(Figures(), description="how figures look")

    # Names of tables, figures and wishes that no grid may take.
    RESERVED: ClassVar = (
        *("baseline", "runs", "comparisons", "differences", "two_way", "selection", "learning", "trends", "counts"),
        *("published", "orderings", "effective_rate", "keras2_rule", "forest"),
        *("learning_curves", "confusion_matrix", "most_missed", "train_and_test"),
        *FACTORS,
    )


def validate(raw: dict, images_in_training_set=None, read_publication=None) -> tuple[Study, list[str]]:
    """Check a merged configuration and complete it.

    Args:
        raw: the merged content of the YAML files, as Snakemake's `config` or `yaml_files.merge` gives it.
        images_in_training_set: function `(dataset, data_folder) -> int` that raises ValueError with one line where the
            data set is unknown or its folder unusable; None checks no data set.
        read_publication: function `(published)` that raises ValueError with one line for each thing that is wrong with
            the file of that name; None reads no such file.

    Returns:
        The study, sweeps with their baseline value and without those set to null, and a list of notes: what was
        completed or is worth knowing.

    Raises:
        ConfigurationError: with one line for each problem, all at once.
    """
    problems: list[str] = []
    notes: list[str] = []
    if not isinstance(raw, dict):
        raise ConfigurationError([f"the configuration must be a mapping of keys to values. Received: {shown(raw)}"])
    study = _parse(Study, {key: value for key, value in raw.items() if key not in ("sweeps", "grids")}, "", problems)
    baseline = _parse(Baseline, raw.get("baseline", {}), "baseline", []) or _salvaged(raw.get("baseline"))
    completed = {}
    for section, parse in (("sweeps", _sweeps), ("grids", _grids)):
        content = raw.get(section)
        if content is not None and not isinstance(content, dict):
            problems.append(f"`{section}` must be a mapping. Received: {shown(content)}")
            content = None
        completed[section] = parse(content or {}, baseline, problems, notes)
    training_images = _asked(images_in_training_set, ("dataset", "data_folder"), raw, problems)
    _asked(read_publication, ("published",), raw, problems)
    if baseline:
        _check_points(baseline, completed, training_images, problems)
    if study and baseline:
        _check_size(study, completed, problems)
    if problems:
        raise ConfigurationError(problems)
    return study.model_copy(update=completed), notes


def _parse(model: type[BaseModel], raw: Any, prefix: str, problems: list[str]):
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems.extend(_explain(item, model, prefix) for item in error.errors())
    return None


def _asked(ask, keys: tuple[str, ...], raw: dict, problems: list[str]) -> Any:
    """Return what `ask` answers to the values of some keys; None where they are wrong themselves or it refuses them."""
    values = _parse(Study, {key: raw[key] for key in keys if key in raw}, "", [])
    if ask is None or values is None:
        return None
    try:
        return ask(*(getattr(values, key) for key in keys))
    except (ValueError, OSError) as error:
        problems.extend(str(error).splitlines())
    return None


def _salvaged(raw: Any) -> Baseline | None:
    """Return a baseline of the sound values alone, so that rules across fields are told in the same go as the others.

    What stands in for a value that is wrong breaks no such rule: the default, and one image a step.
    """
    if not isinstance(raw, dict):
        return None
    sound = {name: value for name, value in raw.items() if name in FACTORS and _parse(Baseline, {name: value}, "", [])}
    return Baseline.model_validate({"batch_size": 1} | sound)


def _explain(item: dict, model: type[BaseModel], prefix: str) -> str:
    """Turn one of pydantic's errors into one line: the key, what was expected, what came."""
    path = [word(part) for part in item["loc"]]
    key = ".".join([prefix, *path] if prefix else path)
    for part in path[:-1]:
        model = model.model_fields[part].annotation
    if item["type"] in ("extra_forbidden", "invalid_key"):
        return _unknown(key, path[-1], list(model.model_fields))
    field = model.model_fields[path[-1]] if path else None
    received = f"Received: {shown(item['input'])}"
    if item["type"] == "not_utf8":
        return f"`{key}` must be text that UTF-8 can hold. {received}"
    if item["type"] == "long_number":
        return f"`{key}` must be a number of at most {LONGEST_NUMBER} characters when written out. {received}"
    return f"`{key}` must be {_expected(field)}. {received}"


def _expected(field) -> str:
    if field is None:
        return "a mapping"
    extras = [field.json_schema_extra, *(getattr(item, "json_schema_extra", None) for item in field.metadata)]
    told = [extra["expected"] for extra in extras if extra]
    simple = {str: "text", FileName | None: "text or null", bool: "true or false"}
    return told[0] if told else simple.get(field.annotation, "a mapping")


def _unknown(key: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, [*known, *FACTORS], n=1, cutoff=0.5)
    if not near:
        hint = f"Known: {', '.join(known)}."
    elif near[0] in known:
        hint = f"Did you mean `{near[0]}`?"
    else:
        hint = f"Did you mean `baseline.{near[0]}` or `sweeps.{near[0]}`?"
    return f"`{key}` is not a known key. {hint}"


def _values(factor: str, values: Any, key: str, problems: list[str]) -> list | None:
    """Return the checked values of one factor, or None with the problems told."""
    if not isinstance(values, list):
        problems.append(
            f"`{key}` must be a list of values, e.g. [{getattr(Baseline(), factor)}]. Received: {shown(values)}"
        )
        return None
    if not values:
        hint = " (null removes the sweep)" if key.startswith("sweeps.") else ""
        problems.append(f"`{key}` must hold at least one value. Received: []{hint}")
        return None
    parsed = []
    for value in values:
        found: list[str] = []
        checked = _parse(Baseline, {factor: value}, "", found)
        problems.extend(line.replace(f"`{factor}`", f"`{key}`", 1) for line in found)
        if checked:
            parsed.append(getattr(checked, factor))
    if len(parsed) < len(values):
        return None
    seen: dict[str, Any] = {}
    for given, value in zip(values, parsed, strict=True):
        name = canonical_value(value)
        if name in seen:
            problems.append(
                f"`{key}` must hold each value once. Received: {shown(given)} and {shown(seen[name])}, both {name}"
            )
            return None
        seen[name] = given
    return parsed


def _sweeps(raw: dict, baseline: Baseline | None, problems: list[str], notes: list[str]) -> dict[str, list]:
    sweeps = {}
    for factor, values in raw.items():
        key = f"sweeps.{word(factor)}"
        if factor not in FACTORS:
            problems.append(_unknown(key, word(factor), list(FACTORS)))
            continue
        if values is None:
            continue
        parsed = _values(factor, values, key, problems)
        if parsed is None:
            continue
        if baseline and getattr(baseline, factor) not in parsed:
            value = getattr(baseline, factor)
            parsed = [value, *parsed] if isinstance(value, str) else sorted([value, *parsed])
            notes.append(f"`{key}` lacks the baseline's value; {canonical_value(value)} was added to it")
        sweeps[factor] = parsed
    return {factor: sweeps[factor] for factor in ("epochs", *HYPERPARAMETERS) if factor in sweeps}


def _grids(raw: dict, baseline: Baseline | None, problems: list[str], notes: list[str]) -> dict[str, dict[str, list]]:
    grids = {}
    for name, factors in raw.items():
        key = f"grids.{word(name)}"
        if factors is None:
            continue
        if (
            not isinstance(name, str)
            or not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name)
            or name in Study.RESERVED
        ):
            problems.append(
                f"`{key}`: a grid's name must be 1 to {LONGEST_NAME} lower-case letters, digits and underscores, and "
                f"not that of a factor or of another table or figure. Received: {shown(name)}"
            )
            continue
        if not isinstance(factors, dict) or len(factors) < 2:
            problems.append(f"`{key}` must map two or more factors to lists of values. Received: {shown(factors)}")
            continue
        parsed = {}
        for factor, values in factors.items():
            if factor not in FACTORS:
                problems.append(_unknown(f"{key}.{word(factor)}", word(factor), list(FACTORS)))
            else:
                parsed[factor] = _values(factor, values, f"{key}.{factor}", problems)
        if len(parsed) == len(factors) and all(parsed.values()):
            grids[name] = parsed
    for name in grids:
        first = name.removesuffix("_loss")
        if first != name and first in (*raw, *FACTORS):  # the report shows each table of loss under such a name
            problems.append(f"`grids.{name}`: is the name of the table of losses of `{first}`. Take another")
    return grids


def _check_points(baseline: Baseline, completed: dict, training_images: int | None, problems: list[str]) -> None:
    """Cross-field rules, checked where a combination of values comes about: the baseline's faults are told once."""
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
        own = {name for name, value in changes.items() if key == "baseline" or value != getattr(baseline, name)}
        if own & {"optimizer", "momentum"} and point.optimizer == "adam" and point.momentum != 0:
            problems.append(
                f"`{key}`: optimizer adam takes no momentum (it has its own), momentum must be 0. "
                f"Received: momentum={canonical_value(point.momentum)}"
            )
        if "batch_size" in own and training_images is not None and point.batch_size > training_images:
            problems.append(
                f"`{key}`: batch_size must be at most the training set's {training_images} images. "
                f"Received: {point.batch_size}"
            )
    problems[:] = dict.fromkeys(problems)


def _check_size(study: Study, completed: dict, problems: list[str]) -> None:
    """Refuse a study too large to be planned."""

    def links(epochs: list[int]) -> int:
        return sum(-(-value // study.checkpoint_every) for value in epochs)

    own = [study.baseline.epochs]
    milestones = links([*own, *completed["sweeps"].get("epochs", [])])
    milestones += sum(len(values) * links(own) for factor, values in completed["sweeps"].items() if factor != "epochs")
    for factors in completed["grids"].values():
        points = math.prod(len(values) for factor, values in factors.items() if factor != "epochs")
        milestones += points * links(factors.get("epochs", own))
    runs = milestones * study.replicates
    if runs > MOST_RUNS:
        problems.append(
            f"the study must have at most {MOST_RUNS:,} runs (milestones of all points times `replicates`). "
            f"Received: {runs:,}"
        )


def schema() -> dict:
    """Return the JSON schema of the configuration, for editors; sweeps and grids spelled out by factor."""
    document = Study.model_json_schema()
    values = Baseline.model_json_schema()["properties"]
    number = {"type": ["number", "string"]}  # text for 1e-4, which YAML 1.1 does not read as a number
    lists = {
        factor: {
            "type": ["array", "null"],
            "minItems": 1,
            "items": {"enum": list(OPTIMIZERS)} if factor == "optimizer" else number,
            "description": values[factor]["description"],
        }
        for factor in FACTORS
    }
    factors = {"type": ["object", "null"], "properties": lists, "additionalProperties": False}
    described = {name: document["properties"][name]["description"] for name in ("sweeps", "grids")}
    document["properties"]["sweeps"] = {"description": described["sweeps"], **factors}
    document["properties"]["grids"] = {
        "description": described["grids"],
        "type": ["object", "null"],
        "additionalProperties": factors,
    }
    return json.loads(json.dumps(document).replace('"expected"', '"$comment"'))


def main() -> None:
    """Print the JSON schema of the configuration: `make schema` writes it to config/schema.json."""
    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
