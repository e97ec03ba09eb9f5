"""The limit of a list of runs: its matrix products at the rate this machine reaches, all cores at work.

`.venv/bin/python benchmarks/limit.py UNITS …` prints the rate for each width of the hidden layer. Operations are
those of forward and backward products of every training image, and forward products of every test image after every
epoch and once more in the evaluation. The rate is that of the same five products of a step in a loop that
does nothing else, with one single-threaded process a core, by XLA or by numpy, whichever is faster.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # else not the fastest products that this machine can do
    os.environ.pop(name, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np

BATCH, STEPS, ROUNDS = 128, 200, 5
TRAIN_IMAGES, TEST_IMAGES = 60_000, 10_000
PIXELS, CLASSES = 28 * 28, 10


def forward_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products that turn images into logits."""
    return 2 * (PIXELS * units + units * CLASSES) * images


def epoch_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products of an epoch: forward, and both gradients.

    The error of the hidden layer takes one more product; no gradient goes back to the pixels.
    """
    return 2 * (2 * PIXELS * units + 3 * units * CLASSES) * images


def operations(units: int, epochs: int, evaluations: int = 1) -> int:
    """Return the floating-point operations of a run on MNIST: training, a test after every epoch, evaluations."""
    tests = (epochs + evaluations) * forward_operations(units, TEST_IMAGES)
    return epochs * epoch_operations(units, TRAIN_IMAGES) + tests


def operands(units: int) -> list[np.ndarray]:
    """Return pixels, kernel, hidden layer, output kernel, errors and hidden errors of one step, float32."""
    generator = np.random.default_rng(0)
    shapes = (
        *((BATCH, PIXELS), (PIXELS, units), (BATCH, units), (units, CLASSES), (BATCH, CLASSES)),
        (BATCH, units),
    )
    return [generator.random(shape, dtype=np.float32) for shape in shapes]


def numpy_products(units: int):
    """Return a function that computes the products of `STEPS` steps with numpy."""
    pixels, kernel, hidden, output, errors, hidden_errors = operands(units)

    def compute():
        for _ in range(STEPS):
            pixels @ kernel
            hidden @ output
            hidden.T @ errors
            errors @ output.T
            pixels.T @ hidden_errors

    return compute


def xla_products(units: int):
    """Return a function that computes the products of `STEPS` steps in one XLA program."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    pixels, kernel, hidden, output, errors, hidden_errors = map(tf.constant, operands(units))

    @tf.function(jit_compile=True)
    def loop(pixels, hidden, errors, hidden_errors):
        total = tf.zeros(())
        for _ in tf.range(STEPS):
            # Every product depends on the step before, else the compiler would take it out of the loop.
            products = (
                tf.matmul(pixels + total, kernel),
                tf.matmul(hidden + total, output),
                tf.matmul(hidden + total, errors, transpose_a=True),
                tf.matmul(errors + total, output, transpose_b=True),
                tf.matmul(pixels + total, hidden_errors, transpose_a=True),
            )
            total = 1e-30 * tf.add_n([product[0, 0] for product in products])
        return total

    return lambda: float(loop(pixels, hidden, errors, hidden_errors))


LIBRARIES = {"numpy": numpy_products, "xla": xla_products}


def rate_of_one_core(library: str, units: int) -> float:
    """Return the median rate of one thread, in floating-point operations a second."""
    compute = LIBRARIES[library](units)
    compute()  # compilation and warm-up
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        compute()
        seconds.append(time.perf_counter() - start)
    return epoch_operations(units, BATCH * STEPS) / statistics.median(seconds)


def rate_of_all_cores(units: int) -> float:
    """Return the summed rate of one process a core, at work at the same time; of the faster library."""
    rates = []
    for library in LIBRARIES:
        call = [sys.executable, __file__, str(units), "--one-core", library]
        workers = [
            subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(len(os.sched_getaffinity(0)))
        ]
        rates.append(sum(json.loads(worker.communicate()[0]) for worker in workers))
    return max(rates)


def limit_seconds(runs: list[tuple[int, int]], rates: dict[int, float]) -> float:
    """Return the least time of runs `(units, epochs)` on all cores; `rates` in operations a second, by units."""
    return sum(operations(units, epochs) / rates[units] for units, epochs in runs)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=int, nargs="+")
    parser.add_argument("--one-core", choices=LIBRARIES, help="print the rate of one process, as JSON")
    arguments = parser.parse_args()
    if arguments.one_core:
        print(json.dumps(rate_of_one_core(arguments.one_core, arguments.units[0])))
        return
    for units in arguments.units:
        print(f"{units} units: {rate_of_all_cores(units) / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
