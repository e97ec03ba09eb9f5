"""The canonical text of values and of points: one value, one spelling, one path."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

# Hyperparameters of every training, after those of the network in the order of names and tables.
HYPERPARAMETERS_OF_TRAINING = ("learning_rate", "momentum", "batch_size", "optimizer")
FACTORS_OF_TRAINING = (*HYPERPARAMETERS_OF_TRAINING, "epochs")

Value = bool | int | float | str


def canonical_value(value: Value) -> str:
    """Return the one spelling under which a value appears in paths and tables.

    Numbers are written positionally, so that `0` and `0.0` are one value, and so are `1e-4` and `0.0001`.

    Args:
        value: a number, true or false, or a text, which stays as it is.

    Returns:
        `true` or `false`; the shortest positional decimal that reads back as the same float; or the text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if value == 0:  # also -0.0
        return "0"
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_name(values: Mapping[str, Value]) -> str:
    """Return a point's name, e.g. `units=512,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop`."""
    return ",".join(f"{name}={canonical_value(value)}" for name, value in values.items())


def changes(levels: Mapping, baseline: Mapping, factors: Iterable[str] | None = None) -> str:
    """Return what sets a point apart from the baseline, e.g. `units=64 momentum=0.9`; `baseline` where nothing does.

    Args:
        levels: factor -> its value, or the canonical text of it.
        baseline: the same of the baseline.
        factors: those to look at; all of the baseline by default.
    """
    texts = {factor: canonical_value(levels[factor]) for factor in (baseline if factors is None else factors)}
    return " ".join(f"{f}={text}" for f, text in texts.items() if text != canonical_value(baseline[f])) or "baseline"
