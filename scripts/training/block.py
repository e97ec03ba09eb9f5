"""Train one point for a block of seeds, from one milestone to the next."""

import csv
from pathlib import Path

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import tensorflow as tf

from files.atomic import atomic_path
from training.epochs import CompiledTraining
from training.networks import build_network
from training.optimizers import build_optimizer
from training.randomness import initial_weights, shuffled_order

HISTORY_COLUMNS = ("seed", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


def fix_settings(threads: int = 1) -> None:
    """Fix the settings of Keras and TensorFlow, whatever ~/.keras says; call it before their first computation."""
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def train_block(point, seeds, epochs, previous, train, test, keep, report=lambda line: None):
    """Train every seed of a block from one milestone to the next, each as if it trained alone.

    Args:
        point: value of each of `HYPERPARAMETERS`.
        seeds: the block's seeds.
        epochs: `(start, end)`: epochs trained so far, and at the end.
        previous: function `seed -> arrays` of the state at `start` epochs; None for fresh weights.
        train: `(images, labels)`, uint8 (n, 784) and uint8 (n,).
        test: the same for the test set.
        keep: called with each seed and the arrays of its state at `end` epochs.
        report: called with a line of text after each epoch.

    Returns:
        The history's rows in the order of `HISTORY_COLUMNS`.
    """
    start, end = epochs
    train, test = ((tf.reshape(images, (len(images), -1)), labels) for images, labels in (train, test))
    training = CompiledTraining(
        build_network(point["units"]),
        build_optimizer(point["optimizer"], point["learning_rate"], point["momentum"]),
        point["batch_size"],
        train,
        test,
    )
    images = int(train[1].shape[0])
    variables = training.variables
    fresh = {name: variable.numpy() for name, variable in variables.items() if name.startswith("optimizer/")}
    weights = [name for name in variables if name.startswith("weights/")]
    history = []
    for seed in seeds:
        if previous:
            values = previous(seed)
        else:
            values = fresh | dict(zip(weights, initial_weights(point["units"], seed), strict=True))
        for name, variable in variables.items():
            variable.assign(values[name])
        for epoch in range(start + 1, end + 1):
            results = (*training.train_epoch(shuffled_order(seed, epoch, images)), *training.test())
            history.append((seed, epoch, *results))
            report(
                "seed {} epoch {}/{}: train loss {:.4f} accuracy {:.4f}, test loss {:.4f} accuracy {:.4f}".format(
                    seed, epoch, end, *results
                )
            )
        keep(seed, {name: variable.numpy() for name, variable in variables.items()})
    return history


def write_history(path: Path, history: list[tuple]) -> None:
    """Write the rows of a history with nine significant digits, which distinguish every float32 from its neighbours."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HISTORY_COLUMNS)
        writer.writerows([seed, epoch, *(f"{value:.9g}" for value in values)] for seed, epoch, *values in history)
