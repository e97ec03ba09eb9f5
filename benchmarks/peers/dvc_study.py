"""The runs as a DVC pipeline, then with one learning rate more: dvc_study.py FOLDER DATA RUNS [--jit].

FOLDER must not exist yet: it becomes a DVC project without git. A stage of `foreach` trains the seeds of one point, the
last stage writes a table of means. Prints the seconds of both reproductions as JSON.

DVC runs stages one after the other; to run them side by side its documentation says to start `dvc repro` several times
at once ("Parallel stage execution"). That is done here: one process a core, each with its share of the points and
single-threaded training, then one for the rest. The trainings are those of the tuned programs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import keras_run
import yaml

NEW_LEARNING_RATE = 0.0005
SCRIPTS = ("keras_run.py", "dvc_train.py", "dvc_summary.py")


def points_of(runs: list[keras_run.Run]) -> dict[str, dict]:
    """Return the points of params.yaml: runs that differ in nothing but the seed are one point with `seeds`.

    A point's name is its number, since DVC reads a dot in it as a level of params.yaml.
    """
    seeds: dict[tuple, list[int]] = {}
    for run in runs:
        point = tuple((name, value) for name, value in run.items() if name != "seed")
        seeds.setdefault(tuple(sorted(point)), []).append(run["seed"])
    return {f"point{number:03d}": dict(point) | {"seeds": found} for number, (point, found) in enumerate(seeds.items())}


def with_new_learning_rate(points: dict[str, dict]) -> dict[str, dict]:
    """Return the points and one more: the first one with a learning rate that no point has.

    Raises:
        ValueError: if a point has it.
    """
    if any(point["learning_rate"] == NEW_LEARNING_RATE for point in points.values()):
        raise ValueError(f"no run may have the learning rate {NEW_LEARNING_RATE}, which the second reproduction adds")
    return points | {f"point{len(points):03d}": points["point000"] | {"learning_rate": NEW_LEARNING_RATE}}


def pipeline(data: Path, jit: bool) -> dict:
    """Return the content of dvc.yaml."""
    train = f"{sys.executable} dvc_train.py ${{key}} {data} metrics/${{key}}.csv" + (" --jit" if jit else "")
    return {
        "stages": {
            "train": {
                "foreach": "${points}",
                "do": {
                    "cmd": train,
                    "params": ["points.${key}"],
                    "deps": ["keras_run.py", "dvc_train.py", str(data)],
                    "outs": ["metrics/${key}.csv"],
                },
            },
            "summary": {
                "cmd": f"{sys.executable} dvc_summary.py metrics summary.csv",
                "deps": ["dvc_summary.py", "metrics"],
                "outs": ["summary.csv"],
            },
        }
    }


def dvc(folder: Path, *arguments: str) -> subprocess.Popen:
    """Start DVC in a project; it tells nobody and looks for no new version of itself."""
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    return subprocess.Popen([sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment, stdout=sys.stderr)


def finish(*processes: subprocess.Popen) -> None:
    """Wait for processes.

    Raises:
        subprocess.CalledProcessError: if one of them failed.
    """
    for process in processes:
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, process.args)


def make_project(folder: Path, data: Path, jit: bool) -> None:
    """Make the DVC project: scripts and dvc.yaml."""
    folder.mkdir(parents=True)
    finish(dvc(folder, "init", "--no-scm", "--quiet"))
    for key, value in {"analytics": "false", "check_update": "false", "site_cache_dir": ".dvc/site"}.items():
        finish(dvc(folder, "config", f"core.{key}", value))
    for script in SCRIPTS:
        shutil.copy(Path(__file__).with_name(script), folder)
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline(data, jit), sort_keys=False), encoding="utf-8")


def reproduce(folder: Path, points: dict[str, dict], processes: int) -> float:
    """Write params.yaml and bring the project up to date; returns the seconds this takes."""
    (folder / "params.yaml").write_text(yaml.safe_dump({"points": points}, sort_keys=False), encoding="utf-8")
    start = time.perf_counter()
    stages = [f"train@{name}" for name in points]
    shares = [stages[first::processes] for first in range(processes)]
    finish(*[dvc(folder, "repro", *share) for share in shares if share])
    finish(dvc(folder, "repro"))
    return time.perf_counter() - start


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    parser.add_argument("data", type=keras_run.existing_folder)
    parser.add_argument("runs", type=keras_run.read_runs)
    parser.add_argument("--jit", action="store_true", help="compile with XLA")
    arguments = parser.parse_args()
    points = points_of(arguments.runs)
    more_points = with_new_learning_rate(points)
    make_project(arguments.folder, arguments.data, arguments.jit)
    processes = keras_run.cores()
    times = {"first": reproduce(arguments.folder, points, processes)}
    times["one learning rate more"] = reproduce(arguments.folder, more_points, processes)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
