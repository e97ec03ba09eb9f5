"""Tables and figures of sweeps that are gone do not stay behind; nobody else's files go with them."""

import pytest

from aggregate import OF_EVERY_STUDY
from files.outdated import remove_pairs


@pytest.mark.parametrize("kinds", [("csv", "md"), ("svg", "png")])
def test_what_is_not_of_the_study_any_more_goes_and_nothing_else(tmp_path, kinds):
    first, second = kinds
    kept = [f"units.{first}", f"units.{second}", *(f"{name}.{first}" for name in OF_EVERY_STUDY), "notes.txt"]
    kept += [f"own_notes.{first}", f"own_text.{second}"]  # ours come in pairs
    gone = [f"{name}.{kind}" for name in ("momentum", "old_grid") for kind in kinds]
    for name in [*kept, *gone]:
        (tmp_path / name).touch()
    remove_pairs(tmp_path, kinds, {"units", *OF_EVERY_STUDY})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
