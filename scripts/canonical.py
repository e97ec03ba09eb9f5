"""Canonical text of hyperparameter values and points: one value, one spelling, one path."""

from decimal import Decimal


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
