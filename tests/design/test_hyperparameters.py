"""Values of hyperparameters have the type of the network file's default; any other value gets one line."""

import pytest

from design.hyperparameters import factors_of, keywords_of, point_of
from design.network_file import Keyword

FACTORS = factors_of(
    [
        Keyword("kind", "deep", ("dense", "deep")),
        Keyword("width", 8),
        Keyword("dropout", 0),
        Keyword("rate", 0.5),
        Keyword("skip", False),
        Keyword("word", "relu"),
    ]
)
TEXT = "a text of at most 40 letters, digits and . _ + -, in quotes if it looks like a number"


@pytest.mark.parametrize(
    ("factor", "given", "value"),
    [
        ("kind", "dense", "dense"),
        ("width", "1e2", 100),
        ("width", -3, -3),
        ("width", 8.0, 8),
        ("rate", 1, 1.0),
        ("rate", "1e-4", 0.0001),
        ("skip", True, True),
        ("word", "007", "007"),
        ("word", "nan", "nan"),
    ],
)
def test_a_value_takes_the_type_of_the_default(factor, given, value):
    problems = []
    parsed = FACTORS[factor].parse(given, factor, problems)
    assert (parsed, type(parsed), problems) == (value, type(value), [])


@pytest.mark.parametrize(
    ("factor", "given", "expected"),
    [
        ("kind", "wide", "one of dense, deep"),
        ("kind", True, "one of dense, deep"),
        ("dropout", 0.2, "a whole number, like its default 0 in the network's file (others: write 0.0 there)"),
        ("width", True, "a whole number, like its default 8 in the network's file (others: write 8.0 there)"),
        ("rate", float("inf"), "a finite number"),
        ("rate", 1e-30, "a number of at most 20 characters when written out"),
        ("rate", False, "a finite number"),
        ("skip", 1, "true or false"),
        ("skip", "yes", "true or false"),
        ("word", 7, TEXT),
        ("word", "a b", TEXT),
        ("word", "a/b", TEXT),
        ("word", "a,b", TEXT),
        ("word", "", TEXT),
        ("word", 19 * "a", TEXT),
        ("word", None, TEXT),
    ],
)
def test_another_value_is_refused_with_what_is_expected(factor, given, expected):
    problems = []
    assert FACTORS[factor].parse(given, f"baseline.{factor}", problems) is None
    assert problems == [f"`baseline.{factor}` must be {expected}. Received: {given!r}"]


def test_factors_come_in_the_order_of_points_and_tables():
    assert list(FACTORS)[-6:] == ["word", "learning_rate", "momentum", "batch_size", "optimizer", "epochs"]
    levels = {name: factor.default for name, factor in FACTORS.items()}
    assert list(point_of(levels)) == list(FACTORS)[:-1]
    assert list(keywords_of(point_of(levels))) == ["kind", "width", "dropout", "rate", "skip", "word"]
    assert [name for name, factor in FACTORS.items() if not factor.is_number] == ["kind", "skip", "word", "optimizer"]
