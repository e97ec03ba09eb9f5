"""The audit of a finished study: training gives what is stored, and every change to a file is found."""

import json
import shutil

import numpy as np
import pytest

import verify
from files.records import write_record
from files.study_checksums import checksums_text, origin, study_checksums
from helpers.workflow import run_script
from running.retraining import stored_outcome
from running.sample import draw, evaluated_runs
from tables.runs import read_csv
from training.state import read_state, state_writer

DIFFERENT = 3


@pytest.fixture
def results(finished, tmp_path):
    """A copy of the finished study's results, to tamper with."""
    return shutil.copytree(finished[1] / "results", tmp_path / "results")


@pytest.fixture
def retrained(finished, monkeypatch):
    """Training gives what the untouched study holds: for tests of what is stored."""
    pristine = finished[1] / "results"

    def outcome(run, data, network):
        same = next(other for other in runs_of(pristine) if (other.levels, other.seed) == (run.levels, run.seed))
        return stored_outcome(same)

    monkeypatch.setattr(verify, "retrained_outcome", outcome)


def runs_of(results):
    return evaluated_runs(read_csv(results / "plan.csv"), results)


def verify_in(results, *arguments):
    """Verify every run, unless the arguments say otherwise."""
    verify.main(["--results", str(results), "--runs", str(len(runs_of(results))), *arguments])


def rewrite(run, change, **label):
    """Replace a run's state by a valid file with other arrays or another label."""
    path = run.folder / "state.npz"
    arrays = {seed: read_state(path, seed) for seed in range(run.block[0], run.block[1] + 1)}
    with state_writer({"weights": path}) as add:
        for seed in arrays:
            add(seed, change(seed, arrays))
    record(run.folder / "train.json", **label)


def record(path, **label):
    """Put a job's files on record as they are now."""
    content = json.loads(path.read_text())
    names = content.pop("sha256")
    content.pop("record")
    write_record(path, [path.with_name(name) for name in names], **content | label)


def contents(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_runs_of_a_finished_study_are_the_same_and_nothing_is_written(results):
    """Two of them trained for real, one over a milestone on which the study took a rest."""
    runs = runs_of(results)
    seed = next(seed for seed in range(99) if {run.epochs for run in draw(runs, 2, seed)} == {2, 4})
    before = contents(results)
    done = run_script("verify", ["--results", str(results), "--runs", "2", "--seed", str(seed)], cwd=results.parent)
    assert done.stdout.splitlines()[-1] == "Same, bit for bit: weights and test metrics of 2 of 2 runs."
    assert "NOTE" not in done.stdout
    assert "DIFFERENT" not in done.stdout
    assert contents(results.parent) == before


def flipped(seed, arrays):
    changed = {name: array.copy() for name, array in arrays[seed].items()}
    changed["weights/0"].view(np.uint32)[400, 3] ^= 1  # the lowest bit of one weight
    return changed


def test_one_flipped_bit_is_found_by_training(results):
    run = runs_of(results)[0]
    rewrite(run, flipped)
    seed = next(seed for seed in range(99) if draw(runs_of(results), 1, seed) == [run])
    done = run_script("verify", ["--results", str(results), "--runs", "1", "--seed", str(seed)], check=False)
    assert done.returncode == DIFFERENT
    assert done.stderr.splitlines()[-1] == "DIFFERENT: 1 of 1 runs differ from what is stored."
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("| baseline ")]
    assert [cell.strip() for cell in row.split("|")[-3:-1]] == ["DIFFERENT", "same"]


@pytest.mark.usefixtures("retrained")
def test_another_seeds_state_in_its_place_is_found(results, capsys):
    run = runs_of(results)[0]
    rewrite(run, lambda seed, arrays: arrays[1 - seed])
    with pytest.raises(SystemExit) as caught:
        verify_in(results)
    assert caught.value.code == DIFFERENT
    output = capsys.readouterr()
    assert "DIFFERENT: 2 of 8 runs" in output.err
    assert output.out.count(": DIFFERENT (") == 2


@pytest.mark.usefixtures("retrained")
def test_an_altered_metric_is_found_and_set_against_the_spread_over_seeds(results, capsys):
    path = runs_of(results)[0].folder / "metrics.csv"
    seeds = read_csv(path)
    first, second = (float(row["test_accuracy"]) for row in seeds)
    path.write_text(path.read_text().replace(seeds[0]["test_accuracy"], "0.5"))
    record(path.with_name("evaluate.json"))
    with pytest.raises(SystemExit) as caught:
        verify_in(results)
    assert caught.value.code == DIFFERENT
    sd = abs(0.5 - second) / np.sqrt(2)
    expected = f"0.5 stored, {first:.9g} here ({first - 0.5:+.2g}, {(first - 0.5) / sd:+.2g} SD over seeds)"
    assert f"baseline, seed 0, 2 epochs: test accuracy {expected}; test loss" in capsys.readouterr().out


@pytest.mark.usefixtures("retrained")
def test_the_same_weights_from_other_code_are_the_same_with_a_note(results, capsys):
    for run in runs_of(results)[:2]:
        rewrite(run, lambda seed, arrays: arrays[seed], engine=f"train.py and its imports: {'ab' * 32}; tensorflow 1.0")
    verify_in(results)
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("NOTE")]
    assert len(notes) == 2
    assert "trained by other code: digest abababababab, here " in notes[0]
    assert "trained with tensorflow 1.0; here tensorflow 2" in notes[1]


@pytest.mark.usefixtures("retrained")
def test_another_arithmetic_is_noted_and_a_time_not_on_record_is_not_told(results, capsys):
    path = results / "provenance.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"arithmetics": ["Abacus"], "rules": {}}))
    verify_in(results)
    output = capsys.readouterr().out
    assert "NOTE: the study was trained with the arithmetic Abacus; here " in output
    assert "They are trained from fresh weights, one after the other.\n" in output


@pytest.mark.usefixtures("retrained")
def test_the_checksums_in_a_file_are_compared(results, tmp_path, capsys):
    checksums, path = study_checksums(results), tmp_path / "theirs.txt"
    path.write_text(checksums_text(checksums, origin(results)))
    verify_in(results, "--against", str(path))
    assert f"Same bytes as in {path}: all {len(checksums)} files." in capsys.readouterr().out
    path.write_text(checksums_text(checksums | {"report.md": 64 * "0"}, origin(results)))
    with pytest.raises(SystemExit) as caught:
        verify_in(results, "--against", str(path))
    assert caught.value.code == 3
    assert "DIFFERENT: Files with the same bytes as in" in capsys.readouterr().err
    assert refused_against(results, tmp_path / "nothing.txt")


def refused_against(results, path):
    """Return whether a file that is not there ends the audit in one line."""
    with pytest.raises(SystemExit, match=r"^ERROR: .*No such file"):
        verify_in(results, "--against", str(path))
    return True


@pytest.mark.parametrize("text", ["", "seed,test_loss\n0,1\n1,1\n", "seed,test_loss,test_accuracy\n0,1,1\n"])
def test_metrics_of_other_seeds_or_columns_are_refused(results, text):
    path = runs_of(results)[0].folder / "metrics.csv"
    path.write_text(text)
    assert refused(results) == f"ERROR: {path}: expected test_accuracy, test_loss of the seeds 0, 1"


def refused(results, *arguments):
    """Return the one line with which the audit ends before any training."""
    with pytest.raises(SystemExit) as caught:
        verify_in(results, *arguments)
    assert caught.value.code.startswith("ERROR: ")
    assert "\n" not in caught.value.code
    return caught.value.code


@pytest.mark.parametrize("name", ["metrics.csv", "state.npz", "history.csv"])
def test_an_unfinished_study_is_refused(results, name):
    path = runs_of(results)[-1].folder / name
    path.unlink()
    assert refused(results) == f"ERROR: the study is unfinished: {path} not found. Run `make` first."


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"ERROR: .*plan\.csv: there is no study yet"):
        verify.main(["--results", str(tmp_path)])


@pytest.mark.parametrize("number", ["0", "9", "-1"])
def test_as_many_runs_as_there_are(results, number):
    assert "expected 1 to 8 runs" in refused(results, "--runs", number)


def test_a_state_of_another_point_in_its_place_is_refused(results):
    one, *_, other = runs_of(results)
    assert one.point != other.point
    shutil.copy(other.folder / "state.npz", one.folder / "state.npz")
    refusal = f"ERROR: {one.folder / 'state.npz'}: is not the file that train.json beside it records"
    assert refused(results).startswith(refusal)
    shutil.copy(other.folder / "train.json", one.folder / "train.json")
    assert f"expected point={one.point}. Received: point={other.point}" in refused(results)


def test_a_damaged_state_is_refused(results):
    path = runs_of(results)[0].folder / "state.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "state.npz: is not the file that train.json beside it records" in refused(results)


def test_altered_arrays_are_refused(results):
    (path,) = results.rglob("x_train.npy")
    pixels = np.load(path)
    pixels[17, 14, 8, 0] += 1
    np.save(path, pixels)
    assert f"{path}: differs from the raw files" in refused(results)


def test_altered_raw_files_are_refused(results):
    """The hashes of an own data set are those the study recorded; those of a listed one stand in datasets.yaml."""
    (path,) = results.rglob("t10k-images-idx3-ubyte")
    path.write_bytes(path.read_bytes()[:-1] + b"\7")
    assert f"{path}: expected SHA-256 " in refused(results)


def test_hashes_of_a_listed_data_set_are_the_listed_ones():
    hashes, source = verify.expected_hashes("mnist", {"data": {}})
    assert source == "config/datasets.yaml"
    assert hashes["train-images-idx3-ubyte"].startswith("ba891046e6505d7aadcbbe25680a0738")


def test_runs_are_those_that_were_evaluated(results):
    """Four milestones, two seeds each; a milestone that only leads to a longer training has no metrics."""
    runs = runs_of(results)
    assert len(runs) == 8
    assert all((run.folder / "metrics.csv").is_file() for run in runs)
    plan = read_csv(results / "plan.csv")
    assert evaluated_runs([row | {"wanted_by": ""} for row in plan], results) == []


@pytest.mark.usefixtures("retrained")
@pytest.mark.parametrize("name", ["tables/units.csv", "figures/units.svg", "tables/two_way.csv"])
def test_an_altered_table_or_figure_is_found(results, capsys, name):
    path = results / name
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(SystemExit) as caught:
        verify_in(results)
    assert caught.value.code == DIFFERENT
    output = capsys.readouterr()
    assert output.err == "CHANGED: 1 files changed after their jobs wrote them.\n"
    assert f"CHANGED: {path}: is not the file that " in output.out
    assert "| same | same |" in " ".join(output.out.split())


@pytest.mark.parametrize("name", ["provenance.json", "plan.csv"])
@pytest.mark.parametrize("text", ["", "{}", "[]", "null"])
def test_a_file_about_the_study_that_says_nothing_is_refused(results, name, text):
    (results / name).write_text(text)
    assert str(results / name) in refused(results)
