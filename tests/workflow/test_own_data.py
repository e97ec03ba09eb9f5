"""Data of one's own through the workflow: each kind of file, what reruns when they change, what is refused at once."""

import gzip

import numpy as np
import pytest

from data.data_folder import IDX_NAMES
from files.records import Record
from helpers.idx_writer import idx_content
from helpers.workflow import PROJECT, jobs_to_run, run_snakemake, write_config
from verify import check_data, expected_hashes

pytestmark = pytest.mark.slow


def arrays(shape, classes=3):
    generator = np.random.default_rng(0)
    found = {}
    for split, n in (("train", 24), ("test", 12)):
        found[f"x_{split}"] = generator.integers(0, 256, (n, *shape), np.uint8)
        found[f"y_{split}"] = np.arange(n) % classes
    return found


def save(folder, kind, content):
    folder.mkdir(exist_ok=True)
    if kind == "npz":
        np.savez_compressed(folder / "my {x} data.npz", **content)
    for name, array in content.items():
        if kind == "npy":
            np.save(folder / f"{name}.npy", array)
        if kind == "idx":
            array = array.astype(np.int32) if name[0] == "y" else array
            (folder / f"{IDX_NAMES[name]}.gz").write_bytes(gzip.compress(idx_content(array)))


def study_of(tmp_path, folder, **changes):
    write_config(
        tmp_path / "study", {"dataset": "leaves", "data_folder": str(folder), "baseline.batch_size": 8} | changes
    )
    return tmp_path / "study"


@pytest.mark.parametrize(("kind", "shape"), [("npz", (9, 7, 3)), ("npy", (6,)), ("idx", (9, 7))])
def test_each_kind_of_file_becomes_arrays_that_the_raw_files_vouch_for(tmp_path, kind, shape):
    save(tmp_path / "mine", kind, arrays(shape))
    study = study_of(tmp_path, tmp_path / "mine", class_names=["oak", "elm", "-ash"])
    run_snakemake(PROJECT, study, "data")
    folder = study / "results" / "data" / "leaves"
    label = Record(folder / "preprocess.json", dataset="leaves").label
    assert (label["input_shape"], label["classes"]) == ([*shape, 1] if kind == "idx" else [*shape], 3)
    raw = Record(folder / "raw" / "download.json").sha256
    hashes, source = expected_hashes("leaves", {"data": raw})
    assert source == "provenance.json"
    check_data(folder, hashes)
    np.save(folder / "y_test.npy", np.zeros(12, np.uint8))
    with pytest.raises(ValueError, match=r"y_test\.npy: differs from the raw files\."):
        check_data(folder, hashes)
    shown = run_snakemake(PROJECT, study, "--dry-run", "--printshellcmds").stdout
    assert ("figures/most_missed.png" in shown) == (kind != "npy")
    assert """--class-names '["oak", "elm", "-ash"]'""" in shown


def test_arrays_that_change_or_change_their_kind_are_taken_again(tmp_path):
    save(tmp_path / "mine", "npz", arrays((4, 4)))
    study = study_of(tmp_path, tmp_path / "mine")
    run_snakemake(PROJECT, study, "data")
    assert jobs_to_run(PROJECT, study, "data") == {}
    save(tmp_path / "mine", "npz", arrays((4, 4), classes=4))
    run_snakemake(PROJECT, study, "data")
    (tmp_path / "mine" / "my {x} data.npz").unlink()
    save(tmp_path / "mine", "npy", arrays((5,)))
    assert jobs_to_run(PROJECT, study, "data") == {"data": 1, "download": 1, "preprocess": 1}
    run_snakemake(PROJECT, study, "data")
    folder = study / "results" / "data" / "leaves"
    assert np.load(folder / "x_train.npy").shape == (24, 5)
    assert Record(folder / "preprocess.json").label["classes"] == 3


def test_what_headers_show_is_refused_before_any_job(tmp_path):
    save(tmp_path / "mine", "npy", arrays((3, 16, 16)))
    study = study_of(tmp_path, tmp_path / "mine")
    told = run_snakemake(PROJECT, study, check=False)
    assert told.returncode == 1
    assert f"ERROR: {tmp_path / 'mine' / 'x_train.npy'}: expected the channels last, " in told.stderr
    assert not (study / "results").exists()
