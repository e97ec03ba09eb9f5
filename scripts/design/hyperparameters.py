"""What values the hyperparameters and the number of epochs take: those of the network by its file, and of training."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from design.explanations import Expected, fault, must_be, number, text, without_repetition
from design.network_file import LARGEST_NUMBER, LONGEST_KEYWORD, Keyword
from design.point_names import HYPERPARAMETERS_OF_TRAINING, Value, canonical_value

Optimizer = Literal["rmsprop", "rmsprop_keras2", "sgd", "adam"]
OPTIMIZERS = get_args(Optimizer)
LONGEST_NUMBER = 20  # characters; Snakemake takes one character 20 times over in a path for a loop without end


def _short(value: float) -> float:
    """Refuse a number that is long when written out, as canonical names write it: those are names of folders."""
    if len(canonical_value(value)) > LONGEST_NUMBER:
        raise fault(f"a number of at most {LONGEST_NUMBER} characters when written out")
    return value


PositiveInt = number(int, "a positive integer", gt=0, lt=2**31)
PositiveFloat = number(float, "a positive finite number", gt=0, allow_inf_nan=False)
Fraction = number(float, "a number from 0 to below 1", ge=0, lt=1)


@dataclass(frozen=True)
class Factor:
    """A hyperparameter, or the number of epochs: what a sweep can vary.

    Attributes:
        name: its name everywhere: config key, wildcard, column.
        annotation: the type of its values, with what is expected of them.
        default: its value in the baseline where the config gives none.
        description: one line for editors.
    """

    name: str
    annotation: Any
    default: Value
    description: str = ""

    @property
    def kind(self) -> type:
        """The type of its values: bool, int, float or str."""
        return type(self.default)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers: they have an order, and a place on an axis."""
        return self.kind in (int, float)

    def parse(self, value: Any, key: str, problems: list[str]) -> Value | None:
        """Return a value of the config with its type; None where it is wrong, with a line added to `problems`."""
        try:
            return TypeAdapter(self.annotation).validate_python(value)
        except ValidationError as error:
            problems.append(must_be(key, error.errors(include_url=False)[0]["msg"], value))
        return None


OF_TRAINING = (
    Factor(
        "learning_rate", Annotated[PositiveFloat, AfterValidator(_short)], 0.001, "step size of the optimizer, above 0"
    ),
    Factor(
        "momentum",
        Annotated[Fraction, AfterValidator(_short)],
        0.0,
        "share of the previous step that is added to the next one, from 0 to below 1",
    ),
    Factor("batch_size", PositiveInt, 128, "images per gradient step; at most the training set"),
    Factor(
        "optimizer",
        Annotated[Optimizer, Expected(f"one of {', '.join(OPTIMIZERS)}")],
        "rmsprop",
        "rmsprop (Keras 3), rmsprop_keras2 (the update rule of Keras 2), sgd or adam",
    ),
    Factor("epochs", PositiveInt, 5, "training length of every sweep but that of epochs"),
)


def factors_of(keywords: Iterable[Keyword]) -> dict[str, Factor]:
    """Return all factors by name: the network's keywords, the hyperparameters of training, and last the epochs."""
    of_network = [Factor(keyword.name, _annotation(keyword), keyword.default) for keyword in keywords]
    return {factor.name: factor for factor in (*of_network, *OF_TRAINING)}


def _annotation(keyword: Keyword) -> Any:
    """Return the type of a keyword's values: that of its default."""
    if keyword.choices:
        return Annotated[Literal[keyword.choices], Expected(f"one of {', '.join(keyword.choices)}")]
    default = keyword.default
    if isinstance(default, bool):
        return Annotated[bool, Field(strict=True), Expected("true or false")]
    if isinstance(default, int):
        limits = {"gt": -LARGEST_NUMBER, "lt": LARGEST_NUMBER}
        expected = f"a whole number, like its default {default} in the network's file (others: write {default}.0 there)"
        return Annotated[number(int, expected, **limits), AfterValidator(_short)]
    if isinstance(default, float):
        return Annotated[number(float, "a finite number", allow_inf_nan=False), AfterValidator(_short)]
    expected = f"a text of at most {LONGEST_KEYWORD} letters, digits and . _ + -, in quotes if it looks like a number"
    pattern = rf"[A-Za-z0-9][A-Za-z0-9._+-]{{0,{LONGEST_KEYWORD - 1}}}"
    return Annotated[text(pattern, expected), AfterValidator(without_repetition), Expected(expected)]


def point_of(levels: Mapping[str, Value]) -> dict[str, Value]:
    """Return the point of a setting: its hyperparameters, without the number of epochs."""
    return {name: value for name, value in levels.items() if name != "epochs"}


def keywords_of(point: Mapping[str, Value]) -> dict[str, Value]:
    """Return the hyperparameters of the network alone."""
    return {name: value for name, value in point.items() if name not in HYPERPARAMETERS_OF_TRAINING}


def clash(levels: Mapping[str, Value]) -> str:
    """Return what is wrong with a combination of sound values; "" where nothing is."""
    if levels["optimizer"] == "adam" and levels["momentum"] != 0:
        return (
            "optimizer adam takes no momentum (it has its own), momentum must be 0. "
            f"Received: momentum={canonical_value(levels['momentum'])}"
        )
    return ""
