"""Files appear under their names only when they are whole; disks that refuse are in tests/faults/test_disks.py."""

import pytest

from files.atomic import atomic_path


def test_the_file_appears_at_the_end_with_its_folder(tmp_path):
    path = tmp_path / "new" / "table.csv"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert [(file, file.read_text()) for file in path.parent.iterdir()] == [(path, "whole")]


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        print(temporary.write_text("half") / 0)
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "old")]


def test_two_writers_share_no_temporary_file(tmp_path):
    path = tmp_path / "table.csv"
    with atomic_path(path) as first, atomic_path(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "first")]


def test_a_file_that_cannot_be_written_ends_with_one_line(tmp_path):
    path = tmp_path / "table.csv"
    path.mkdir()
    with (
        pytest.raises(SystemExit, match=rf"^ERROR: {path} cannot be written: Is a directory\."),
        atomic_path(path) as file,
    ):
        file.touch()
