"""The published tables for reading: signs, dashes for what is unknown, repeats counted, text shown to the letter."""

import pytest

from published.markdown import literal, numbers_markdown, orderings_markdown

NUMBER = {
    **{"id": "a", "quantity": "test_loss", "settings": "momentum 0.9", "published": "0.0902", "optimizer": "rmsprop"},
    **{"mean": "0.08000", "sd": "0.00200", "n": "10", "low": "0.07530", "high": "0.08470", "distance_sd": "5.1"},
    **{"verdict": "not reproduced", "repeats": "", "diverged": "0"},
}
ORDERING = {
    **{"id": "a", "statement": "A beats B.", "source": "page 1", "metric": "test_loss", "optimizer": "rmsprop"},
    **{"n": "10", "difference": "-0.01000", "low": "-0.01200", "high": "-0.00800", "p_holm": "0.0020"},
    **{"verdict": "confirmed", "opposite": "0.10", "opposite_low": "0.02", "opposite_high": "0.40", "diverged": "1"},
}


def cells(markdown):
    """The cells of each row, the line under the header left out."""
    lines = markdown.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in [lines[0], *lines[2:]]]


def test_a_number_beside_the_runs():
    header, row = cells(numbers_markdown([NUMBER], 0.05))
    assert header[6] == "95 % interval of one run"
    assert row == [
        *("test loss", "momentum 0.9", "0.0902", "rmsprop", "10"),
        *("0.0800 ± 0.0020", "0.0753 … 0.0847", "+5.1", "not reproduced"),
    ]


def test_a_number_the_study_does_not_hold_has_dashes():
    unknown = dict.fromkeys(("mean", "sd", "low", "high", "distance_sd"), "") | {"n": "0", "verdict": "unknown"}
    _, row = cells(numbers_markdown([NUMBER | unknown], 0.05))
    assert row[4:] == ["0", "–", "–", "–", "unknown"]


def test_a_repeat_raises_the_count_of_the_row_under_the_same_rule():
    other = NUMBER | {"optimizer": "rmsprop_keras2"}
    rows = [NUMBER, other, NUMBER | {"id": "b", "repeats": "a"}]
    _, *shown = cells(numbers_markdown(rows, 0.05))
    assert [(row[2], row[3]) for row in shown] == [("0.0902 (2 times)", "rmsprop"), ("0.0902", "rmsprop_keras2")]


def test_an_ordering_with_its_interval_and_shares():
    header, row = cells(orderings_markdown([ORDERING], 0.01))
    assert header[5] == "winner - loser (99 % interval)"
    assert row == [
        *("A beats B.", "page 1", "test loss", "rmsprop", "10 (1 diverged)"),
        *("-0.0100 (-0.0120 … -0.0080)", "0.0020", "confirmed", "0.10 (0.02 … 0.40)"),
    ]


def test_an_ordering_of_two_optimizers_and_of_single_runs_has_dashes():
    single = {"optimizer": "", "low": "", "high": "", "p_holm": "", "n": "1", "diverged": "0"}
    _, row = cells(orderings_markdown([ORDERING | single], 0.05))
    assert row[3:7] == ["–", "1", "-0.0100", "–"]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a_b c__d 1_2 é_字", "a_b c__d 1_2 é_字"),
        ("_a_ -_b_ a_-b_ a-__b__c _", r"\_a\_ -\_b\_ a\_-b\_ a-\_\_b__c \_"),
        ("a|b", r"a\|b"),
        ("*x* [y](z) <i>", r"\*x\* \[y\](z) \<i\>"),
        ("plain, 5 % more.", "plain, 5 % more."),
    ],
)
def test_text_is_shown_to_the_letter(text, markdown):
    assert literal(text) == markdown
