"""Numbers end at the second digit of their standard error."""

import math

import pytest

from tables.rounding import rounded, supported_decimals, with_spare_digit


@pytest.mark.parametrize(
    ("error", "decimals"),
    [(0.00074, 5), (0.0012, 4), (0.001, 4), (0.00099, 5), (0.5, 2), (1.0, 1), (9.9, 1), (10.0, 0), (250.0, 0)],
)
def test_two_digits_of_the_error_stand(error, decimals):
    assert supported_decimals(error) == decimals
    assert error > 9.9 or len(f"{error:.{decimals}f}".replace(".", "").lstrip("0")) == 2


@pytest.mark.parametrize("error", [math.nan, math.inf, 0.0, -1.0])
def test_without_an_error_the_fallback_stands(error):
    assert supported_decimals(error) == 4
    assert supported_decimals(error, fallback=6) == 6


def test_the_tiniest_error_does_not_ask_for_endless_digits():
    assert supported_decimals(1e-300) == 12


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        *((0.97902, 4, "0.9790"), (-0.0004, 3, "0.000"), (-0.0006, 3, "-0.001"), (12.0, 0, "12"), (-0.0, 2, "0.00")),
        *((1.5e30, 2, "1.50e+30"), (-2e15, 0, "-2.00e+15"), (9.9e14, 0, "990000000000000")),
        *((math.nan, 3, ""), (math.inf, 3, ""), (-math.inf, 0, "")),
    ],
)
def test_rounded_keeps_zeros_and_drops_what_is_no_number(value, decimals, text):
    assert rounded(value, decimals) == text


def test_a_tables_numbers_have_one_digit_to_spare():
    numbers = {"mean": 0.97902345, "sd": 0.00235, "low": math.nan}
    assert with_spare_digit(numbers, 0.00074) == {"mean": "0.979023", "sd": "0.002350", "low": ""}
    assert with_spare_digit({"mean": 0.5}, 0.0) == {"mean": "0.5000000"}
    assert with_spare_digit({"mean": 0.5}, math.nan, fallback=4) == {"mean": "0.50000"}
