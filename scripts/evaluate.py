"""Evaluate a trained state on the test set, without TensorFlow (rule evaluate)."""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from atomic import atomic_path
from code_digest import require_engine
from records import Record, RecordError, write_record
from state import StateError, StateReader


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


def evaluate_run(weights: dict[str, np.ndarray], pixels: np.ndarray, labels: np.ndarray):
    """Evaluate one run.

    Args:
        weights: as in `predict`.
        pixels: float32 (n, 784), from 0 to 1.
        labels: uint8 (n,).

    Returns:
        Loss, float32 (n,), and predicted class, uint8 (n,), of every image.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a diverged state gives nan, which the tables count
        logits = predict(weights, pixels)
        return cross_entropy(logits, labels), logits.argmax(axis=1).astype(np.uint8)


def metrics(loss: np.ndarray, predicted: np.ndarray, labels: np.ndarray) -> dict[str, str]:
    """Return a run's metrics, nine significant digits.

    Args:
        loss: of each image, float32 (n,).
        predicted: class of each image, uint8 (n,).
        labels: uint8 (n,).
    """
    values = {"test_loss": loss.mean(dtype=np.float64), "test_accuracy": np.mean(predicted == labels)}
    return {name: f"{value:.9g}" for name, value in values.items()}


def scaled(images: np.ndarray) -> np.ndarray:
    """Return uint8 pixels as float32 from 0 to 1, by the reciprocal of 255 as in training."""
    return images.astype(np.float32) * (np.float32(1) / np.float32(255))


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True, help="train.json, beside the state")
    parser.add_argument("--point", required=True, help="the state must be of this point,")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "LAST"), required=True, help="these seeds,")
    parser.add_argument("--epochs", type=int, required=True, help="this number of epochs,")
    parser.add_argument("--trained-by", required=True, help="and of this engine: versions and code digest")
    parser.add_argument("--data-folder", type=Path, required=True, help="folder of x_test.npy and y_test.npy")
    parser.add_argument("--engine", required=True, help="versions and code digest of this evaluation")
    parser.add_argument("--outcomes", type=Path, required=True, help="per image: loss and predicted class (.npz)")
    parser.add_argument("--metrics", type=Path, required=True, help="per seed: test_loss, test_accuracy (.csv)")
    parser.add_argument(
        "--record", type=Path, required=True, help="what was evaluated, with the SHA-256 of these files"
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    arguments = parse_arguments(argv)
    require_engine(Path(__file__), arguments.engine)
    first, last = arguments.seeds
    label = {"point": arguments.point, "seeds": [first, last], "epochs": arguments.epochs}
    trained = label | {"engine": arguments.trained_by}
    try:
        data = Record(arguments.data_folder / "preprocess.json", dataset=arguments.data_folder.name)
        labels = np.load(data.file("y_test.npy"), allow_pickle=False)
        pixels = scaled(np.load(data.file("x_test.npy"), allow_pickle=False))
        training = Record(arguments.training, **trained, preprocess=data.digest)
        state = StateReader(training.file("state.npz"), holds="weights", **trained)
        runs = [
            evaluate_run(
                {name.removeprefix("weights/"): array for name, array in state.arrays(seed, "weights/").items()},
                pixels,
                labels,
            )
            for seed in range(first, last + 1)
        ]
    except (RecordError, StateError) as error:
        sys.exit(f"ERROR: {error}")
    losses, predictions = (np.stack(arrays) for arrays in zip(*runs, strict=True))
    with atomic_path(arguments.outcomes) as temporary, temporary.open("wb") as file:
        np.savez(file, loss=losses, predicted=predictions)
    with atomic_path(arguments.metrics) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["seed", "test_loss", "test_accuracy"], lineterminator="\n")
        writer.writeheader()
        for seed, loss, predicted in zip(range(first, last + 1), losses, predictions, strict=True):
            writer.writerow({"seed": seed, **metrics(loss, predicted, labels)})
    files = (arguments.outcomes, arguments.metrics)
    write_record(arguments.record, files, **label, engine=arguments.engine, train=training.digest)


if __name__ == "__main__":
    main()
