"""The outcome of a run, weights and test metrics: as the study stores it, and as training it again gives it."""

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from files.code_digest import engine
from files.records import Record
from running.sample import Run
from tables.runs import read_csv
from training.evaluation import evaluate_run, metrics, network_logits
from training.state import Arrays, read_state

TEST_METRICS = ("test_accuracy", "test_loss")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # as in the rule evaluate


@dataclass(frozen=True)
class Outcome:
    """Weights and test metrics of a run, and what made them.

    Attributes:
        weights: SHA-256 of its weights.
        metrics: `TEST_METRICS` -> text, as in metrics.csv.
        code: digest of the code that trained it.
        versions: of the packages that trained it.
    """

    weights: str
    metrics: dict[str, str]
    code: str
    versions: str

    def is_same(self, other: "Outcome") -> bool:
        """Whether weights and metrics are the same; code and versions may differ."""
        return (self.weights, self.metrics) == (other.weights, other.metrics)


def weights_hash(arrays: Arrays) -> str:
    """Return the SHA-256 of arrays with their names, types and shapes, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def code_and_versions(engine_label: str) -> tuple[str, str]:
    """Return the code digest and the versions that the label of an engine names."""
    code, versions = engine_label.split("; ")
    return code.split()[-1], versions


def stored_metrics(runs: list[Run]) -> list[dict[str, str]]:
    """Return the rows of metrics.csv of the blocks in which runs were trained, by seed.

    Raises:
        ValueError: if a file does not hold the seeds it should.
    """
    rows = []
    for block, folder in sorted({(run.block, run.folder) for run in runs}):
        found = read_csv(folder / "metrics.csv")
        seeds = [str(seed) for seed in range(block[0], block[1] + 1)]
        if [row.get("seed") for row in found] != seeds or not {*TEST_METRICS} <= found[0].keys():
            wanted = f"{', '.join(TEST_METRICS)} of the seeds {', '.join(seeds)}"
            raise ValueError(f"{folder / 'metrics.csv'}: expected {wanted}")
        rows += found
    return rows


def stored_outcome(run: Run) -> Outcome:
    """Return the stored outcome of a run.

    Raises:
        ValueError: if a file is damaged, or holds another point, other seeds or another number of epochs.
    """
    record = Record(run.folder / "train.json", point=run.point, seeds=list(run.block), epochs=run.epochs)
    weights = read_state(record.file("state.npz"), run.seed)
    row = stored_metrics([run])[run.seed - run.block[0]]
    stored = {metric: row[metric] for metric in TEST_METRICS}
    return Outcome(weights_hash(weights), stored, *code_and_versions(record.label["engine"]))


def retrained_outcome(run: Run, data_folder: Path, network: Path) -> Outcome:
    """Train a run here, alone, from fresh weights and without a stop; returns its outcome.

    This takes place in a separate process: TensorFlow keeps 60 MB of every training until its process ends.

    Args:
        run: the run.
        data_folder: folder of x_train.npy and its like.
        network: the study's network file.

    Raises:
        NetworkError: if the network file is not the one that the run was trained with.
        BrokenProcessPool: if that process is killed.
    """
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    os.environ.update(ONE_THREAD)  # before the new process imports NumPy
    with ProcessPoolExecutor(1, get_context("spawn"), _without_messages) as pool:
        return pool.submit(_retrained_outcome, run, data_folder, network).result()


def _without_messages() -> None:
    """Drop messages of TensorFlow and of the network file; errors come back as exceptions."""
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _retrained_outcome(run: Run, data_folder: Path, network: Path) -> Outcome:
    """Train and evaluate a run with the settings of the rules train and evaluate."""
    from training import block, networks  # only here: they take seconds and 350 MB

    trained, data = Record(run.folder / "train.json").label, Record(data_folder / "preprocess.json").label
    x_train, y_train, x_test, y_test = (
        np.load(data_folder / f"{part}_{subset}.npy", allow_pickle=False)
        for subset in ("train", "test")
        for part in "xy"
    )
    description = network, trained["network"], data, trained["hyperparameters"]
    states: dict[int, Arrays] = {}
    block.train_block(
        networks.load_build(*description),
        trained["hyperparameters"],
        [run.seed],
        (0, run.epochs),
        None,
        (x_train, y_train),
        (x_test, y_test),
        states.__setitem__,
    )
    weights = {name: array for name, array in states[run.seed].items() if name.startswith("weights/")}
    logits = network_logits(trained["stack"], *description)
    losses, predicted = evaluate_run(logits(weights), x_test, y_test)
    return Outcome(
        weights_hash(weights),
        metrics(losses, predicted, y_test),
        *code_and_versions(engine(Path(__file__).parents[1] / "train.py")),
    )
