"""Tables of sweeps that are gone do not stay behind."""

from aggregate import OF_EVERY_STUDY, remove_stale


def test_stale_tables_are_removed_and_nothing_else(tmp_path):
    kept = ["units.csv", "units.md", *(f"{name}.csv" for name in OF_EVERY_STUDY), "notes.txt"]
    for name in [*kept, "momentum.csv", "momentum.md", "old_grid.csv"]:
        (tmp_path / name).touch()
    remove_stale(tmp_path, ["units"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
