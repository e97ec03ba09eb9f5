"""One run at a time in a folder: what a start stops, removes and corrects, and what it leaves alone."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.workflow import PROJECT
from running import guard

BEGIN = "import sys, time; from pathlib import Path; from running import guard; guard.begin(Path()); "
UNLOCK = BEGIN.replace("Path())", "Path(), unlock=True)")


def run(folder, then="", begin=BEGIN):
    """Run a study that does something, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")}
    call = [sys.executable, "-c", begin + then]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def run_at_work(folder, then="time.sleep(600)"):
    """A run at work; it is killed in the end."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")}
    call = [sys.executable, "-c", f"{BEGIN}print(flush=True); {then}"]
    with subprocess.Popen(call, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path):
    """A study's folder with some results, and Snakemake's record of them."""
    for name in ("results/runs/a/state.npz", "results/data/mnist/raw/images", ".snakemake/metadata/a"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    return tmp_path


WELL = "guard.note_success(Path())"


def put_partial_files(folder):
    """Put files as a kill leaves them; returns them."""
    data = folder / "results" / "data"
    (data / ".part-0").mkdir()
    (data / ".part-0" / "images").write_bytes(b"half")
    (data / ".x_train.npy.0.part").write_bytes(b"half")
    return [data / ".part-0", data / ".x_train.npy.0.part"]


def state(folder):
    """Return every file's content and time stamp, Snakemake's own aside."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".snakemake" not in path.parts)
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_second_run_is_refused_until_the_first_has_ended(folder):
    with run_at_work(folder) as first:
        before = state(folder)
        done = run(folder)
        assert done.returncode == 1
        assert done.stderr.startswith(f"ERROR: another run is at work in {folder} (process {first.pid} on ")
        assert len(done.stderr.splitlines()) == 1
        assert state(folder) == before
    assert run(folder).returncode == 0


def test_begin_twice_in_a_process_is_one_run(folder):
    done = run(folder, "a = guard._held.copy(); guard.begin(Path()); print(a == guard._held)")
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_after_a_run_that_succeeded_nothing_is_looked_for(folder):
    """Not even what a killed run would have left: the time of a start does not grow with the results."""
    assert run(folder, WELL).returncode == 0
    partial = put_partial_files(folder)
    before = state(folder)
    done = run(folder, "guard.os.walk = None")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(path.exists() for path in partial)
    assert state(folder) == before


@pytest.mark.parametrize(
    "end",
    [
        "guard.os.kill(guard.os.getpid(), 9)",
        "",  # nobody said that it ended well: a second Ctrl-C, for example
        f"{WELL}; guard.explain_failure(Path())",
    ],
)
def test_partial_files_go_after_a_run_that_was_killed_or_failed(folder, end):
    run(folder, end)
    partial = put_partial_files(folder)
    done = run(folder)
    assert "did not finish. Stopped 0 leftover processes, removed 2 partial files." in done.stderr
    assert not any(path.exists() for path in partial)


def test_a_run_whose_record_was_cut_off_counts_as_failed(folder):
    run(folder, f"{WELL}; guard.os.truncate(guard.LOCK, 0); guard.os._exit(0)")
    late = folder / "results" / "runs" / "a" / "state.npz"
    os.utime(late, (4e9, 4e9))
    run(folder)
    assert late.stat().st_mtime < 4e9


def test_jobs_of_a_killed_run_are_stopped(folder):
    job = "import subprocess; print(subprocess.Popen(['sleep', '600'], stdout=-3).pid, flush=True); time.sleep(600)"
    with run_at_work(folder, job) as first:
        pid = int(first.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    done = run(folder)
    assert f"(process {first.pid} on {socket.gethostname()}, started " in done.stderr
    assert "Stopped 1 leftover process, removed 0 partial files." in done.stderr
    assert not Path(f"/proc/{pid}").exists()


def snakemake_lock(folder):
    lock = folder / guard.SNAKEMAKE_LOCKS / "0.output.lock"
    lock.parent.mkdir()
    lock.touch()
    return lock


def test_unlock_removes_snakemakes_lock_if_its_maker_ran_here(folder):
    run(folder)
    lock = snakemake_lock(folder)
    assert run(folder, begin=UNLOCK).returncode == 0
    assert not lock.exists()


def test_without_unlock_snakemakes_lock_and_partial_files_stay(folder):
    """A killed Snakemake may have jobs at work on a cluster."""
    run(folder, "guard.os.kill(guard.os.getpid(), 9)")
    lock, partial = snakemake_lock(folder), put_partial_files(folder)
    done = run(folder)
    assert done.returncode == 1
    assert "is locked by Snakemake (process " in done.stderr
    assert "run `snakemake --unlock` and try again." in done.stderr
    assert lock.exists()
    assert all(path.exists() for path in partial)


def test_snakemakes_lock_of_an_unknown_run_or_of_another_machine_stays(folder):
    lock = snakemake_lock(folder)
    assert f"{folder} is locked by Snakemake (an unknown run)" in run(folder, begin=UNLOCK).stderr
    record = {"name": "x", "host": "elsewhere", "process": 7, "began": "2025-01-01 00:00"}
    (folder / guard.LOCK).write_text(json.dumps(record))
    assert "(process 7 on elsewhere, started 2025-01-01 00:00)" in run(folder, begin=UNLOCK).stderr
    assert lock.exists()


def stamp(path, seconds):
    os.utime(path, (time.time() + seconds,) * 2)


def test_future_time_stamps_come_back_in_their_order(tmp_path):
    names = {"old": -100, "first": 3600, "second": 3601, "third": 7200}
    for name, ahead in names.items():
        (tmp_path / name).touch()
        stamp(tmp_path / name, ahead)
    guard.set_back_future_time_stamps(tmp_path)
    changed = {name: (tmp_path / name).stat().st_mtime for name in names}
    assert changed["first"] < changed["second"] < changed["third"] < time.time()
    assert changed["old"] == pytest.approx(time.time() - 100, abs=10)


def test_a_clock_set_back_is_seen_by_the_lock(folder):
    run(folder)
    result = folder / "results" / "runs" / "a" / "state.npz"
    for path in (result, folder / guard.LOCK):
        stamp(path, 3600)
    run(folder)
    assert result.stat().st_mtime < time.time()


def test_without_snakemakes_record_everything_is_stale(folder):
    result, raw = (
        folder / "results" / "runs" / "a" / "state.npz",
        folder / "results" / "data" / "mnist" / "raw" / "images",
    )
    stamp(result, 3600)
    (folder / ".snakemake" / "metadata" / "a").unlink()
    done = run(folder)
    assert done.stderr == f"NOTE: {guard.RECORD_IS_GONE}.\n"
    assert result.stat().st_mtime < raw.stat().st_mtime <= time.time()


def test_a_folder_that_cannot_be_written_to_gets_one_line(tmp_path, monkeypatch):
    def refuse(dir):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(guard.tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(guard.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(SystemExit) as end:
        guard.begin(tmp_path)
    reason = "No space left on device. Fix this and run again; finished results are kept."
    assert end.value.code == f"ERROR: {tmp_path} cannot be written to: {reason}"


def test_a_failure_is_explained_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(guard, "write_problem", lambda folder: f"{folder} is full.")
    for _ in range(2):
        guard.explain_failure(tmp_path)
    assert capsys.readouterr().err == f"ERROR: {tmp_path} is full.\n"
