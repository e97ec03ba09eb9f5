"""Checksums of a study: what `sha256sum` says of its files, and which stages of two studies agree."""

import json
import shutil
import subprocess

import pytest

from files.records import write_record
from files.study_checksums import checksums_text, compare_with_file, compared, origin, read_checksums, study_checksums

RUN = "runs/units=8/seeds=0-1/epochs=2"
FILES = {
    "train": (RUN, ["state.npz", "optimizer.npz", "history.csv"]),
    "evaluate": (RUN, ["test.npz", "metrics.csv"]),
    "aggregate": ("tables", ["runs.csv", "units.md"]),
    "resample": ("tables", ["two_way.csv"]),
    "check_published": ("tables", ["published.csv"]),
    "plot": ("figures", ["units.svg", "units.png"]),
}
PLAN = "point,epochs,first_seed,last_seed,wanted_by\nunits=8,2,0,1,baseline\n"


@pytest.fixture
def results(tmp_path):
    """The files of a small study that was made up, on record, beside runs that its plan does not hold."""
    for rule, (folder, names) in (FILES | {"later": (RUN.replace("=2", "=4"), ["state.npz"])}).items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        paths = [tmp_path / folder / name for name in names]
        for path in paths:
            path.write_text(f"{rule} wrote {path.name}")
        write_record(tmp_path / folder / f"{rule.replace('later', 'train')}.json", paths)
    (tmp_path / "plan.csv").write_text(PLAN)
    (tmp_path / "report.md").write_text("the report")
    packages = {"numpy": "2.4.6", "keras": "3.15.1"}
    made_by = {"arithmetics": ["AVX2, 32 KiB"], "packages": packages, "commit": "abc", "config": {"alpha": 0.05}}
    (tmp_path / "provenance.json").write_text(json.dumps(made_by))
    engines = {"trained_by": "train.py and its imports: 00; numpy 2.4.6", "evaluated_by": "evaluate.py"}
    (tmp_path / "study.json").write_text(json.dumps(engines))
    return tmp_path


def test_every_file_that_a_study_never_lacks_is_there_and_sha256sum_agrees(results):
    checksums = study_checksums(results)
    expected = [f"{folder}/{name}" for folder, names in FILES.values() for name in names if name != "optimizer.npz"]
    assert list(checksums) == sorted([*expected, "plan.csv", "report.md"])
    (results / "checksums.txt").write_text(checksums_text(checksums, {}))
    subprocess.run(["sha256sum", "--check", "--strict", "checksums.txt"], cwd=results, check=True, capture_output=True)


def test_the_file_reads_back_with_what_made_the_study(results):
    made_by = origin(results)
    assert made_by["arithmetic"] == "AVX2, 32 KiB"
    assert made_by["versions"] == "numpy 2.4.6, keras 3.15.1"
    (results / "checksums.txt").write_text(checksums_text(study_checksums(results), made_by))
    assert read_checksums(results / "checksums.txt") == (study_checksums(results), made_by)


@pytest.mark.parametrize("line", ["no checksum", "00  plan.csv", "# a remark"])
def test_a_file_of_something_else_is_refused_in_one_line(tmp_path, line):
    (tmp_path / "checksums.txt").write_text(f"{64 * '0'}  plan.csv\n{line}\n")
    with pytest.raises(ValueError, match=r"checksums.txt, line 2: expected `SHA-256  path`. Received: '") as error:
        read_checksums(tmp_path / "checksums.txt")
    assert line in str(error.value)


def test_stages_of_two_studies_are_compared_by_the_files_that_both_hold(results, tmp_path):
    here = study_checksums(results)
    assert compared(here, here) == {
        "training": (2, 2),
        "evaluation": (2, 2),
        "plan": (1, 1),
        "report": (1, 1),
        "figures": (2, 2),
        "tables": (4, 4),
    }
    changed = here | {f"{RUN}/state.npz": 64 * "0", "tables/units.md": 64 * "1", "tables/new.csv": 64 * "2"}
    del changed["figures/units.svg"]
    assert compared(here, changed) == {
        "training": (1, 2),
        "evaluation": (2, 2),
        "plan": (1, 1),
        "report": (1, 1),
        "figures": (1, 1),
        "tables": (3, 4),
    }


def test_a_damaged_record_is_an_error(results):
    path = results / RUN / "train.json"
    shutil.copy(results / "study.json", path)
    with pytest.raises(ValueError, match="is no record"):
        study_checksums(results)


def test_two_studies_are_compared_in_one_line_that_names_a_cause(results):
    here, made_here = study_checksums(results), origin(results)
    path = results / "checksums.txt"
    path.write_text(checksums_text(here, made_here))
    assert compare_with_file(here, made_here, path) == (True, f"Same bytes as in {path}: all {len(here)} files.")
    path.write_text(
        checksums_text(here | {f"{RUN}/state.npz": 64 * "0"}, made_here | {"arithmetic": "AVX-512, 48 KiB"})
    )
    same, line = compare_with_file(here, made_here, path)
    assert not same
    assert "training 1 of 2, evaluation 2 of 2, plan 1 of 1, report 1 of 1" in line
    assert line.endswith("It was made with other arithmetic: AVX-512, 48 KiB there, AVX2, 32 KiB here.")
    path.write_text(checksums_text(here | {"tables/new.csv": 64 * "2", "report.md": 64 * "1"}, made_here))
    line = compare_with_file(here, made_here, path)[1]
    assert "report 0 of 1, figures 2 of 2, tables 4 of 4, 1 files only in one of the two" in line
    assert line.endswith("The cause is unknown.")


def test_a_file_that_cannot_be_read_is_refused_in_one_line_that_says_what_to_do(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    for name in ("nothing.txt", "picture.png"):
        with pytest.raises(
            ValueError, match=r"^\S+: expected a file of checksums, as `make checksums` prints"
        ) as error:
            read_checksums(tmp_path / name)
        assert "\n" not in str(error.value)
