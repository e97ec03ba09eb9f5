"""The study through a real Slurm of three nodes: the same bytes, whatever happens to jobs, nodes and Snakemake."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import slurm_cluster
from helpers.slurm_cluster import SlurmCluster, wait_for
from helpers.workflow import PROJECT, run_snakemake, write_config

PROFILES = PROJECT / "workflow" / "profiles"
# Two points of two seeds, two links each: 4 training jobs and 2 evaluations.
CHANGES = {
    "sweeps": {"units": [8, 16]},
    "baseline": {"units": 8, "epochs": 4},
    "figures.dpi": 50,
}
RUNS = ("results/runs",)
RESULTS = (*RUNS, "results/tables", "results/figures", "results/report.md", "results/plan.csv")
JOBS = 8  # of two networks: described, then trained and evaluated
FREQUENT_LOOKS = {
    "slurm": ("--slurm-init-seconds-before-status-checks", "1"),
    "cluster-generic": ("--seconds-between-status-checks", "1"),
}
TIMEOUT = 300

needs_slurm = pytest.mark.skipif(slurm_cluster.why_not() is not None, reason=slurm_cluster.why_not() or "")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the study's config, its data, and Snakemake's record of how these were made."""
    study = tmp_path_factory.mktemp("prepared") / "study"
    write_config(study, CHANGES)
    run_snakemake(PROJECT, study, "data")
    return study


@pytest.fixture(scope="module")
def local(prepared, tmp_path_factory):
    """The same study, made without a cluster."""
    study = shutil.copytree(prepared, tmp_path_factory.mktemp("local") / "study")
    run_snakemake(PROJECT, study)
    return study


@pytest.fixture
def study(prepared, tmp_path):
    """A folder with the study's config and data."""
    return shutil.copytree(prepared, tmp_path / "study")


def contents(study, names=RESULTS):
    paths = [path for name in names for path in [study / name, *(study / name).rglob("*")] if path.is_file()]
    return {str(path.relative_to(study)): path.read_bytes() for path in paths}


def call(study, profile, *arguments):
    return [
        *(sys.executable, "-m", "snakemake", "--profile", str(PROFILES / profile)),
        *("--snakefile", str(PROJECT / "workflow" / "Snakefile"), "--directory", str(study)),
        *FREQUENT_LOOKS[profile],
        *(*arguments, "--latency-wait", "5", "--configfile", str(study / "config.yaml")),
    ]


def on_cluster(study, profile, *arguments, check=True):
    result = subprocess.run(
        call(study, profile, *arguments), capture_output=True, text=True, timeout=TIMEOUT, cwd=PROJECT, check=False
    )
    if check and result.returncode:
        pytest.fail(f"ended with {result.returncode}:\n{result.stderr[-4000:]}", pytrace=False)
    return result


class Running:
    """Snakemake in the background, in a process group of its own."""

    def __init__(self, study, profile, *arguments):
        self.output = (study / "output.txt").open("w")
        self.process = subprocess.Popen(
            call(study, profile, *arguments),
            stdout=self.output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()
        self.output.close()

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def succeeds(self):
        assert self.process.wait(TIMEOUT) == 0, Path(self.output.name).read_text()[-4000:]


def new_jobs(cluster, before):
    """Return Slurm's record of the jobs since a number."""
    return [job for job in cluster.jobs() if int(job["JobId"]) > before]


def last_job(cluster):
    return max((int(job["JobId"]) for job in cluster.jobs()), default=0)


def running_job(cluster, before):
    """Return Slurm's record of a job since a number that runs, once there is one."""

    def find():
        return next((job for job in new_jobs(cluster, before) if job["JobState"] == "RUNNING"), None)

    return wait_for(find, "a job that runs", TIMEOUT)


def active(cluster):
    return [job for job in cluster.jobs() if job["JobState"] in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING")]


@needs_slurm
def test_same_bytes_as_without_a_cluster_from_several_nodes(cluster, local, study):
    before = last_job(cluster)
    on_cluster(study, "slurm")
    assert contents(study) == contents(local)
    jobs = new_jobs(cluster, before)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert len(jobs) == JOBS  # the rest ran beside Snakemake
    assert len({job["NodeList"] for job in jobs}) >= 2
    assert "Nothing to be done" in on_cluster(study, "slurm", "--dry-run").stdout


@needs_slurm
def test_a_chain_as_one_job_gives_the_same_bytes(cluster, local, study):
    before = last_job(cluster)
    on_cluster(study, "slurm", "--until", "evaluate", "--groups", "train=chain", "evaluate=chain")
    assert contents(study, RUNS) == contents(local, RUNS)
    assert [job["JobState"] for job in new_jobs(cluster, before)] == ["COMPLETED"] * 4  # two descriptions, two chains


@needs_slurm
@pytest.mark.parametrize("profile", ["slurm", "cluster-generic"])
def test_a_cancelled_job_and_a_node_that_goes_down_cost_a_retry_each(cluster, local, study, profile):
    before = last_job(cluster)
    with Running(study, profile) as snakemake:
        cancelled = running_job(cluster, before)
        subprocess.run(["scancel", cancelled["JobId"]], check=True, timeout=30)
        lost = running_job(cluster, int(cancelled["JobId"]))
        cluster.take_down(lost["NodeList"])
        snakemake.succeeds()
    jobs = new_jobs(cluster, before)
    states = {job["JobId"]: job["JobState"] for job in jobs}
    assert states.pop(cancelled["JobId"]) == "CANCELLED"
    assert states.pop(lost["JobId"]) == "NODE_FAIL"
    assert list(states.values()).count("COMPLETED") == JOBS
    assert len({job["NodeList"] for job in jobs}) >= 2
    assert contents(study) == contents(local)
    assert "Nothing to be done" in on_cluster(study, profile, "--dry-run").stdout


@needs_slurm
def test_too_much_memory_names_rule_and_reason(cluster, study):
    result = on_cluster(study, "slurm", "--set-resources", "train:mem_mb=1000000", check=False)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert re.search(r"sbatch failed.*(Memory|node configuration)", output, re.IGNORECASE)
    assert re.search(r"(Error|error).*rule train", output)
    assert "Traceback" not in output


@needs_slurm
def test_killed_snakemake_takes_up_what_is_there(cluster, local, study):
    """Jobs under way go on without it; what has finished, before the kill or after, is not trained again."""
    before = last_job(cluster)
    with Running(study, "slurm") as snakemake:
        wait_for(lambda: len(list(study.rglob("state.npz"))) >= 2, "two finished states", TIMEOUT)
        snakemake.signal(signal.SIGKILL)
        snakemake.process.wait()
    wait_for(lambda: not active(cluster), "jobs under way", TIMEOUT)
    finished = {path: path.stat().st_mtime_ns for path in study.rglob("state.npz")}
    assert 2 <= len(finished) < 4
    on_cluster(study, "slurm", "--unlock")
    on_cluster(study, "slurm")
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    trained = [job for job in new_jobs(cluster, before) if job["JobState"] == "COMPLETED"]
    assert len(trained) == JOBS
    assert contents(study) == contents(local)


@needs_slurm
def test_thousand_jobs_dry_run(cluster, study):
    rates = [round(0.0001 * step, 4) for step in range(1, 501)]
    write_config(study, {"sweeps": {"learning_rate": rates}, "baseline": {"units": 8, "epochs": 2}, "figures.dpi": 50})
    output = on_cluster(study, "slurm", "--dry-run", "--quiet", "rules").stdout
    counts = dict(re.findall(r"^(\w+) +(\d+)$", output, flags=re.MULTILINE))
    assert int(counts["train"]) + int(counts["evaluate"]) >= 1000
