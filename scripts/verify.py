"""Retrain a random sample of the runs of a finished study, and compare them with what is stored: `make verify`.

A run is a point, a seed and a number of epochs. Each run of the sample is trained alone, from fresh weights to its end
without a stop, and evaluated. Nothing is written.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from tabulate import tabulate

from data.arrays import read_raw
from data.datasets import FILES, load_datasets
from design.places import user_path
from files.arithmetic import arithmetic
from files.records import Record, RecordError, sha256
from files.study_checksums import compare_with_file, origin, read_checksums, study_checksums
from running.cost import networks_folder
from running.retraining import TEST_METRICS, Outcome, retrained_outcome, stored_metrics, stored_outcome
from running.sample import Run, draw, evaluated_runs, training_share
from stats.divergence import score_at_chance
from tables.runs import read_csv

DATASETS_FILE = Path(__file__).resolve().parents[1] / "config" / "datasets.yaml"
DIFFERENT = 3  # exit code; an error is 1, a wrong command line 2
RECORDS = ("download.json", "preprocess.json", "train.json", "evaluate.json", "aggregate.json", "resample.json")
RECORDS += ("check_published.json", "plot.json")
START_SECONDS = 8  # of a run: its imports, compiling its network, its evaluation

Compared = tuple[Run, Outcome, Outcome]  # stored, and retrained here


def raw_names(data: Path) -> list[str]:
    """Return the names of a data set's raw files; those of a listed one where there is no record of them."""
    path = data / "raw" / "download.json"
    return list(Record(path).sha256) if path.is_file() else list(FILES.values())


def missing_files(results: Path, runs: list[Run], data: Path) -> list[Path]:
    """Return the files of a finished study that are missing."""
    files = [run.folder / name for run in runs for name in ("state.npz", "history.csv", "metrics.csv")]
    files += [data / "raw" / name for name in raw_names(data)]
    files += [data / f"{part}_{subset}.npy" for subset in ("train", "test") for part in "xy"]
    files += [results / "provenance.json"]
    return [path for path in dict.fromkeys(files) if not path.is_file()]


def expected_hashes(dataset: str, record: dict) -> tuple[dict[str, str], str]:
    """Return the SHA-256 of each raw file by name, and their source: the list of data sets or the study's record."""
    known = load_datasets(DATASETS_FILE).get(dataset)
    if known:
        return {FILES[key]: file.sha256 for key, file in known.files.items()}, "config/datasets.yaml"
    return record["data"], "provenance.json"


def check_data(folder: Path, expected: dict[str, str]) -> None:
    """Check that the training data are those of the right raw files.

    Args:
        folder: folder of the arrays; the raw files lie in `raw/`.
        expected: SHA-256 by name of the raw file.

    Raises:
        ValueError: if a raw file has another SHA-256, or an array differs from its raw file.
    """
    for name, digest in expected.items():
        received = sha256(folder / "raw" / name)
        if received != digest:
            raise ValueError(f"{folder / 'raw' / name}: expected SHA-256 {digest}. Received: {received}")
    for name, array in read_raw(folder / "raw", raw_names(folder)).arrays.items():
        path = folder / f"{name}.npy"
        stored = np.load(path, allow_pickle=False)
        if stored.dtype != array.dtype or not np.array_equal(stored, array):
            raise ValueError(f"{path}: differs from the raw files. Delete it and run `make` again.")


def changed_files(results: Path) -> tuple[int, list[str]]:
    """Find files of data, runs, tables and figures that changed after their jobs wrote them.

    An optimizer's variables may be missing, as a study need not keep them.

    Returns:
        How many files are on record, and a line for each that was changed or is missing, or whose record was.
    """
    number, problems = 0, []
    for path in sorted(path for name in RECORDS for path in results.rglob(name)):
        try:
            record = Record(path)
        except RecordError as error:
            problems.append(str(error))
            continue
        for name in record.sha256:
            if name == "optimizer.npz" and not path.with_name(name).exists():
                continue
            number += 1
            try:
                record.file(name)
            except RecordError as error:
                problems.append(str(error))
    return number, problems


def read_json(path: Path, *keys: str) -> dict:
    """Return a JSON file's mapping.

    Raises:
        ValueError: with one line, if it holds no mapping, or a key is missing.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in keys if key not in content]
    except (ValueError, TypeError):
        raise ValueError(f"{path}: is not a JSON mapping. Run `make` again.") from None
    if missing:
        raise ValueError(f"{path}: expected {', '.join(missing)}, which is missing. Run `make` again.")
    return content


def verify(results: Path, number: int, seed: int, show: Callable[[str], None]) -> tuple[int, int]:
    """Retrain a sample of the runs of a finished study.

    Args:
        results: the study's results folder.
        number: how many runs.
        seed: of the sample.
        show: called with each line of the result.

    Returns:
        How many of them differ from what is stored, and how many files changed after a job wrote them.

    Raises:
        ValueError: if the study is not finished, or its data or a state of the sample are wrong.
        OSError: if a file cannot be read.
    """
    if not (results / "plan.csv").is_file():
        raise ValueError(f"{results / 'plan.csv'}: there is no study yet. Run `make` first.")
    plan = read_csv(results / "plan.csv")
    if not plan or None in plan[-1].values():
        raise ValueError(f"{results / 'plan.csv'}: is cut off. Run `make` again.")
    runs = evaluated_runs(plan, results)
    record = read_json(results / "provenance.json", "data", "rules", "arithmetics", "config")
    config = record["config"]
    folder, baseline = results / "data" / config["dataset"], config["baseline"]
    missing = missing_files(results, runs, folder)
    if missing:
        more = f" and {len(missing) - 1} more files" if len(missing) > 1 else ""
        raise ValueError(f"the study is unfinished: {missing[0]}{more} not found. Run `make` first.")
    sample = draw(runs, number, seed)
    hashes, source = expected_hashes(config["dataset"], record)
    check_data(folder, hashes)
    classes = Record(folder / "preprocess.json").label["classes"]
    files, changed = changed_files(results)
    stored = [stored_outcome(run) for run in sample]
    show(f"Data: {folder}/*.npy agree with the raw files, and these have the SHA-256 of {source}.")
    show(f"Records: {files - len(changed)} of {files} files of data, runs, tables and figures are unchanged.")
    for problem in changed:
        show(f"CHANGED: {problem}")
    show(f"Sample: numpy.random.default_rng({seed}) draws {number} of {len(runs)} runs, all equally likely.")
    duration = ""
    if "train" in record["rules"]:
        images = [len(np.load(folder / f"y_{part}.npy", "r", allow_pickle=False)) for part in ("train", "test")]
        shape = Record(folder / "preprocess.json").label["input_shape"]
        networks = networks_folder(sha256(results / "network.py"), shape, results)
        share = training_share(sample, plan, config["checkpoint_every"], images, networks)
        seconds = record["rules"]["train"]["seconds"] * share
        duration = f": about {seconds + START_SECONDS * number:.0f} s at the study's pace"
    show(f"They are trained from fresh weights, one after the other{duration}.")
    compared = []
    for run, before in zip(sample, stored, strict=True):
        start = time.monotonic()
        here = retrained_outcome(run, folder, results / "network.py")
        compared.append((run, before, here))
        result = f"{run.name(baseline)}: {sameness(here.is_same(before))} ({time.monotonic() - start:.0f} s)"
        show(f"{len(compared)} of {number}: {result}")
    show(f"\n{table(compared, baseline)}\n")
    different = [(run, before, here) for run, before, here in compared if not here.is_same(before)]
    classes = Record(folder / "preprocess.json").label["classes"]
    for run, before, here in different:
        rows = stored_metrics([other for other in runs if other.levels == run.levels])
        parts = [difference(metric, before, here, spread(rows, metric, classes)) for metric in TEST_METRICS]
        show(f"{run.name(baseline)}: {'; '.join(parts)}.")
    for note in origin_notes(compared, record["arithmetics"]):
        show(f"NOTE: {note}")
    return len(different), len(changed)


def sameness(same: bool) -> str:
    """Return the word for equal or different hashes or metrics."""
    return "same" if same else "DIFFERENT"


def table(compared: list[Compared], baseline: dict) -> str:
    """Return the runs, stored beside retrained, as a Markdown table."""
    header = ["point", "seed", "epochs", "SHA-256 stored", "SHA-256 here", "weights", "test metrics"]
    rows = [
        [
            *(run.changes(baseline), run.seed, run.epochs, stored.weights[:12], here.weights[:12]),
            *(sameness(stored.weights == here.weights), sameness(stored.metrics == here.metrics)),
        ]
        for run, stored, here in compared
    ]
    return tabulate(rows, header, "github", disable_numparse=True)


def spread(rows: list[dict[str, str]], metric: str, classes: int) -> float:
    """Return a metric's standard deviation over a point's seeds, diverged runs scored at chance; 0 for one seed."""
    scored = score_at_chance(*([float(row[name]) for row in rows] for name in TEST_METRICS), classes)
    values = scored.accuracy if metric == "test_accuracy" else scored.loss
    return float(values.std(ddof=1)) if len(values) > 1 else 0


def difference(metric: str, stored: Outcome, here: Outcome, sd: float) -> str:
    """Return the difference in a metric, also in standard deviations over the point's seeds."""
    before, now = (float(outcome.metrics[metric]) for outcome in (stored, here))
    share = f", {(now - before) / sd:+.2g} SD over seeds" if sd else ""
    return f"{metric.replace('_', ' ')} {before:.9g} stored, {now:.9g} here ({now - before:+.2g}{share})"


def origin_notes(compared: list[Compared], trained_with: list[str]) -> list[str]:
    """Return a line for other code, versions or arithmetic than here that made the stored runs."""
    notes = []
    for _, stored, here in compared:
        if stored.code != here.code:
            notes.append(f"trained by other code: digest {stored.code[:12]}, here {here.code[:12]}")
        if stored.versions != here.versions:
            notes.append(f"trained with {stored.versions}; here {here.versions}")
    if trained_with != [arithmetic()]:
        notes.append(f"the study was trained with the arithmetic {'; '.join(trained_with)}; here {arithmetic()}")
    return list(dict.fromkeys(notes))


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=user_path, default=Path("results"), help="the study's results folder")
    parser.add_argument("--runs", type=int, default=3, help="how many runs to retrain")
    parser.add_argument("--seed", type=int, default=0, help="of the random sample")
    parser.add_argument("--against", type=user_path, help="a file of checksums, yours or somebody else's")
    arguments = parser.parse_args(argv)
    try:
        if arguments.against:
            read_checksums(arguments.against)  # a mistyped name shows before the training
        different, changed = verify(
            arguments.results, arguments.runs, arguments.seed, lambda line: print(line, flush=True)
        )
    except (ValueError, OSError) as error:
        sys.exit(f"ERROR: {error}")
    except BrokenProcessPool:
        sys.exit("ERROR: the process that trained a run was killed. Is there enough memory? It needs 700 MB.")
    same = True
    if arguments.against:
        try:
            checksums = study_checksums(arguments.results)
            same, line = compare_with_file(checksums, origin(arguments.results), arguments.against)
        except (ValueError, OSError, KeyError) as error:
            sys.exit(f"ERROR: {error}")
        print(line if same else f"DIFFERENT: {line}", file=sys.stdout if same else sys.stderr)
    if different:
        print(f"DIFFERENT: {different} of {arguments.runs} runs differ from what is stored.", file=sys.stderr)
    if changed:
        print(f"CHANGED: {changed} files changed after their jobs wrote them.", file=sys.stderr)
    if different or changed or not same:
        sys.exit(DIFFERENT)
    print(f"Same, bit for bit: weights and test metrics of {arguments.runs} of {arguments.runs} runs.")


if __name__ == "__main__":
    main()
