"""Tables are rows of text as CSV: every column, nothing else, and whole or not at all."""

import csv

import pytest

from tables.write import write_table


def test_cells_without_a_column_are_left_out_and_absent_ones_stay_empty(tmp_path):
    path = tmp_path / "tables" / "units.csv"
    write_table(path, ["level", "mean"], [{"mean": "0.98", "level": "512", "extra": "x"}, {"level": "64"}])
    assert path.read_bytes() == b"level,mean\n512,0.98\n64,\n"


def test_text_of_any_kind_reads_back_as_it_was(tmp_path):
    rows = [{"level": 'units=64,epochs=5 "quoted"', "mean": "two\nlines"}, {"level": "δ = 0.001", "mean": ""}]
    write_table(tmp_path / "table.csv", ("level", "mean"), rows)
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows


def test_a_table_without_rows_has_its_header(tmp_path):
    write_table(tmp_path / "table.csv", ["level", "mean"], [])
    assert (tmp_path / "table.csv").read_text() == "level,mean\n"


def test_an_error_on_the_way_leaves_the_old_table(tmp_path):
    write_table(tmp_path / "table.csv", ["level"], [{"level": "512"}])
    with pytest.raises(AttributeError):
        write_table(tmp_path / "table.csv", ["level"], [{"level": "64"}, None])
    assert (tmp_path / "table.csv").read_text() == "level\n512\n"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
