"""Evaluate a trained state on the test set, apart from training (rule evaluate)."""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np

from design.point_names import canonical_name
from files.atomic import atomic_path
from files.code_digest import require_engine
from files.records import Record, write_record
from training.evaluation import evaluate_run, metrics, network_logits
from training.state import read_state


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True, help="train.json, beside the state")
    parser.add_argument("--network", type=Path, required=True, help="Python file with the function build")
    parser.add_argument("--network-sha256", required=True, help="its SHA-256; the state must be of this network,")
    parser.add_argument("--point", type=json.loads, required=True, help="this point (JSON: its hyperparameters),")
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
    label = {"point": canonical_name(arguments.point), "seeds": [first, last], "epochs": arguments.epochs}
    trained = label | {"engine": arguments.trained_by, "network": arguments.network_sha256}
    try:
        data = Record(arguments.data_folder / "preprocess.json", dataset=arguments.data_folder.name)
        labels = np.load(data.file("y_test.npy"), allow_pickle=False)
        images = np.load(data.file("x_test.npy"), allow_pickle=False)
        training = Record(arguments.training, **trained, preprocess=data.digest)
        state = training.file("state.npz")
        network = arguments.network, arguments.network_sha256, data.label, arguments.point
        logits = network_logits(training.label["stack"], *network)
    except ValueError as error:  # RecordError, or NetworkError, whose import would bring Keras
        sys.exit(f"ERROR: {error}")
    runs = [evaluate_run(logits(read_state(state, seed)), images, labels) for seed in range(first, last + 1)]
    losses, predictions = (np.stack(arrays) for arrays in zip(*runs, strict=True))
    with atomic_path(arguments.outcomes) as temporary, temporary.open("wb") as file:
        np.savez(file, loss=losses.astype(np.float32), predicted=predictions)
    with atomic_path(arguments.metrics) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["seed", "test_loss", "test_accuracy"], lineterminator="\n")
        writer.writeheader()
        for seed, loss, predicted in zip(range(first, last + 1), losses, predictions, strict=True):
            writer.writerow({"seed": seed, **metrics(loss, predicted, labels)})
    files = (arguments.outcomes, arguments.metrics)
    write_record(arguments.record, files, **label, engine=arguments.engine, train=training.digest)


if __name__ == "__main__":
    main()
