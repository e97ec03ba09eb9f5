"""How time and memory grow with the runs of a study: `.venv/bin/python benchmarks/growth.py FOLDER`.

FOLDER must not exist yet. For each number of runs it gets a synthetic study, a grid of points with ten seeds each,
whose training is made up: metrics, histories and outcomes of every test image, drawn around the real labels; 0.5 GB
for 10,000 runs. Snakemake plans it with nothing trained and with everything trained, then the commands it names for
the summarising rules are run, one after the other. The slope is that of log time against log runs between the two
largest studies: 1 is proportional.
"""

import argparse
import csv
import itertools
import math
import re
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np
import yaml

import measurements
from design import configuration
from design import plan as planning
from design.point_names import canonical_name
from files.arithmetic import arithmetic
from files.code_digest import engine
from files.records import Record, write_record
from running.cost import TYPICAL, described_by, networks_folder

PROJECT = Path(__file__).resolve().parents[1]
SEEDS, EPOCHS = 10, 5
# A process counts the memory of the one it was forked from, so a small one starts the command and tells its peak in KB.
WATCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
METRICS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
RULES = ("plan", "aggregate", "resample", "check_published", "plot", "report")


def sides(points: int) -> tuple[int, int, int]:
    """Return three whole numbers, as equal as they can be, whose product is `points`; the largest first."""
    last = max(side for side in range(1, points + 1) if points % side == 0 and side**3 <= points)
    rest = points // last
    middle = max(side for side in range(1, rest + 1) if rest % side == 0 and side**2 <= rest)
    return tuple(sorted((rest // middle, middle, last), reverse=True))


def grid_config(points: int) -> dict:
    """Return the configuration of a study with one grid of that many points, the baseline among them."""
    many, some, few = sides(points)
    grid = {
        "units": [512 + 8 * step for step in range(many)],
        "learning_rate": [0.001 / 2**step for step in range(some)],
        "momentum": [step / few for step in range(few)],
    }
    return {
        "dataset": "mnist",
        "baseline": {"units": 512, "learning_rate": 0.001, "momentum": 0, "epochs": EPOCHS},
        "replicates": SEEDS,
        "seeds_per_job": SEEDS,
        "grids": {"all_points": grid},
    }


def prepare(study: Path, points: int, data: Path) -> None:
    """Write a study's config.yaml and link its data: what there is before anything is trained."""
    (study / "results" / "data").mkdir(parents=True)
    (study / "results" / "data" / "mnist").symlink_to(data.resolve())
    (study / "config.yaml").write_text(yaml.safe_dump(grid_config(points), sort_keys=False), encoding="utf-8")


def draw_outcomes(labels: np.ndarray, ease: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw what one point's seeds make of the test images, as of two classes, the true one and its rival.

    Args:
        labels: classes of the test images, uint8 (n,).
        ease: log odds of the true class, the same for all points, (n,).
        generator: source of the draws.

    Returns:
        Loss, float32 (seeds, n), and predicted class, uint8 (seeds, n).
    """
    skill = generator.normal(0, 0.2) + generator.normal(0, 0.1, (SEEDS, 1))
    odds = ease + skill + generator.standard_normal((SEEDS, len(labels)), dtype=np.float32)
    predicted = np.where(odds > 0, labels, (labels + 1) % 10).astype(np.uint8)
    return np.logaddexp(0, -odds).astype(np.float32), predicted


def write_csv(path: Path, columns: tuple[str, ...], rows: list) -> None:
    """Write a CSV file as the scripts do."""
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def pretend_training(study: Path, labels: np.ndarray) -> None:
    """Write everything that training and evaluation would: placeholders for states, plausible results, their records.

    Args:
        study: its folder, with config.yaml.
        labels: classes of the test images, uint8 (n,).
    """
    config, _ = configuration.validate(yaml.safe_load((study / "config.yaml").read_text(encoding="utf-8")))
    plan = planning.make_plan(config)
    (study / "results" / "config.json").write_text(config.model_dump_json(), encoding="utf-8")  # as a run does
    generator = np.random.default_rng(0)
    ease = generator.normal(6, 2.5, len(labels)).astype(np.float32)
    data = Record(study / "results" / "data" / "mnist" / "preprocess.json")
    trained_by, evaluated_by = (engine(PROJECT / "scripts" / f"{name}.py") for name in ("train", "evaluate"))
    snakemakes = study / ".snakemake" / "metadata"  # without any record of its own it would make everything again
    snakemakes.mkdir(parents=True, exist_ok=True)
    (snakemakes / "made_up").touch()
    network = config.network_file
    (study / "results" / "network.py").write_bytes(network.content)
    for point in plan.points.values():
        described = networks_folder(network.sha256, data.label["input_shape"], study / "results")
        path = described / f"{canonical_name(described_by(point))}.json"
        write_record(path, [], network=network.sha256, layers=[], cost=asdict(TYPICAL))
    for point, first, last, epochs in plan.evaluated():
        block = Path(point, f"seeds={first}-{last}")
        folder = study / "results" / "runs" / block / f"epochs={epochs}"
        folder.mkdir(parents=True)
        states = [folder / "state.npz", folder / "optimizer.npz"]
        for path in states:
            path.touch()
        losses, predicted = draw_outcomes(labels, ease, generator)
        loss, accuracy = losses.mean(axis=1, dtype=float), (predicted == labels).mean(axis=1)
        history = [
            [seed, epoch, *(f"{value:.9g}" for value in (loss[seed] * fall, 1 - (1 - accuracy[seed]) * fall) * 2)]
            for seed in range(SEEDS)
            for epoch in range(1, epochs + 1)
            for fall in [epochs / epoch]
        ]
        write_csv(folder / "history.csv", ("seed", "epoch", *METRICS), history)
        label = {"point": point, "seeds": [first, last], "epochs": epochs}
        files = [*states, folder / "history.csv"]
        training = write_record(
            folder / "train.json",
            files,
            **label,
            engine=trained_by,
            network=network.sha256,
            preprocess=data.digest,
            arithmetic=arithmetic(),
            approximate=False,
            initial_weights={},
        )
        with (folder / "test.npz").open("wb") as file:
            np.savez(file, loss=losses, predicted=predicted)
        rows = [[seed, f"{loss[seed]:.9g}", f"{accuracy[seed]:.9g}"] for seed in range(SEEDS)]
        write_csv(folder / "metrics.csv", ("seed", "test_loss", "test_accuracy"), rows)
        files = [folder / "test.npz", folder / "metrics.csv"]
        write_record(folder / "evaluate.json", files, **label, engine=evaluated_by, train=training)
        for rule in ("train", "evaluate"):
            record = study / "results" / "benchmarks" / rule / block
            record.mkdir(parents=True)
            (record / f"epochs={epochs}.tsv").write_text("s\tmax_rss\n1.0\t100.0\n")


def measured(call: list[str], folder: Path) -> tuple[str, float, float]:
    """Run a command to its end; returns its output, its seconds, and its largest memory in MB, its own jobs included.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    start = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", WATCH, *call], cwd=folder, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, call, process.stdout, process.stderr)
    return process.stdout, seconds, int(process.stderr.splitlines()[-1]) / 1024


def dry_run(study: Path, *options: str) -> tuple[str, float, float]:
    """Plan a study without running it; returns as `measured`."""
    call = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "workflow" / "Snakefile"), "--cores", "1"]
    return measured([*call, "--configfile", "config.yaml", "--dry-run", *options], study)


def planned_commands(output: str) -> dict[str, str]:
    """Return the shell command of each summarising rule that a dry run lists, in the order of `RULES`.

    Raises:
        ValueError: if it lists commands of other rules, or not all of these.
    """
    commands = re.findall(r"^Shell command: (?!None$)(.+)$", output, re.MULTILINE)
    by_rule = {re.search(r"/scripts/(\w+)\.py ", command)[1]: command for command in commands}
    if set(by_rule) != set(RULES) or len(commands) != len(RULES):
        raise ValueError(f"expected one job of {', '.join(RULES)} each. Received: {', '.join(by_rule)}")
    return {rule: by_rule[rule] for rule in RULES}


def measure_study(study: Path, runs: int, data: Path) -> list[dict]:
    """Make a study, plan it and summarise it; returns a row a stage: stage, runs, seconds, max_rss_mb."""
    prepare(study, runs // SEEDS, data)
    found = {"dry run, nothing trained": dry_run(study)}
    pretend_training(study, np.load(data / "y_test.npy"))
    found["dry run, all trained"] = dry_run(study, "--printshellcmds")
    for rule, command in planned_commands(found["dry run, all trained"][0]).items():
        (study / "results" / "logs" / rule).mkdir(parents=True, exist_ok=True)
        found[rule] = measured(["bash", "-c", command], study)
    return [
        {"stage": stage, "runs": runs, "seconds": round(seconds, 2), "max_rss_mb": round(memory)}
        for stage, (_, seconds, memory) in found.items()
    ]


def slope(rows: list[dict], stage: str) -> float:
    """Return the slope of log seconds against log runs between a stage's two largest studies; NaN with only one."""
    seconds = {row["runs"]: row["seconds"] for row in rows if row["stage"] == stage}
    if len(seconds) < 2:
        return math.nan
    fewer, more = sorted(seconds)[-2:]
    return math.log(seconds[more] / seconds[fewer]) / math.log(more / fewer)


def show(rows: list[dict]) -> None:
    """Print a line a stage: seconds and memory at each size, and the slope."""
    sizes = sorted({row["runs"] for row in rows})
    print(f"{'stage':26}" + "".join(f"{f'{runs} runs':>20}" for runs in sizes) + f"{'slope':>8}")
    for stage, group in itertools.groupby(sorted(rows, key=lambda row: row["stage"]), key=lambda row: row["stage"]):
        own = {row["runs"]: f"{row['seconds']:.1f} s, {row['max_rss_mb']} MB" for row in group}
        print(f"{stage:26}" + "".join(f"{own[runs]:>20}" for runs in sizes) + f"{slope(rows, stage):>8.2f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 1_000, 10_000], help="multiples of ten")
    parser.add_argument(
        "--data", type=Path, default=Path("results/data/mnist"), help="x_test.npy and its like, and raw/"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("results/performance/growth.csv"), help="rows go at its end"
    )
    arguments = parser.parse_args()
    rows = []
    for runs in arguments.runs:
        own = measure_study(arguments.folder / f"{runs}", runs, arguments.data)
        for row in own:
            measurements.add(arguments.output, **row)
        rows += own
    show(rows)


if __name__ == "__main__":
    main()
