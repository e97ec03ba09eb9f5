"""As many digits as the uncertainty supports, and no more."""

import math
from collections.abc import Mapping


def supported_decimals(standard_error: float, fallback: int = 4) -> int:
    """Return the decimals at which a number with this standard error ends: those of its second significant digit.

    Two digits of the uncertainty, and the number to the same place (Particle Data Group, Review of Particle Physics,
    Introduction, section 5.3, which rounds to one or two). Where there is no uncertainty (one run, or constant
    values) `fallback` decimals stand.
    """
    if not math.isfinite(standard_error) or standard_error <= 0:
        return fallback
    return min(12, max(0, 1 - math.floor(math.log10(standard_error))))


def rounded(value: float, decimals: int) -> str:
    """Return a number at fixed decimals; an empty text where it is not finite; never a negative zero.

    A float has no more than 15 digits to show: a larger one, the loss of a run gone wrong, is shown by its power.
    """
    if not math.isfinite(value):
        return ""
    if abs(value) >= 1e15:
        return f"{value:.2e}"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def with_spare_digit(numbers: Mapping[str, float], standard_error: float, fallback: int = 6) -> dict[str, str]:
    """Return numbers as a table's cells, one digit beyond what their standard error supports.

    Args:
        numbers: by column.
        standard_error: in the same unit.
        fallback: decimals where there is no uncertainty, before the spare one.
    """
    decimals = supported_decimals(standard_error, fallback) + 1
    return {name: rounded(float(value), decimals) for name, value in numbers.items()}
