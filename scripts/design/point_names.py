"""The hyperparameters, and the canonical text of their values and of points: one value, one spelling, one path."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

# Name and type of each, in the order of names and tables; `hyperparameters.Hyperparameters` says what values they take.
HYPERPARAMETERS = {"units": int, "learning_rate": float, "momentum": float, "batch_size": int, "optimizer": str}
# What a sweep can vary: also the columns of plan.csv and runs.csv that say how a run was trained.
FACTORS = (*HYPERPARAMETERS, "epochs")


def canonical_value(value: int | float | str) -> str:
    """Return the one spelling under which a value appears in paths and tables.

    Numbers are compared as floats and written positionally, so that `0`, `0.0` and `"0"` are one value, and so are
    `1e-4` and `0.0001`. Text that is no number (the name of an optimizer) stays as it is.

    Args:
        value: a number, the text of a number, or a name.

    Returns:
        The shortest positional decimal that reads back as the same float, or the name.
    """
    try:
        number = float(value)
    except ValueError:
        return str(value)
    if number == 0:  # also -0.0
        return "0"
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_name(values: dict[str, int | float | str]) -> str:
    """Return a point's name, e.g. `units=512,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop`."""
    return ",".join(f"{name}={canonical_value(value)}" for name, value in values.items())


def changes(levels: Mapping, baseline: Mapping, factors: Iterable[str] = FACTORS) -> str:
    """Return what sets a point apart from the baseline, e.g. `units=64 momentum=0.9`; `baseline` where nothing does.

    Args:
        levels: factor -> its value, or the text of it.
        baseline: the same of the baseline.
        factors: those to look at.
    """
    texts = {factor: canonical_value(levels[factor]) for factor in factors}
    return " ".join(f"{f}={text}" for f, text in texts.items() if text != canonical_value(baseline[f])) or "baseline"
