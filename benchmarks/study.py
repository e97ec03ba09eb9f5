"""Run a study from nothing and say what it took: `.venv/bin/python benchmarks/study.py FOLDER [config.yaml …]`.

FOLDER must not exist yet; the study runs in it on all cores. Prints time, jobs, memory of the largest training job and
size of the results, from Snakemake's own benchmark files.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def run_study(folder: Path, configs: list[Path]) -> float:
    """Run data and study in a new folder; returns the seconds of the study alone, data already there."""
    folder.mkdir(parents=True)
    call = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "workflow" / "Snakefile")]
    call += [
        "--directory",
        str(folder),
        "--configfile",
        *(str(config.resolve()) for config in configs),
        "--cores",
        "all",
    ]
    subprocess.run([*call, "--", "data"], check=True)
    start = time.perf_counter()
    subprocess.run(call, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("configs", type=Path, nargs="*", default=[PROJECT / "config" / "config.yaml"])
    arguments = parser.parse_args()
    seconds = run_study(arguments.folder, arguments.configs)
    results = arguments.folder / "results"
    rules = json.loads((results / "provenance.json").read_text(encoding="utf-8"))["rules"]
    size = sum(path.stat().st_size for path in results.rglob("*") if path.is_file())
    jobs = ", ".join(f"{rule} {found['jobs']}" for rule, found in rules.items())
    print(f"study: {seconds:.0f} s; jobs: {jobs}")
    print(f"largest training job: {rules['train']['max_memory_mb']} MB; results: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
