"""Train one point for a block of seeds, from one milestone to the next."""

import csv
from pathlib import Path
from typing import NamedTuple

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
from files.atomic import atomic_path
from training.epochs import Training
from training.layers import gains_from_xla, numpy_stack
from training.networks import Build, digest_of, values_of
from training.optimizers import build_optimizer
from training.randomness import shuffled_order
from training.state import assign

HISTORY_COLUMNS = ("seed", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


class Trained(NamedTuple):
    """What a block's training says of itself.

    Attributes:
        history: rows in the order of `HISTORY_COLUMNS`.
        compiled: whether XLA compiled the epochs.
        approximate: whether another vendor's processors give other bits (`epochs.is_approximate`).
        stack: the layers, where NumPy can evaluate them (`layers.numpy_stack`).
        initial_weights: seed, as text -> SHA-256 of the model's variables before training; empty where it went on.
    """

    history: list[tuple]
    compiled: bool
    approximate: bool
    stack: list[dict] | None
    initial_weights: dict[str, str]


def train_block(build: Build, point, seeds, epochs, previous, train, test, keep, report=lambda line: None) -> Trained:
    """Train every seed of a block from one milestone to the next, each as if it trained alone.

    Args:
        build: function `seed -> model`.
        point: `optimizer`, `learning_rate`, `momentum` and `batch_size`; more is ignored.
        seeds: the block's seeds.
        epochs: `(start, end)`: epochs trained so far, and at the end.
        previous: function `seed -> arrays` of the state at `start` epochs; None for fresh weights.
        train: `(images, labels)`, uint8 or float32 (n, …) and uint8 (n,).
        test: the same for the test set.
        keep: called with each seed and the arrays of its state at `end` epochs.
        report: called with a line of text after each epoch.

    Raises:
        ValueError: if a state is not of this model and optimizer.
    """
    start, end = epochs
    model = build(seeds[0])
    compiled = gains_from_xla(model)
    optimizer = build_optimizer(point["optimizer"], point["learning_rate"], point["momentum"])
    training = Training(model, optimizer, point["batch_size"], train, test, compiled)
    images = int(train[1].shape[0])
    fresh_optimizer = values_of(optimizer.variables)
    history, initial_weights = [], {}
    for seed in seeds:
        if previous:
            values = previous(seed)
        else:
            weights = values_of(build(seed).variables)
            initial_weights[str(seed)] = digest_of(weights)
            values = dict(zip(training.variables, weights + fresh_optimizer, strict=True))
        assign(training.variables, values)
        for epoch in range(start + 1, end + 1):
            results = (*training.train_epoch(shuffled_order(seed, epoch, images)), *training.test())
            history.append((seed, epoch, *results))
            report(
                "seed {} epoch {}/{}: train loss {:.4f} accuracy {:.4f}, test loss {:.4f} accuracy {:.4f}".format(
                    seed, epoch, end, *results
                )
            )
        keep(seed, {name: variable.numpy() for name, variable in training.variables.items()})
    return Trained(history, compiled, training.approximate, numpy_stack(model), initial_weights)


def write_history(path: Path, history: list[tuple]) -> None:
    """Write the rows of a history with nine significant digits, which distinguish every float32 from its neighbours."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HISTORY_COLUMNS)
        writer.writerows([seed, epoch, *(f"{value:.9g}" for value in values)] for seed, epoch, *values in history)
