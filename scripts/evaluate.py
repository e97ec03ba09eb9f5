"""Evaluate a trained state on the test set, without TensorFlow (rule evaluate)."""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from atomic import atomic_path
from state import StateError, read_state


def predict(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the network's logits.

    Args:
        weights: `hidden/kernel` (784, units), `hidden/bias` (units,), `output/kernel` (units, 10), `output/bias` (10,).
        images: float32 (n, 784), pixels from 0 to 1.

    Returns:
        float32 (n, 10): what softmax turns into probabilities.
    """
    hidden = np.maximum(images @ weights["hidden/kernel"] + weights["hidden/bias"], 0)
    return hidden @ weights["output/kernel"] + weights["output/bias"]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each image's loss, -log softmax(logits)[label], float32 (n,).

    Keras' `evaluate` also takes it from the logits behind the softmax, unclipped.
    """
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    own = np.take_along_axis(shifted, labels[:, None].astype(np.intp), axis=1)[:, 0]
    return (np.log(np.exp(shifted).sum(axis=1)) - own).astype(np.float32)


def evaluate_block(state: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray):
    """Evaluate every seed of a state.

    Args:
        state: arrays `weights/…`, seeds along the first axis.
        images: uint8 (n, 784).
        labels: uint8 (n,).

    Returns:
        Loss, float32 (seeds, n), and predicted class, uint8 (seeds, n), of every image.
    """
    pixels = images.astype(np.float32) * (np.float32(1) / np.float32(255))
    losses, predictions = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # a diverged state gives nan, which the tables count
        for seed in range(len(next(iter(state.values())))):
            logits = predict({name.removeprefix("weights/"): array[seed] for name, array in state.items()}, pixels)
            losses.append(cross_entropy(logits, labels))
            predictions.append(logits.argmax(axis=1).astype(np.uint8))
    return np.stack(losses), np.stack(predictions)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--point", required=True, help="the state must be of this point,")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "LAST"), required=True, help="these seeds")
    parser.add_argument("--epochs", type=int, required=True, help="and this number of epochs")
    parser.add_argument("--x-test", type=Path, required=True)
    parser.add_argument("--y-test", type=Path, required=True)
    parser.add_argument("--outcomes", type=Path, required=True, help="per image: loss and predicted class (.npz)")
    parser.add_argument("--metrics", type=Path, required=True, help="per seed: test_loss, test_accuracy (.csv)")
    arguments = parser.parse_args(argv)
    first, last = arguments.seeds
    try:
        state, _ = read_state(
            arguments.state, "weights/", point=arguments.point, seeds=[first, last], epochs=arguments.epochs
        )
    except StateError as error:
        sys.exit(f"ERROR: {error}")
    labels = np.load(arguments.y_test)
    losses, predictions = evaluate_block(state, np.load(arguments.x_test), labels)
    with atomic_path(arguments.outcomes) as temporary, temporary.open("wb") as file:
        np.savez(file, loss=losses, predicted=predictions)
    with atomic_path(arguments.metrics) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["seed", "test_loss", "test_accuracy"])
        for seed, loss, predicted in zip(range(first, last + 1), losses, predictions, strict=True):
            accuracy = np.mean(predicted == labels)
            writer.writerow([seed, f"{loss.mean(dtype=np.float64):.9g}", f"{accuracy:.9g}"])


if __name__ == "__main__":
    main()
