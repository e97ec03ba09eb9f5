"""One epoch of the baseline against its matrix products alone: `.venv/bin/python benchmarks/epoch.py DATA_FOLDER`.

Both run on one thread, in turn, in one process; medians of the rounds' CPU times are compared. DATA_FOLDER holds
x_train.npy and its like, e.g. results/data/mnist. Keras' own RMSprop, whose root is an approximation, runs in turn with
them. `--xla-flags` compiles with other flags than `lean_keras`: `--xla-flags=` with none, as XLA does when left alone.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # as in limit.py
    os.environ.pop(name, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "scripts"))

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np

from files.records import sha256
from training.epochs import Training
from training.networks import load_build
from training.optimizers import build_optimizer
from training.randomness import shuffled_order

UNITS, BATCH = 512, 128


def matrix_products(images: int) -> None:
    """Compute the five products of every step: two forward, three backward (none towards the pixels)."""
    generator = np.random.default_rng(0)
    pixels, kernel, hidden, output, errors, hidden_errors = (
        generator.random(shape, dtype=np.float32)
        for shape in ((BATCH, 784), (784, UNITS), (BATCH, UNITS), (UNITS, 10), (BATCH, 10), (BATCH, UNITS))
    )
    for _ in range(-(-images // BATCH)):
        pixels @ kernel
        hidden @ output
        hidden.T @ errors
        errors @ output.T
        pixels.T @ hidden_errors


def timed(work) -> float:
    """Return the CPU seconds a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_folder", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--xla-flags", default=os.environ["XLA_FLAGS"])
    arguments = parser.parse_args()
    os.environ["XLA_FLAGS"] = arguments.xla_flags  # XLA reads them when it first compiles
    train, test = (
        tuple(np.load(arguments.data_folder / f"{part}_{subset}.npy") for part in "xy") for subset in ("train", "test")
    )
    images = len(train[1])
    file = PROJECT / "config" / "networks" / "dense.py"
    data = {"input_shape": train[0].shape[1:], "classes": 10}
    build = load_build(file, sha256(file), data, {"units": UNITS})
    training, inexact = (
        Training(build(0), optimizer, BATCH, train, test, compiled=True)
        for optimizer in (build_optimizer("rmsprop", 0.001, 0), keras.optimizers.RMSprop(0.001))
    )
    order = shuffled_order(0, 1, images)
    works = {
        "epoch of training": lambda: training.train_epoch(order),
        "epoch with Keras' RMSprop": lambda: inexact.train_epoch(order),
        "test metrics": training.test,
        "matrix products (numpy)": lambda: matrix_products(images),
    }
    for work in works.values():
        work()  # compilation and warm-up
    times = {name: [] for name in works}
    for _ in range(arguments.rounds):
        for name, work in works.items():
            times[name].append(timed(work))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name}: {seconds:.3f} s of CPU time (median of {arguments.rounds})")
    for name in ("matrix products (numpy)", "epoch with Keras' RMSprop"):
        print(f"epoch of training against {name}: {medians['epoch of training'] / medians[name]:.3f} x")


if __name__ == "__main__":
    main()
