"""Studies written by hand: a plan and the runs' own files, with metrics that a test chooses."""

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd

import aggregate
import report
import resample
from design.hyperparameters import factors_of
from design.network_file import Keyword
from design.point_names import canonical_name
from files.records import Record, write_record
from tables.runs import read_runs, tidy_runs
from tables.study import Study, read_study

BASELINE = {
    "units": "512",
    "learning_rate": "0.001",
    "momentum": "0",
    "batch_size": "128",
    "optimizer": "rmsprop",
    "epochs": "5",
}
FACTORS = factors_of([Keyword("units", 512)])
MARGINS = {"accuracy": 0.001, "loss": 0.005}
IMAGES = 60
LABELS = np.arange(IMAGES, dtype=np.uint8) % 10
ARITHMETIC = "AVX-512, 48 KiB"
NETWORK = {"name": "dense", "title": "One hidden layer", "sha256": "a network", "keywords": {"units": 512}}
ENGINES = {"trained_by": "a training", "evaluated_by": "an evaluation"}


class HandMade:
    """Writes one study.

    Args:
        folder: the results folder.
        summaries: name of a sweep or grid -> its factors.
        dataset: name of the data set.
        shape: of an image, or a vector.
        classes: their number.
    """

    def __init__(
        self,
        folder: Path,
        summaries: dict[str, tuple[str, ...]],
        dataset: str = "mnist",
        shape: tuple[int, ...] = (28, 28, 1),
        classes: int = 10,
    ):
        self.folder, self.summaries = folder, summaries
        self.plan: list[dict[str, str]] = []
        self.data = folder / "data" / dataset
        self.data.mkdir(parents=True, exist_ok=True)
        arrays = {"x_test": np.zeros((IMAGES, *shape), np.uint8), "y_test": LABELS}
        for name, array in arrays.items():
            np.save(self.data / f"{name}.npy", array)
        files = [self.data / f"{name}.npy" for name in arrays]
        label = {"dataset": self.data.name, "input_shape": list(shape), "classes": classes}
        write_record(self.data / "preprocess.json", files, **label)

    def add(self, wanted_by: str, accuracy, loss, train_loss=None, blocks: int = 1, **changes: str) -> "HandMade":
        """Add a point that differs from the baseline in `changes`: a value a seed of accuracy and loss.

        Its history holds the epochs since the setting before, which must be added first; on the way accuracy is lower
        and loss higher than at the end.
        """
        accuracy, loss = np.asarray(accuracy, dtype=float), np.asarray(loss, dtype=float)
        levels = BASELINE | changes
        point = canonical_name({factor: value for factor, value in levels.items() if factor != "epochs"})
        rows = []
        for seeds in np.array_split(np.arange(len(accuracy)), blocks):
            first, last = int(seeds[0]), int(seeds[-1])
            folder = self.folder / "runs" / point / f"seeds={first}-{last}" / f"epochs={levels['epochs']}"
            folder.mkdir(parents=True)
            start = max((int(row["epochs"]) for row in self.plan if row["point"] == point), default=0)
            _write(
                folder / "metrics.csv",
                [
                    {"seed": s, "test_loss": f"{loss[s]:.9g}", "test_accuracy": f"{accuracy[s]:.9g}"}
                    for s in seeds.tolist()
                ],
            )
            epochs = range(start + 1, int(levels["epochs"]) + 1)
            _write(folder / "history.csv", _history(seeds.tolist(), epochs, accuracy, loss, train_loss))
            np.savez(folder / "test.npz", **_outcomes(accuracy[seeds], loss[seeds]))
            put_on_record(folder, self.data, point=point, seeds=[first, last], epochs=int(levels["epochs"]))
            rows.append({"point": point, **levels, "first_seed": first, "last_seed": last, "wanted_by": wanted_by})
        self.plan += rows
        _write(self.folder / "plan.csv", self.plan)
        return self

    def write(self, alpha: float = 0.05, mixed_arithmetic: bool = False) -> Path:
        """Write `study.json`, and return its path."""
        content = {
            "dataset": self.data.name,
            "network": NETWORK,
            "baseline": BASELINE,
            "summaries": self.summaries,
            "alpha": alpha,
            "mixed_arithmetic": mixed_arithmetic,
        } | ENGINES
        path = self.folder / "study.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def arguments(self, alpha: float = 0.05) -> list[str]:
        """Return the argument every summarising script takes."""
        return ["--study", str(self.write(alpha))]

    def read(self, alpha: float = 0.05) -> Study:
        """Return the study as the summarising scripts read it."""
        return read_study(self.write(alpha))

    def runs(self) -> pd.DataFrame:
        """Return the runs as the tables see them."""
        study = self.read()
        return tidy_runs(study, [row for setting in study.settings if setting.wanted_by for row in read_runs(setting)])


def put_on_record(folder: Path, data: Path, **label) -> None:
    """Write the records of the training and evaluation of one block, after its files were written or changed."""
    label |= {
        "engine": ENGINES["trained_by"],
        "network": NETWORK["sha256"],
        "preprocess": Record(data / "preprocess.json").digest,
    }
    training = write_record(
        folder / "train.json",
        [folder / "history.csv"],
        **({"arithmetic": ARITHMETIC, "initial_weights": {}, "approximate": False} | label),
    )
    files = [path for path in (folder / "test.npz", folder / "metrics.csv") if path.exists()]
    write_record(folder / "evaluate.json", files, engine=ENGINES["evaluated_by"], train=training)


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _history(seeds: list[int], epochs: range, accuracy, loss, train_loss) -> list[dict]:
    return [
        {
            "seed": seed,
            "epoch": epoch,
            "train_loss": f"{(0.4 / epoch if train_loss is None else train_loss[epoch - 1]):.9g}",
            "train_accuracy": f"{1 - 0.08 / epoch - 0.0001 * seed:.9g}",
            "test_loss": f"{loss[seed] * (1 + 0.1 * (epochs[-1] - epoch)):.9g}",
            "test_accuracy": f"{accuracy[seed] * (1 - 0.01 * (epochs[-1] - epoch)):.9g}",
        }
        for seed in seeds
        for epoch in epochs
    ]


def _outcomes(accuracy: np.ndarray, loss: np.ndarray) -> dict[str, np.ndarray]:
    """Return outcomes of `IMAGES` images whose means are about the accuracy and just the loss."""
    predicted = np.tile(LABELS, (len(accuracy), 1))
    for row, share in zip(predicted, accuracy, strict=True):
        wrong = round((1 - np.nan_to_num(share, nan=0.9)) * IMAGES)
        row[:wrong] = (row[:wrong] + 1) % 10
    weights = np.linspace(0.5, 1.5, IMAGES)
    return {"loss": (loss[:, None] * weights).astype(np.float32), "predicted": predicted}


def rich_study(folder: Path, n: int, diverged: int = 0, dataset: str = "mnist") -> HandMade:
    """Return a study of all kinds: four sweeps, a grid of names, a grid of numbers, momentum pairs, Keras 2's rule.

    Args:
        folder: the results folder.
        n: seeds a point.
        diverged: how many seeds diverge at learning rate 0.1.
        dataset: name of the data set.
    """
    summaries = {name: (name,) for name in ("epochs", "units", "learning_rate", "momentum", "optimizer")}
    summaries |= {"update_rule": ("optimizer", "epochs"), "shape": ("units", "batch_size")}
    study = HandMade(folder, summaries, dataset)
    noise = np.random.default_rng(0).normal(0, 1, (40, 40))
    row = iter(range(40))

    def runs(accuracy: float, loss: float) -> tuple[np.ndarray, np.ndarray]:
        shift = noise[next(row)][:n]
        return np.round(accuracy + 0.0008 * shift, 4), loss - 0.003 * shift

    everything = "baseline epochs units learning_rate momentum optimizer update_rule shape"
    study.add(everything, *runs(0.98, 0.066))
    study.add("epochs update_rule", *runs(0.982, 0.068), epochs="10")
    study.add("", *runs(0.9825, 0.07), epochs="15")
    study.add("epochs", *runs(0.9829, 0.072), epochs="20")
    study.add("units shape", *runs(0.95, 0.16), units="32")
    study.add("units", *runs(0.9801, 0.066), units="632")
    study.add("units shape", *runs(0.9805, 0.064), units="1024")
    study.add("shape", *runs(0.94, 0.2), units="32", batch_size="256")
    study.add("shape", *runs(0.978, 0.07), batch_size="256")
    study.add("shape", *runs(0.979, 0.07), units="1024", batch_size="256")
    study.add("learning_rate", *runs(0.95, 0.17), learning_rate="0.0001")
    study.add("learning_rate", *runs(0.973, 0.15), learning_rate="0.01")
    accuracy, loss = runs(0.90, 0.6)
    accuracy[:diverged], loss[:diverged] = 0.098, np.nan
    loss[1:diverged] = np.inf
    study.add("learning_rate", accuracy, loss, learning_rate="0.1")
    study.add("momentum", *runs(0.9803, 0.067), momentum="0.5")
    study.add("momentum", *runs(0.974, 0.155), momentum="0.9")
    study.add("momentum", *runs(0.93, 0.6), momentum="0.99")
    study.add("optimizer update_rule", *runs(0.9803, 0.067), optimizer="rmsprop_keras2")
    study.add("optimizer", *runs(0.9797, 0.066), optimizer="adam")
    study.add("update_rule", *runs(0.9815, 0.08), optimizer="rmsprop_keras2", epochs="10")
    return study


def grid_study(folder: Path, name: str, **factors: list[str]) -> HandMade:
    """Return a study of one grid; the accuracy rises by 0.0001 from each point to the next."""
    study = HandMade(folder, {name: tuple(factors)})
    study.add("baseline", [0.9, 0.9], [0.5, 0.5])
    for place, values in enumerate(itertools.product(*factors.values())):
        levels = dict(zip(factors, values, strict=True))
        study.add(name, [0.97 + 0.0001 * place] * 2, [0.1, 0.11], **levels)
    return study


def summarised(study: HandMade, alpha: float = 0.05) -> dict[str, list[dict[str, str]]]:
    """Write all tables of a study but the published ones, and return their rows by name."""
    read = study.read(alpha)
    aggregate.aggregate(read, MARGINS)
    resample.main([*study.arguments(alpha), "--output", str(study.folder / "tables" / "two_way.csv")])
    records = {"aggregate": read.tables("aggregate", margins=MARGINS), "resample": read.tables("resample")}
    return report.read_tables(read, records)
