"""A disk that is full or read-only, a quota used up: one clear line, no partial file; the same command continues."""

import os
import resource
import shutil
import subprocess
import sys
from contextlib import ExitStack, suppress

import numpy as np
import psutil
import pytest

from files.atomic import atomic_path
from helpers.disturbed_study import SNAKEMAKE, contents, disk_at, new_study, unfinished
from helpers.workflow import PROJECT, SMALL_STUDY
from running import guard

RULES = ("download", "preprocess", "train", "evaluate", "aggregate", "resample", "check_published", "plot", "report")


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a disk of so many bytes."""
    with ExitStack() as mounted:
        yield lambda size: mounted.enter_context(disk_at(tmp_path / "disk", f"size={size}"))


def fill(folder, leave=0):
    """Fill a disk up but for some bytes; returns the file to remove."""
    filling = folder / "filling"
    left = os.statvfs(folder)
    with suppress(OSError), filling.open("wb", buffering=0) as file:  # others may write at the same time
        for _ in range((left.f_bavail * left.f_frsize - leave) // 4_096):
            file.write(bytes(4_096))
    return filling


def refused(path):
    """Write an array of 100,000 bytes; returns the line printed."""
    with pytest.raises(SystemExit) as end, atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.zeros(12_500))
    return end.value.code


def test_full_disk_gets_one_line_and_no_file(small_disk):
    folder = small_disk(2_000_000)
    filling = fill(folder, leave=50_000)
    line = refused(folder / "x.npy")
    assert line.startswith(f"ERROR: {folder}/x.npy cannot be written: ")
    assert "is the disk full" in line  # numpy gives no reason
    assert "\n" not in line
    assert list(folder.iterdir()) == [filling]
    assert "No space left on device" in guard.write_problem(folder)
    filling.unlink()
    with atomic_path(folder / "x.npy") as temporary, temporary.open("wb") as file:
        np.save(file, np.zeros(12_500))
    np.testing.assert_array_equal(np.load(folder / "x.npy"), np.zeros(12_500))
    assert guard.write_problem(folder) is None


def test_old_file_stays_when_the_new_one_does_not_fit(small_disk):
    folder = small_disk(1_000_000)
    (folder / "x.npy").write_bytes(b"old")
    fill(folder, leave=50_000)
    refused(folder / "x.npy")
    assert (folder / "x.npy").read_bytes() == b"old"


def test_read_only_disk_gets_one_line(small_disk):
    folder = small_disk(1_000_000)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    assert refused(folder / "x.npy").startswith(f"ERROR: {folder}/x.npy cannot be written: Read-only file system.")
    assert "Read-only file system" in guard.write_problem(folder)


def limit_files(size):
    """Return a function that limits the size of every file a process writes: what a quota looks like to it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_limit_like_a_quota_gets_one_line(tmp_path):
    code = (
        "from files.atomic import atomic_path; from pathlib import Path; import numpy as np\n"
        "with atomic_path(Path('x.npz')) as t, t.open('wb') as f: np.savez(f, loss=np.zeros(12_500))"
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")}
    call = [sys.executable, "-c", code]
    done = subprocess.run(
        call, cwd=tmp_path, env=environment, preexec_fn=limit_files(50_000), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: x.npz cannot be written: File too large.")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_bytecode_cut_off_by_a_full_disk_goes(small_disk, tmp_path):
    """Python before 3.12.8 and 3.13.1 leaves it behind, and fails on it ever after."""
    scripts = small_disk(1_000_000)
    (scripts / "running").mkdir()
    shutil.copy(PROJECT / "scripts" / "running" / "guard.py", scripts / "running")
    (scripts / "long.py").write_text("\n".join(f"x{number} = {number}" for number in range(10_000)))
    filling = fill(scripts, leave=40_000)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(code):
        call = [sys.executable, "-c", code]
        return subprocess.run(call, cwd=scripts, env=environment, capture_output=True, text=True, check=False)

    assert (
        "No space left on device"
        in run("import long, pathlib; from running import guard; guard.begin(pathlib.Path())").stderr
    )
    filling.unlink()
    assert run("import long").returncode == 0


def full(results):
    fill(results)
    return "No space left on device"


def read_only(results):
    subprocess.run(["mount", "-o", "remount,ro", str(results)], check=True)
    return "Read-only file system"


@pytest.mark.parametrize("make_unusable", [full, read_only])
@pytest.mark.parametrize("command", [None, pytest.param(SNAKEMAKE, marks=pytest.mark.long)], ids=["make", "snakemake"])
def test_results_alone_on_a_disk_that_cannot_be_written(tmp_path, make_unusable, command):
    """One line that names the folder, and nothing is begun; the working directory's own disk is fine."""
    study = new_study(tmp_path / "project", SMALL_STUDY)
    with disk_at(study.project / "results", "size=2000000") as results:
        reason = make_unusable(results)
        before = sorted(results.rglob("*"))
        code, printed = study.run(command=command)
        assert sorted(results.rglob("*")) == before
    assert code != 0
    assert [line for line in printed.splitlines() if "ERROR" in line or reason in line] == [
        f"ERROR: {results} cannot be written to: {reason}. Fix this and run again; finished results are kept."
    ]
    assert "Traceback" not in printed


@pytest.fixture
def on_small_disk(small_disk):
    """A study of which nothing is made yet, on a disk of 60 MB."""
    return new_study(small_disk(60_000_000) / "project", SMALL_STUDY)


def disturb(study, expected, rule, fault, end_of_fault):
    """Run until a rule is at work, let something happen to it, and see that it says so and leaves nothing half done.

    Returns everything printed.
    """
    run = study.start("--forcerun", rule)
    fault(run.wait_for_job(rule))
    code, printed = run.end()
    end_of_fault()
    assert code != 0, printed
    assert has_line(printed), printed
    assert unfinished(study.project) == []
    now = contents(study.project)
    assert [path for path in now if now[path] != expected.get(path)] == []
    return printed


def has_line(printed):
    """Whether one line says what is wrong; numpy does not tell a full disk from a quota."""
    reasons = ("No space left on device", "File too large", "is the disk full")
    return any(line.startswith("ERROR: ") and any(map(line.__contains__, reasons)) for line in printed.splitlines())


@pytest.mark.long
def test_disk_full_before_and_in_each_rule(finished, on_small_disk):
    study, expected = on_small_disk, contents(finished[1])
    for rule in RULES:
        filling = fill(study.project.parent)
        code, printed = study.run()
        assert code != 0
        assert [line for line in printed.splitlines() if "No space left on device" in line] == [
            f"ERROR: {study.project} cannot be written to: No space left on device. "
            "Fix this and run again; finished results are kept."
        ]
        assert "Traceback" not in printed
        filling.unlink()
        # Snakemake itself, which cannot write its own log then, may show tracebacks besides.
        disturb(study, expected, rule, lambda _: fill(study.project.parent), filling.unlink)
        code, printed = study.run("--until", rule)
        assert code == 0, printed
    assert study.run()[0] == 0
    assert contents(study.project) == expected


@pytest.mark.long
def test_results_alone_on_a_disk_that_fills_up_while_training(finished, tmp_path):
    study, expected = new_study(tmp_path / "project", SMALL_STUDY), contents(finished[1])
    with disk_at(study.project / "results", "size=60000000") as results:
        printed = disturb(study, expected, "train", lambda _: fill(results), (results / "filling").unlink)
        assert printed.count(f"ERROR: {results} cannot be written to: No space left on device") == 1
        assert study.run()[0] == 0
        assert contents(study.project) == expected


# What a rule's files do not fit into and the line that says so does, in bytes.
QUOTAS = {"aggregate": 700, "resample": 400, "check_published": 300}


def quota(size):
    """Return a function that limits the size of every file a job at work may write."""
    return lambda job: job.rlimit(psutil.RLIMIT_FSIZE, (size, size))


@pytest.mark.long
def test_quota_used_up_in_each_rule(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # which Python would cut off before any script starts
    study, expected = new_study(tmp_path / "project", SMALL_STUDY), contents(finished[1])
    for rule in RULES:
        assert "Traceback" not in disturb(study, expected, rule, quota(QUOTAS.get(rule, 4_000)), lambda: None)
        code, printed = study.run("--until", rule)
        assert code == 0, printed
    assert study.run()[0] == 0
    assert contents(study.project) == expected


@pytest.mark.long
def test_disk_turned_read_only(finished, on_small_disk):
    study = on_small_disk
    assert study.run("--until", "train")[0] == 0
    folder = str(study.project.parent)
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    code, printed = study.run()
    assert code != 0
    assert [line for line in printed.splitlines() if "Read-only file system" in line] == [
        f"ERROR: {study.project} cannot be written to: Read-only file system. "
        "Fix this and run again; finished results are kept."
    ]
    assert "Traceback" not in printed
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    assert study.run()[0] == 0
    assert contents(study.project) == contents(finished[1])
