"""Addresses within the page: one for each row and heading, and no link that leads nowhere."""

import pytest

from writing import page
from writing.links import row_id, row_ids


def document(markdown):
    return page.read_document("# Title\n\n" + markdown, "unused")


def test_headings_get_stable_unique_ids():
    found = document("## Grid: update rule\n\n## Grid update rule\n\n## Provenance\n\n## ...\n\n## `a` *b*")
    assert [name for name, _ in found.contents] == [
        *("grid-update-rule", "grid-update-rule-2", "provenance-2", "...", "a-b"),
    ]


@pytest.mark.parametrize(
    ("levels", "name"),
    [
        (("units", "512"), "units-512"),
        (("learning_rate", "0.00001"), "learning_rate-0.00001"),
        (("update_rule", "rmsprop_keras2", "20"), "update_rule-rmsprop_keras2-20"),
        (("Class", 'T-shirt/top "x" <'), "class-t-shirt-top--x---"),
        (("größe", "½"), "größe-½"),
    ],
)
def test_row_ids(levels, name):
    assert row_id(*levels) == name


def test_link_to_a_row_beyond_ascii_resolves():
    table = "*Table: größe.*\n\n| größe | n |\n|---|---|\n| klein | 1 |"
    assert document(f"[1](#{row_id('größe', 'klein')})\n\n{table}").rows == {"größe-klein"}


def test_link_in_a_cell_is_checked_too():
    with pytest.raises(ValueError, match="'#nowhere'"):
        document("| a |\n|---|\n| [1](#nowhere) |")


def test_rows_of_one_level_are_numbered():
    rows = [("a b", "1"), ("a-b", "1"), ("a b", "1", "2"), ("a", "b")]
    assert row_ids("units", rows) == ["units-a-b-1", "units-a-b-1-2", "units-a-b-1-2-2", "units-a-b"]
    found = document("*Table: units.*\n\n| units | n |\n|---|---|\n| a b | 1 |\n| a-b | 1 |")
    assert found.rows == {"units-a-b", "units-a-b-2"}


def test_two_tables_of_one_name_are_an_error():
    table = "*Table: units.*\n\n| units | n |\n|---|---|\n| a b | 1 |\n\n"
    with pytest.raises(ValueError, match="'units-a-b'"):
        document(table + table)
