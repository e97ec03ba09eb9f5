"""An epoch of several networks here and with Keras' `fit`: `.venv/bin/python benchmarks/networks.py DATA_FOLDER`.

CPU seconds of an epoch on one thread, in turn, in one process; medians of the rounds. DATA_FOLDER holds x_train.npy and
its like, e.g. results/data/mnist. `fit` is called as documented, and tuned: 50 steps in one call, compiled with XLA
where that pays. The last column is the program that was not chosen (XLA, or a plain graph) on the first 2,560 images,
in seconds for as many images as an epoch has: it shows whether the list in `scripts/training/layers.py` is right.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "scripts"))

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
from keras import Input, Sequential, layers
from tabulate import tabulate

from files.records import sha256
from training.epochs import Training
from training.layers import gains_from_xla
from training.networks import Build, load_build
from training.optimizers import build_optimizer
from training.randomness import shuffled_order

BATCH, FEW = 128, 2560
COLUMNS = ("network", "program", "here", "fit", "fit, tuned", "fit / here", "tuned / here", "other program")


def networks(shape: tuple[int, ...], classes: int) -> dict[str, Build]:
    """Return the networks of the project, and two of other layers."""

    def recurrent(seed):
        keras.utils.set_random_seed(seed)
        rows = [Input(shape), layers.Reshape((shape[0], -1)), layers.GRU(64)]
        return Sequential([*rows, layers.Dense(classes, activation="softmax")])

    def normalized(seed):
        keras.utils.set_random_seed(seed)
        hidden = [layers.Dense(512, activation="relu"), layers.LayerNormalization()]
        return Sequential([Input(shape), layers.Flatten(), *hidden, layers.Dense(classes, activation="softmax")])

    data = {"input_shape": shape, "classes": classes}
    files = [PROJECT / "config" / "networks" / f"{name}.py" for name in ("dense", "deep", "convolutional")]
    own = {file.stem: load_build(file, sha256(file), data, {}) for file in files}
    return own | {"recurrent (GRU over rows)": recurrent, "dense with LayerNorm": normalized}


def fitting(build: Build, train, **options) -> Callable[[], object]:
    """Return the function that trains an epoch with Keras' own loop."""
    model = build(0)
    optimizer = keras.optimizers.RMSprop(0.001)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return lambda: model.fit(*train, batch_size=BATCH, verbose=0)


def seconds(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median of the CPU seconds of each piece of work, after one that does not count."""
    times = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if number:
                times[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def row(name: str, build: Build, train, rounds: int) -> tuple:
    """Return a network's row of the table."""
    images, labels = train
    compiled = gains_from_xla(build(0))
    few = images[:FEW], labels[:FEW]

    def epoch(data, compiled):
        training = Training(build(0), build_optimizer("rmsprop", 0.001, 0), BATCH, data, few, compiled)
        order = shuffled_order(0, 1, len(data[1]))
        return lambda: training.train_epoch(order)

    floats = images.astype(np.float32) / 255, labels
    works = {
        "here": epoch(train, compiled),
        "fit": fitting(build, floats),
        "tuned": fitting(build, floats, steps_per_execution=50, jit_compile=compiled),
    }
    found = seconds(works, rounds)
    other = seconds({"other": epoch(few, not compiled)}, 1)["other"] * len(labels) / FEW
    times = (found["here"], found["fit"], found["tuned"], found["fit"] / found["here"], found["tuned"] / found["here"])
    return (name, "XLA" if compiled else "plain graph", *(f"{value:.2f}" for value in (*times, other)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    images, labels = (np.load(arguments.data_folder / f"{part}_train.npy") for part in "xy")
    builds = networks(images.shape[1:], int(labels.max()) + 1)
    rows = [row(name, build, (images, labels), arguments.rounds) for name, build in builds.items()]
    print(tabulate(rows, COLUMNS, "github", disable_numparse=True))


if __name__ == "__main__":
    main()
