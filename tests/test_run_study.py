"""`make` itself: which options make it a dry run."""

import pytest

from run_study import DRY_RUN


@pytest.mark.parametrize(
    ("words", "dry"),
    [(["-n"], True), (["-np"], True), (["--dry-run"], True), (["--dryrun"], True), (["-p"], False), (["plan"], False)],
)
def test_a_dry_run_is_known_in_all_its_spellings(words, dry):
    assert any(DRY_RUN.fullmatch(word) for word in words) == dry
