"""Commands that only read, such as a dry run or `make plan`, leave a study's folder as it was, time stamps included."""

import hashlib
import os
import shutil
import subprocess

import pytest

from helpers.workflow import PROJECT, copy_project, run_snakemake, write_config

OTHER_CONFIGS = {
    "the same config": {},
    "another level": {"alpha": 0.1},
    "a sweep value more": {"sweeps.units": [8, 16, 24]},
}
READERS = {
    "snakemake --dry-run": ("--dry-run",),
    "snakemake --lint": ("--lint",),
    "snakemake --summary": ("--summary",),
}


def tree(folder):
    """Return size, SHA-256 and time stamp of everything below a folder but Snakemake's own, by path."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".snakemake"]
        for path in (os.path.join(place, name) for name in (*folders, *names)):
            status = os.lstat(path)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = status.st_size, hashlib.file_digest(file, "sha256").hexdigest()
            else:
                content = None
            found[os.path.relpath(path, folder)] = content, status.st_mtime_ns
    return found


def changes(before, after):
    """Return the paths that came, went or changed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study whose config lies outside, since a test edits it."""
    return shutil.copytree(finished[1], tmp_path / "study", ignore=shutil.ignore_patterns("config.yaml"))


def read(project, study, config, *arguments):
    """Run Snakemake in a study's folder with a config that lies elsewhere; returns what it prints."""
    done = run_snakemake(project, study, *arguments, config=config, check=False)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("settings", OTHER_CONFIGS.values(), ids=OTHER_CONFIGS)
@pytest.mark.parametrize("arguments", READERS.values(), ids=READERS)
def test_snakemake_reads_a_finished_study(finished, study, tmp_path, arguments, settings):
    write_config(tmp_path, settings)
    before = tree(study)
    printed = read(finished[0], study, tmp_path / "config.yaml", *arguments)
    assert changes(before, tree(study)) == []
    if arguments == ("--dry-run",):
        assert ("Nothing to be done" in printed) == (settings == {})
    elif arguments == ("--summary",):
        assert "results/tables/runs.csv" in printed


@pytest.mark.parametrize("arguments", READERS.values(), ids=READERS)
def test_snakemake_reads_an_empty_folder(finished, tmp_path, arguments):
    write_config(tmp_path)
    study = tmp_path / "study"
    study.mkdir()
    read(finished[0], study, tmp_path / "config.yaml", *arguments)
    assert set(os.listdir(study)) <= {".snakemake"}


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make runs in the environment it makes")
@pytest.mark.parametrize("target", ["plan", "check"])
@pytest.mark.parametrize("place", ["finished", "empty"])
def test_make_reads_a_study(study, tmp_path, target, place):
    """Of a config that asks for more than there is."""
    project = copy_project(tmp_path / "project")
    shutil.copy(PROJECT / "Makefile", project)
    (project / ".venv").symlink_to(PROJECT / ".venv")
    write_config(tmp_path, {"sweeps.units": [8, 16, 24]})
    folder = study
    if place == "empty":
        folder = tmp_path / "empty"
        folder.mkdir()
    before = tree(folder)
    call = ["make", "--old-file=.venv/installed", target, f"CONFIG={tmp_path / 'config.yaml'}", f"FOLDER={folder}"]
    done = subprocess.run(call, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("to train" if target == "plan" else "The config is sound") in done.stdout
    assert changes(before, tree(folder)) == []
    assert not (project / "results").exists()
