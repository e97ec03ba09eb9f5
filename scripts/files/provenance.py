"""What made the results and when: everything that may differ between two runs of the same study."""

import csv
import json
import os
import platform
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from files.records import sha256

PACKAGES = (
    "snakemake",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "tabulate",
    "jinja2",
    "pydantic",
)

# What decides the results and is not in the record itself, as the config and the digests of the data are.
CODE = (
    "scripts/*.py",
    "workflow/Snakefile",
    "workflow/*.smk",
    "workflow/report/*.j*",
    "config/datasets.yaml",
    "config/published.yaml",
    "requirements.lock",
)


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def commit(project: Path) -> str:
    """Return the commit of the code, marked where `CODE` differs from it; "unknown" without a git checkout.

    Only the project's own `.git` counts: a folder above it may be anybody's repository. Git is given its path, so it
    does not ask who owns the checkout, nor which repository the caller's environment names.
    """
    place = [f"--git-dir={project / '.git'}", f"--work-tree={project}", "--no-optional-locks"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str:
        call = ["git", *place, "-c", "core.fileMode=false", *arguments]
        done = subprocess.run(
            call, cwd=project, env=environment, capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout.strip()

    try:
        changes = git("status", "--porcelain", "--untracked-files=all", "--", *CODE)
        return git("rev-parse", "--verify", "HEAD") + (" with local changes" if changes else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def time_by_rule(benchmarks: Path) -> dict[str, dict[str, float]]:
    """Return for each rule the number of jobs, their seconds in total and at most, and the largest memory (MB)."""
    columns = defaultdict(lambda: {"s": [], "max_rss": []})
    for path in sorted(benchmarks.glob("*/**/*.tsv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                for column, values in columns[path.relative_to(benchmarks).parts[0]].items():
                    try:
                        values.append(float(row[column]))
                    # "NA" or "-": the job ended before it could be measured; cut off: it was killed
                    except (ValueError, TypeError, KeyError):
                        continue
    return {
        rule: {
            "jobs": len(found["s"]),
            "seconds": round(sum(found["s"]), 1),
            "longest_seconds": round(max(found["s"], default=0), 1),
            "max_memory_mb": round(max(found["max_rss"], default=0)),
        }
        for rule, found in sorted(columns.items())
    }


def provenance(config: Path, raw: list[Path]) -> dict:
    """Gather versions, processor, commit, config, hashes of the data and time per rule."""
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(Path(__file__).resolve().parents[2]),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "data": {path.name: sha256(path) for path in raw},
        "rules": time_by_rule(config.parent / "benchmarks"),
        "config": json.loads(config.read_text(encoding="utf-8")),
    }
