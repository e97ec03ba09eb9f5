"""What a cluster adds to a training: `.venv/bin/python benchmarks/cluster.py DATA_STUDY` (root; starts a Slurm here).

The baseline of the default study, four seeds of five epochs on the real data, in blocks of one, two and four seeds, two
jobs at a time through profiles/slurm. For each block size: seconds of the whole run, seconds Slurm's jobs took, seconds
of the scripts within (Snakemake's benchmark files). What lies between the last two is Slurm's and Snakemake's own.
DATA_STUDY is a study folder whose data are complete (`snakemake data`).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

import race
import study as study_benchmark

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

from helpers.slurm_cluster import SlurmCluster, why_not  # noqa: E402 - lies beside the tests

SEEDS = 4


def config(seeds_per_job: int) -> dict:
    """Return the study's configuration."""
    return {
        "dataset": "mnist",
        "baseline": race.BASELINES["dense"],
        "replicates": SEEDS,
        "seeds_per_job": seeds_per_job,
    }


def snakemake_call(study: Path) -> list[str]:
    """Return the command a user of the cluster types, with two jobs in flight."""
    return [
        *(sys.executable, "-m", "snakemake", "--profile", str(PROJECT / "workflow" / "profiles" / "slurm")),
        *("--jobs", "2", "--slurm-init-seconds-before-status-checks", "1"),
        *("--snakefile", str(PROJECT / "workflow" / "Snakefile"), "--directory", str(study)),
        *("--until", "evaluate", "--configfile", str(study / "config.yaml")),
    ]


def seconds_of(duration: str) -> int:
    """Return the seconds of Slurm's `[days-]hours:minutes:seconds`."""
    days, clock = duration.split("-") if "-" in duration else ("0", duration)
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((int(days) * 24 + hours) * 60 + minutes) * 60 + seconds


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_study", type=Path)
    arguments = parser.parse_args()
    if reason := why_not():
        sys.exit(f"ERROR: {reason}")
    print("| seeds a job | jobs | whole run, s | in Slurm's jobs, s | in training and evaluation, s |")
    print("|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        cluster = SlurmCluster(Path(folder) / "slurm")
        try:
            cluster.start()
            for seeds_per_job in (1, 2, 4):
                study = Path(folder) / f"study-{seeds_per_job}"
                race.copy_data(arguments.data_study.resolve(), study)
                (study / "config.yaml").write_text(yaml.safe_dump(config(seeds_per_job)), encoding="utf-8")
                before = len(cluster.jobs())
                start = time.perf_counter()
                subprocess.run(snakemake_call(study), check=True, capture_output=True, cwd=PROJECT)
                whole = time.perf_counter() - start
                jobs = cluster.jobs()[before:]
                in_jobs = sum(seconds_of(job["RunTime"]) for job in jobs)
                scripts = sum(
                    float(row["s"]) for rule in ("train", "evaluate") for row in study_benchmark.records(study, rule)
                )
                print(f"| {seeds_per_job} | {len(jobs)} | {whole:.0f} | {in_jobs} | {scripts:.0f} |", flush=True)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
