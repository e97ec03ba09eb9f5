"""What the best level is worth on seeds that had no part in picking it."""

import numpy as np
import pytest

from helpers.hand_made import HandMade, rich_study
from tables.runs import levels_of
from tables.selection_table import SELECTION_COLUMNS, selection_rows


def rows_of(study):
    runs = study.runs()
    return [row for summary in study.summaries for row in selection_rows(levels_of(runs, summary))]


def study_of(folder, base, other):
    study = HandMade(folder, {"units": ("units",)})
    return study.add("baseline units", base, 1 - np.array(base)).add("units", other, 1 - np.array(other), units="64")


def test_a_clear_winner_is_not_flattered(tmp_path):
    accuracy, loss = rows_of(study_of(tmp_path, [0.98, 0.982, 0.981, 0.979], [0.90, 0.91, 0.90, 0.92]))
    assert list(accuracy) == list(SELECTION_COLUMNS)
    assert (accuracy["summary"], accuracy["metric"], accuracy["best"], accuracy["picked"]) == (
        *("units", "accuracy", "512"),
        "1.000",
    )
    assert float(accuracy["apparent"]) == pytest.approx(0.9805)
    assert float(accuracy["cross_fitted"]) == pytest.approx(0.9805, abs=1e-4)
    assert float(accuracy["optimism"]) == pytest.approx(0, abs=1e-4)
    assert (loss["metric"], loss["best"]) == ("loss", "512")  # the lowest


def test_two_seeds_by_hand(tmp_path):
    # Seed 0 picks 512 (0.98 against 0.96), worth 0.94 on seed 1; seed 1 picks 64 (0.97), worth 0.96 on seed 0.
    accuracy = rows_of(study_of(tmp_path, [0.98, 0.94], [0.96, 0.97]))[0]
    assert accuracy["best"] == "64"
    assert float(accuracy["apparent"]) == pytest.approx(0.965)
    assert float(accuracy["cross_fitted"]) == pytest.approx(0.95)
    assert float(accuracy["optimism"]) == pytest.approx(0.015)
    assert accuracy["picked"] == "0.500"


def test_nothing_to_pick_from(tmp_path):
    assert rows_of(HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])) == []
    assert rows_of(study_of(tmp_path / "one seed", [0.98], [0.97])) == []


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10])
def test_no_cell_is_nan(tmp_path, n):
    study = rich_study(tmp_path, n, 1)
    rows = rows_of(study)
    assert len(rows) == 2 * len(study.summaries)
    assert all(cell and cell != "nan" for row in rows for cell in row.values())
