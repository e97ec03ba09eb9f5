"""A small study to disturb: started as `make` does, interrupted, started again, held against an undisturbed one."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import psutil
import pytest
import yaml

from helpers.workflow import copy_project

RESULTS = ("results/tables", "results/figures", "results/runs", "results/report.md", "results/plan.csv")
LAST_POINT = "units=16,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
SUMMARY = ("results/tables", "results/figures", "results/report.md", "results/report.html", "results/provenance.json")


def contents(folder):
    """Return the bytes of a study's results that must not differ, by path; what another run is writing is left out."""
    paths = [path for name in RESULTS for path in (folder / name, *(folder / name).rglob("*"))]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if path.is_file() and not path.name.startswith(".")
    }


def unfinished(folder):
    """Return the temporary files and folders that lie in a study's results."""
    return [path.name for path in (folder / "results").rglob(".*") if "part" in path.name]


def restore_signals():
    """Restore the signals that nohup or a background job of a shell makes the tests' process ignore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@dataclass
class Run:
    """A run under way, with its output."""

    process: subprocess.Popen
    output: BinaryIO

    def jobs(self, script=""):
        """Return the processes of the scripts that are at work."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        found = []
        for process in below:
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            if len(words) > 1 and words[1].endswith(f"{script}.py") and "scripts" in words[1]:
                found.append(process)
        return found

    def wait_for_job(self, script, seconds=90):
        """Wait until a script is at work; returns its process."""
        latest = time.monotonic() + seconds
        while not (found := self.jobs(script)):
            assert self.process.poll() is None, f"ended before {script} began: {self.printed()}"
            assert time.monotonic() < latest, f"{script} does not begin: {self.printed()}"
            time.sleep(0.02)
        return found[0]

    def signal(self, number, everyone=True):
        """Send a signal to the whole process group, as Ctrl-C in a terminal does, or to the first process alone."""
        (os.killpg if everyone else os.kill)(self.process.pid, number)

    def end(self, seconds=300):
        """Wait for the end; returns exit code and everything printed."""
        code = self.process.wait(seconds)
        return code, self.printed()

    def printed(self):
        """Return everything printed so far."""
        return os.pread(self.output.fileno(), 10_000_000, 0).decode(errors="replace")


@dataclass
class DisturbedStudy:
    """A copy of the project with a study in it."""

    project: Path

    def start(self, *options, cores=2, environment=None, command=None, **popen):
        """Start the study as `make` does, in a process group of its own."""
        call = command or [sys.executable, "scripts/run_study.py", "config/config.yaml", "--memory-mb", "5000"]
        call = [*call, "--cores", str(cores), *options]
        output = TemporaryFile()  # noqa: SIM115 - closed with the run; not on the disk of the study, which may be full
        process = subprocess.Popen(
            call,
            cwd=self.project,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=restore_signals,
            **popen,
        )
        return Run(process, output)

    def run(self, *options, **settings):
        """Run to the end; returns exit code and everything printed."""
        return self.start(*options, **settings).end()

    def snakemake(self, *options, **settings):
        """Run a bare `snakemake`."""
        return self.run(*options, command=SNAKEMAKE, **settings)

    def configure(self, config):
        """Write config/config.yaml."""
        (self.project / "config" / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def forget(self, *names):
        """Remove results, so that the next run must make them."""
        for name in names:
            path = self.project / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def new_study(folder, config):
    """Return a study of which nothing is made yet."""
    study = DisturbedStudy(copy_project(folder))
    study.configure(config)
    return study


def copy_of(finished, folder):
    """Return a copy of the finished study, in a project of its own."""
    config = yaml.safe_load((finished[1] / "config.yaml").read_text(encoding="utf-8"))
    study = new_study(folder, config)
    for name in ("results", ".snakemake"):
        shutil.copytree(finished[1] / name, study.project / name)
    return study


def with_work_left(finished, folder):
    """Return a copy of the finished study in which one point must still be trained, and everything after it made."""
    study = copy_of(finished, folder)
    study.forget(f"results/runs/{LAST_POINT}", *SUMMARY)
    return study


def follow_errors(run, folder, most=6):
    """Run a study, and follow the instructions of its errors, until a run succeeds; returns the number of runs.

    Args:
        run: runs it once and returns exit code and everything printed.
        folder: the working directory.
        most: runs, of which the last must succeed.
    """
    for count in range(1, most + 1):
        code, printed = run()
        if code == 0:
            return count
        assert "Traceback" not in printed
        errors = re.findall(r"^ *ERROR: (.*)$", printed, re.MULTILINE)
        assert errors, printed
        for record in {match[1] for line in errors if (match := re.search(r"Delete (\S+) and run again", line))}:
            (folder / record).unlink(missing_ok=True)
    pytest.fail(f"still failing after {count} runs: {errors}")


@contextmanager
def disk_at(folder, *options):
    """Mount a separate disk at a folder; the test is skipped on machines that cannot mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("mount") is None:
        pytest.skip("no mount here")
    call = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def kill_at_random(run, moments: random.Random, longest):
    """Kill Snakemake, a job or both after at most so many seconds.

    Returns:
        What was killed: "Snakemake", "both", or the script of the job; None at the run's end.
    """
    victim = moments.choice(["Snakemake", "a job", "both"])
    latest = time.monotonic() + moments.uniform(0, longest)
    while time.monotonic() < latest:
        if run.process.poll() is not None:
            return None
        time.sleep(0.01)
    jobs = run.jobs()
    if victim != "Snakemake" and not jobs:
        return kill_at_random(run, moments, longest)
    try:
        if victim == "Snakemake":
            run.signal(signal.SIGKILL, everyone=False)
        elif victim == "both":
            run.signal(signal.SIGKILL)
        else:
            job = moments.choice(jobs)
            victim = Path(job.cmdline()[1]).stem
            job.kill()
    except (ProcessLookupError, psutil.Error, IndexError):  # it has just ended by itself
        return None
    return victim
