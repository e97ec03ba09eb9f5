"""One training with Keras' own `fit`, and what all programs of this folder share: command line, data, table of results.

TensorFlow is imported only where a network is trained: the process that hands out runs then starts at once, and may
fork.
"""

import argparse
import csv
import functools
import json
import os
import runpy
from collections.abc import Iterable
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# What every run has; its other keys are keyword arguments of the network's `build`.
OF_TRAINING = ("network", "learning_rate", "momentum", "batch_size", "optimizer", "epochs", "seed")
METRICS = ("test_loss", "test_accuracy")
CLASSES = 10

Run = dict[str, int | float | str]
Arrays = tuple[np.ndarray, np.ndarray]


def parse(description: str, arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line all programs have; `arguments` are those of the process unless given.

    Returns:
        `runs`: what `read_runs` returns. `data`, `output`: absolute paths. `tuned`, `jit`: switches.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=read_runs, help="JSON: a list of runs, each with " + ", ".join(OF_TRAINING))
    parser.add_argument("data", type=existing_folder, help="folder of x_train.npy, y_train.npy, x_test.npy, y_test.npy")
    parser.add_argument("output", type=lambda text: Path(text).resolve(), help="CSV to write, one row a run")
    parser.add_argument("--tuned", action="store_true", help="as one who knows the tool; else as its documentation")
    parser.add_argument(
        "--jit", action="store_true", help="compile with XLA, 50 steps an execution; else Keras' defaults"
    )
    return parser.parse_args(arguments)


def read_runs(path: str | Path) -> list[Run]:
    """Return the runs of a JSON file.

    Raises:
        argparse.ArgumentTypeError: if it is not a list of runs with the same keys, those of `OF_TRAINING` among them.
    """
    try:
        runs = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise argparse.ArgumentTypeError(f"expected a JSON file of runs. Received: {error}") from error
    if (
        not isinstance(runs, list)
        or not runs
        or not all(isinstance(run, dict) and set(OF_TRAINING) <= set(run) == set(runs[0]) for run in runs)
    ):
        keys = ", ".join(OF_TRAINING)
        raise argparse.ArgumentTypeError(f"expected a list of one or more runs, each with {keys}. Received: {path}")
    return runs


def existing_folder(path: str) -> Path:
    """Return the absolute path of a folder, since workers may run elsewhere.

    Raises:
        argparse.ArgumentTypeError: if there is no such folder.
    """
    if not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder. Received: {path}")
    return Path(path).resolve()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_data(folder: Path) -> tuple[Arrays, Arrays]:
    """Return training and test data: float32 images (n, height, width, channels) from 0 to 1, and uint8 labels (n,)."""

    def part(name):
        return np.load(folder / f"x_{name}.npy").astype(np.float32) / 255, np.load(folder / f"y_{name}.npy")

    return part("train"), part("test")


def limit_threads(threads: int) -> None:
    """Give TensorFlow so many threads; before its first operation, later only the same number again."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def build_optimizer(name: str, learning_rate: float, momentum: float):
    """Return Keras' optimizer of that name.

    Raises:
        ValueError: if the name is unknown, or adam is given a momentum.
    """
    import keras

    if name == "adam" and momentum == 0:
        return keras.optimizers.Adam(learning_rate)
    classes = {"rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD}
    if name not in classes:
        raise ValueError(f"`optimizer` must be rmsprop, sgd, or adam without momentum. Received: {name!r}, {momentum}")
    return classes[name](learning_rate, momentum=float(momentum))


def compile_options(tuned: bool, jit: bool) -> dict:
    """Return how `model.compile` is to run steps.

    Keras' defaults are one step an execution, and `jit_compile="auto"`, which is no XLA on a machine without
    accelerator. Fifty steps an execution take two fifths off an epoch, so `tuned` has them also without XLA, which
    compiles each network anew for about two seconds and gains them back only in long trainings.
    """
    return ({"jit_compile": True} if jit else {}) | ({"steps_per_execution": 50} if jit or tuned else {})


def build_model(run: Run, input_shape: tuple[int, ...], tuned: bool, jit: bool):
    """Return a new, compiled network for inputs of that shape, whose weights follow from the run's seed."""
    import keras

    keras.backend.clear_session()  # else Keras keeps the graphs of all networks a process ever built
    keras.utils.set_random_seed(int(run["seed"]))
    keywords = {name: value for name, value in run.items() if name not in OF_TRAINING}
    model = runpy.run_path(run["network"])["build"](input_shape, CLASSES, **keywords)
    model.compile(
        optimizer=build_optimizer(run["optimizer"], run["learning_rate"], run["momentum"]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **compile_options(tuned, jit),
    )
    return model


def fit_model(
    model, run: Run, data: tuple[Arrays, Arrays], tuned: bool, verbose: int | str = 0, callbacks=None
) -> dict:
    """Train a network, with test metrics after every epoch, and return those of the end: test_loss, test_accuracy.

    `tuned` tests 1000 images at a time, not a batch of the training or Keras' 32. Arrays go in as they are: tensors and
    a cached, shuffled, prefetched `tf.data` pipeline were not faster.
    """
    train, test = data
    model.fit(
        *train,
        batch_size=run["batch_size"],
        epochs=run["epochs"],
        validation_data=test,
        validation_batch_size=1000 if tuned else None,
        verbose=verbose,
        callbacks=callbacks,
    )
    found = model.evaluate(*test, batch_size=1000 if tuned else None, verbose=verbose)
    return dict(zip(METRICS, map(float, found), strict=True))


def train_run(run: Run, data: tuple[Arrays, Arrays], tuned: bool, jit: bool, verbose: int | str = 0) -> dict:
    """Train one run; returns test_loss and test_accuracy."""
    return fit_model(build_model(run, data[0][0].shape[1:], tuned, jit), run, data, tuned, verbose)


@functools.cache
def load_data_once(folder: Path) -> tuple[Arrays, Arrays]:
    """Return what `load_data` does, read once a process."""
    return load_data(folder)


def train_in_worker(run: Run, folder: Path, jit: bool) -> dict:
    """Train one run as a tuned worker does, of which there is one a core: on one thread, with data read once."""
    limit_threads(1)
    return train_run(run, load_data_once(folder), tuned=True, jit=jit)


def write_results(path: Path, runs: Iterable[Run], results: Iterable[dict]) -> None:
    """Write the CSV: one row a run, its keys, then its metrics."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [run | result for run, result in zip(runs, results, strict=True)]
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
