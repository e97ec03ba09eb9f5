"""Tables and figures of sweeps that are gone do not stay behind; nobody else's files go with them."""

from files.outdated import remove_outdated
from files.records import write_record


def test_only_unchanged_files_on_record_go(tmp_path, capsys):
    recorded = ["units.csv", "units.md", "momentum.csv", "momentum.md", "edited.csv", "gone.csv"]
    others = ["poster.csv", "poster.md", "notes.txt"]
    for name in [*recorded, *others]:
        (tmp_path / name).write_text(name)
    record = tmp_path / "aggregate.json"
    write_record(record, [tmp_path / name for name in recorded])
    (tmp_path / "edited.csv").write_text("a user's remark")
    (tmp_path / "gone.csv").unlink()
    remove_outdated(record, ["units.csv", "units.md"])
    kept = {"units.csv", "units.md", "edited.csv", "aggregate.json", *others}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert capsys.readouterr().err.endswith("no longer has them: momentum.csv, momentum.md\n")


def test_without_a_record_nothing_goes(tmp_path):
    (tmp_path / "poster.csv").touch()
    remove_outdated(tmp_path / "aggregate.json", [])
    (tmp_path / "aggregate.json").write_text("{}")
    remove_outdated(tmp_path / "aggregate.json", [])
    assert {path.name for path in tmp_path.iterdir()} == {"poster.csv", "aggregate.json"}
