"""Series can be told apart without colour, and how figures look is nothing that a table depends on."""

import pytest

from figures.style import SERIES
from files.code_digest import imported_modules
from helpers.workflow import PROJECT


def test_series_differ_in_colour_marker_and_dashes():
    colours, markers, dashes = zip(*SERIES, strict=True)
    assert len(set(colours)) == len(set(markers)) == len(SERIES)
    assert len(set(dashes[:4])) == 4  # the last line shares its dashes with the first, not its marker


@pytest.mark.parametrize("door", ["aggregate", "resample", "check_published"])
def test_an_edit_of_a_figure_makes_no_table_stale(door):
    rooms = {path.parent.name for path in imported_modules(PROJECT / "scripts" / f"{door}.py")}
    assert "tables" in rooms
    assert not rooms & {"figures", "writing"}
