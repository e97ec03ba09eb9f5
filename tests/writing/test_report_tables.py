"""The report's tables of no sweep or grid: every comparison with its numbers, dashes where there are none."""

import pytest

from helpers.hand_made import rich_study, summarised
from writing.report_tables import interval, markdown_table, small_tables, two_way_cells, with_spread
from writing.sweep_sentences import Counts


def cells_of(markdown):
    """Header and body rows of a Markdown table."""
    header, _, *body = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (header, *body)]


@pytest.mark.parametrize("n", [1, 3])
def test_every_comparison_stands_in_the_appendix(tmp_path, n):
    tables = summarised(rich_study(tmp_path, n))
    header, *body = cells_of(small_tables(tables, Counts(), n)["comparisons"])
    assert [row[:3] for row in body] == [[row["summary"], row["metric"], row["level"]] for row in tables["comparisons"]]
    assert [row[-1] for row in body] == [row["verdict"] for row in tables["comparisons"]]
    assert all("" not in row and len(row) == len(header) for row in body)
    resampled = header.index("SE seeds")
    dashes = [row[0] for row in body if row[resampled] == "–"]
    assert set(dashes) == ({row[0] for row in body} if n == 1 else {"effective_rate", "keras2_rule"})


def test_numbers_lose_their_spare_digit_and_differences_show_their_sign():
    assert interval({"low": "0.0123", "high": "0.0456"}) == "+0.012 … +0.046"
    assert interval({"low": "", "high": ""}) == "–"
    assert with_spread("0.98123", "0.00123") == "0.9812 ± 0.0012"
    assert with_spread("0.98123", "") == "0.9812"
    assert two_way_cells({"seeds_se": "0.0012", "images_se": "0.0034", "low": "-0.012", "high": "0.001"}) == [
        *("0.001", "0.003", "-0.01 … 0.00"),
    ]
    assert two_way_cells(None) == ["–", "–", "–"]


def test_a_table_without_rows_is_left_out():
    assert markdown_table("trends", ["trend"], []) == ""
    assert markdown_table("trends", ["trend"], [["a"]]).startswith("*Table: trends.*\n\n| trend")
