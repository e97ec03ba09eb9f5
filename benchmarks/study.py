"""A whole study and small edits of it, as a user types them: `.venv/bin/python benchmarks/study.py FOLDER [CONFIG …]`.

FOLDER must not exist yet: it gets a copy of the project that uses this project's environment. There `make` is timed:
the study from nothing but its data, then again after nothing, after a word in the report's template, and after one
learning rate more in the config. Rows go to results/performance/study.csv, beside the study's limit.
"""

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import limit
import measurements

PROJECT = Path(__file__).resolve().parents[1]
COPIED = ("config", "scripts", "workflow", "Makefile", "requirements.lock", "environment.yml")
REPEATS = 3


def copy_project(folder: Path) -> None:
    """Copy what `make` needs; the environment is a link."""
    folder.mkdir(parents=True)
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(PROJECT / ".venv")


def make(folder: Path, *arguments: str) -> float:
    """Run `make` in a copy of the project, whose environment is not to be renewed; returns its seconds."""
    start = time.perf_counter()
    with (folder / "output.txt").open("a") as output:
        subprocess.run(
            ["make", "--old-file=.venv/installed", *arguments],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return time.perf_counter() - start


def records(folder: Path, rule: str, since: float = 0) -> list[dict[str, str]]:
    """Return Snakemake's records of a rule's jobs that ended after a time, in seconds since 1970."""
    paths = [path for path in folder.glob(f"results/benchmarks/{rule}/**/*.tsv") if path.stat().st_mtime > since]
    found = []
    for path in paths:
        with path.open(newline="") as file:
            found += csv.DictReader(file, delimiter="\t")
    return found


def study_limit(plan: Path) -> float:
    """Return the limit of a study in seconds: every point to its longest training, and every evaluation."""
    chains: dict[tuple[str, str], list[dict]] = {}
    for row in measurements.read(plan):
        chains.setdefault((row["point"], row["first_seed"]), []).append(row)
    work: dict[int, int] = {}
    for rows in chains.values():
        units, seeds = int(rows[0]["units"]), int(rows[0]["last_seed"]) - int(rows[0]["first_seed"]) + 1
        evaluations = sum(bool(row["wanted_by"]) for row in rows)
        operations = limit.operations(units, max(int(row["epochs"]) for row in rows), evaluations)
        work[units] = work.get(units, 0) + seeds * operations
    return sum(operations / limit.rate_of_all_cores(units) for units, operations in work.items())


def add_learning_rate(config: Path, value: float) -> None:
    """Add a learning rate to the sweep of the default config.

    Raises:
        ValueError: if the config has no such line.
    """
    text = config.read_text(encoding="utf-8")
    edited = text.replace("  learning_rate: [", f"  learning_rate: [{value}, ", 1)
    if edited == text:
        raise ValueError(f"expected a line `learning_rate: […]` under `sweeps`. Received: {config}")
    config.write_text(edited, encoding="utf-8")


def edit_template(template: Path) -> None:
    """Add a word to the report."""
    template.write_text(template.read_text(encoding="utf-8") + "\nEdited.\n", encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("configs", nargs="*", default=["config/config.yaml"], help="paths within the project")
    parser.add_argument("--output", type=Path, default=PROJECT / "results" / "performance" / "study.csv")
    arguments = parser.parse_args()
    folder, config = arguments.folder, f"CONFIG={' '.join(arguments.configs)}"
    copy_project(folder)
    path = f"{folder.resolve()}/.venv/bin:{os.environ['PATH']}"
    snakemake = [
        ".venv/bin/snakemake",
        "data",
        "results/plan.csv",
        "--cores",
        "all",
        "--configfile",
        *arguments.configs,
    ]
    subprocess.run(snakemake, cwd=folder, check=True, env=os.environ | {"PATH": path})

    def tell(step: str, seconds: float, training: float, limit_seconds: float = 0) -> None:
        row = {"seconds": seconds, "training_seconds": training, "limit_seconds": limit_seconds}
        measurements.add(arguments.output, step=step, **{name: f"{value:.1f}" for name, value in row.items()})
        print(f"{step}: {seconds:.1f} s; jobs of training and evaluation {training:.1f} s", flush=True)

    def seconds_of_training(since: float) -> float:
        return sum(float(row["s"]) for rule in ("train", "evaluate") for row in records(folder, rule, since))

    # The speed of a shared machine drifts: the rate before the study and after it, of which the mean stands.
    plan = folder / "results" / "plan.csv"
    before = study_limit(plan)
    seconds = make(folder, config)
    tell("study", seconds, seconds_of_training(0), statistics.mean((before, study_limit(plan))))
    memory = max(float(row["max_rss"]) for row in records(folder, "train"))
    size = sum(path.stat().st_size for path in (folder / "results").rglob("*") if path.is_file())
    print(f"largest training job: {memory:.0f} MB; results: {size / 1e6:.0f} MB")
    tell("nothing changed", statistics.median(make(folder, config) for _ in range(REPEATS)), 0)
    edit_template(folder / "workflow" / "report" / "report.md.j2")
    tell("template edited", make(folder, config), 0)
    before = time.time()
    add_learning_rate(folder / "config" / "config.yaml", 0.002)
    tell("one learning rate added", make(folder, config), seconds_of_training(before))


if __name__ == "__main__":
    main()
