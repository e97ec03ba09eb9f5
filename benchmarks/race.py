"""This project and its peers on the same runs: `.venv/bin/python benchmarks/race.py DATA_STUDY`.

DATA_STUDY is a study folder whose data are complete (`snakemake data`). Every contestant trains the same runs, from
data on disk to metrics on disk, with everything it needs: interpreters, imports, compilation. The contestants take
turns within a round, each round begins with another one, and the limit is measured in every round too. Rows are added
to results/performance/race.csv (of another network than the default, race_{network}.csv) as they come; what is there is
not measured again.
"""

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

import limit
import measurements

PROJECT = Path(__file__).resolve().parents[1]
PEERS = PROJECT / "benchmarks" / "peers"
PEERS_PYTHON = PROJECT / ".venv-peers" / "bin" / "python"
PROGRAMS = ("plain_loop", "joblib_workers", "optuna_grid", "ray_tune", "keras_tuner_grid")
TRAINING = {"learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop"}
SWEEPS_OF_TRAINING = {"learning_rate": [0.0001, 0.001, 0.01], "momentum": [0, 0.9]}
# The baseline of each network, and the sweeps that lead one step away from it in each factor: six points.
BASELINES = {
    "dense": {"units": 512, **TRAINING, "epochs": 5},
    "convolutional": {"filters": 16, "units": 64, "dropout": 0.2, **TRAINING, "epochs": 3},
}
SWEEPS = {
    "dense": {"units": [128, 512, 1024], **SWEEPS_OF_TRAINING},
    "convolutional": {"filters": [8, 16], "dropout": [0.0, 0.2], **SWEEPS_OF_TRAINING},
}


def points(network: str = "dense") -> list[dict]:
    """Return the six points, the baseline first."""
    baseline = BASELINES[network]
    changed = [baseline | {factor: value} for factor, values in SWEEPS[network].items() for value in values]
    return [baseline, *(point for point in changed if point != baseline)]


def list_of_runs(replicates: int, network: str = "dense") -> list[dict]:
    """Return every point with every seed, as the peers' programs read it."""
    file = {"network": str(network_file(network))}
    return [file | point | {"seed": seed} for point in points(network) for seed in range(replicates)]


def network_file(network: str) -> Path:
    """Return the file of a network that the project ships."""
    return PROJECT / "config" / "networks" / f"{network}.py"


def project_config(replicates: int, network: str = "dense") -> dict:
    """Return the configuration of a study of the same runs."""
    study = {"baseline": BASELINES[network], "sweeps": dict(SWEEPS[network])}
    return {"dataset": "mnist", "network": str(network_file(network)), "replicates": replicates, **study}


def snakemake_call(study: Path, *options: str) -> list[str]:
    """Return the command that brings a study folder with config.yaml up to date."""
    call = [sys.executable, "-m", "snakemake", *options, "--cores", "all", "--directory", str(study)]
    return [*call, "--snakefile", str(PROJECT / "workflow" / "Snakefile"), "--configfile", str(study / "config.yaml")]


def copy_data(data_study: Path, study: Path) -> None:
    """Make a study folder that has the data of another, as Snakemake knows them, and nothing else."""
    shutil.copytree(data_study / "results" / "data", study / "results" / "data")
    shutil.copytree(data_study / ".snakemake", study / ".snakemake", ignore=shutil.ignore_patterns("log", "locks"))


def project_run(folder: Path, data_study: Path, replicates: int, network: str) -> tuple[float, float]:
    """Train and evaluate with this project; returns seconds and mean test accuracy."""
    study = folder / "study"
    copy_data(data_study, study)
    (study / "config.yaml").write_text(yaml.safe_dump(project_config(replicates, network)), encoding="utf-8")
    seconds = timed(snakemake_call(study, "--until", "evaluate"), folder)
    found = [row for path in sorted(study.glob("results/runs/*/*/*/metrics.csv")) for row in measurements.read(path)]
    return seconds, mean_accuracy(found, len(points(network)) * replicates)


def peer_run(folder: Path, data: Path, wanted: list[dict], program: str, options: list[str]) -> tuple[float, float]:
    """Train and evaluate with a peer; returns seconds and mean test accuracy."""
    runs, results = folder / "runs.json", folder / "results.csv"
    runs.write_text(json.dumps(wanted), encoding="utf-8")
    seconds = timed(
        [str(PEERS_PYTHON), str(PEERS / f"{program}.py"), str(runs), str(data), str(results), *options], folder
    )
    return seconds, mean_accuracy(measurements.read(results), len(wanted))


def timed(call: list[str], folder: Path) -> float:
    """Run a program; returns its seconds.

    Raises:
        RuntimeError: with the end of its output, if it fails.
    """
    start = time.perf_counter()
    with (folder / "output.txt").open("w") as output:
        code = subprocess.run(call, stdout=output, stderr=subprocess.STDOUT, cwd=folder, check=False).returncode
    seconds = time.perf_counter() - start
    if code:
        raise RuntimeError(f"{' '.join(call)} ended with {code}:\n{(folder / 'output.txt').read_text()[-3000:]}")
    return seconds


def mean_accuracy(rows: list[dict], expected: int) -> float:
    """Return the mean test accuracy of all runs: contestants that did the same work agree to about 0.001.

    Raises:
        RuntimeError: if runs are missing.
    """
    if len(rows) != expected:
        raise RuntimeError(f"expected {expected} runs. Received: {len(rows)}")
    return statistics.mean(float(row["test_accuracy"]) for row in rows)


# (tuned, with XLA): as documented, tuned, both, and both also with XLA, whose compilation costs more than it gains in
# trainings this short.
VARIANTS = {
    "documented": [(False, False)],
    "tuned": [(True, False)],
    "main": [(False, False), (True, False)],
    "all": [(False, False), (True, False), (True, True), (False, True)],
}


def contestants(variants: str) -> list[tuple[str, bool, bool]]:
    """Return `(name, tuned, jit)` of all contestants, the peers in some of `VARIANTS`; we and the limit have one."""
    peers = itertools.product(PROGRAMS, VARIANTS[variants])
    return [("limit", True, True), ("this project", True, True), *((name, *variant) for name, variant in peers)]


def measure(contestant: tuple[str, bool, bool], data_study: Path, replicates: int, network: str) -> tuple[float, float]:
    """Return seconds and mean test accuracy of one contestant; the limit has no accuracy."""
    name, tuned, jit = contestant
    wanted = list_of_runs(replicates, network)
    if name == "limit":
        runs = [(run["units"], run["epochs"]) for run in wanted]
        rates = {units: limit.rate_of_all_cores(units) for units in sorted({units for units, _ in runs})}
        return limit.limit_seconds(runs, rates), float("nan")
    with tempfile.TemporaryDirectory() as folder:
        if name == "this project":
            return project_run(Path(folder), data_study, replicates, network)
        options = [option for option, wanted in (("--tuned", tuned), ("--jit", jit)) if wanted]
        return peer_run(Path(folder), data_study / "results" / "data" / "mnist", wanted, name, options)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_study", type=Path)
    parser.add_argument("--network", choices=BASELINES, default="dense", help="dense alone has a limit")
    parser.add_argument("--replicates", type=int, default=2, help="seeds of each of the six points")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variants", choices=VARIANTS, default="main")
    names = sorted({name for name, *_ in contestants("main")})
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="measure these contestants")
    parser.add_argument("--folder", type=Path, default=PROJECT / "results" / "performance")
    arguments = parser.parse_args()
    network = arguments.network
    output = arguments.folder / ("race.csv" if network == "dense" else f"race_{network}.csv")
    racers = [racer for racer in contestants(arguments.variants) if racer[0] in arguments.only]
    racers = [racer for racer in racers if network == "dense" or racer[0] != "limit"]
    runs = len(list_of_runs(arguments.replicates, network))
    for round_number in range(1, arguments.rounds + 1):
        shift = (round_number - 1) * len(racers) // arguments.rounds
        for contestant in racers[shift:] + racers[:shift]:
            name, tuned, jit = contestant
            key = {"contestant": name, "tuned": tuned, "jit": jit, "runs": runs, "round": round_number}
            if measurements.measured(output, **key):
                continue
            seconds, accuracy = measure(contestant, arguments.data_study.resolve(), arguments.replicates, network)
            measurements.add(output, **key, seconds=f"{seconds:.1f}", mean_test_accuracy=f"{accuracy:.5f}")
            print(f"round {round_number}, {runs} runs, {name}, tuned {tuned}, jit {jit}: {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
