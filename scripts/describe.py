"""Describe a network: check it before any training, list its layers, time a few steps (rule describe)."""

import argparse
import json
import sys
import time
from pathlib import Path

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import numpy as np
import tensorflow as tf

from design.point_names import canonical_name
from files.records import Record, RecordError, write_record
from training.description import check_network, checked_cost, layer_rows
from training.layers import gains_from_xla
from training.networks import NetworkError, load_build

SOME_IMAGES = 16


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True, help="Python file with the function build")
    parser.add_argument("--network-sha256", required=True, help="its SHA-256")
    parser.add_argument("--point", type=json.loads, required=True, help="JSON: value of each hyperparameter")
    parser.add_argument("--data-folder", type=Path, required=True, help="folder of x_train.npy and its like")
    parser.add_argument("--description", type=Path, required=True, help="layers, parameters and cost (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    import_seconds = time.process_time()
    arguments = parse_arguments(argv)
    point = arguments.point
    try:
        data = Record(arguments.data_folder / "preprocess.json", dataset=arguments.data_folder.name)
        build = load_build(arguments.network, arguments.network_sha256, data.label, point)
        train, test = (
            tuple(tf.constant(np.load(data.file(f"{part}_{subset}.npy"), allow_pickle=False)) for part in "xy")
            for subset in ("train", "test")
        )
        model = check_network(build, train[0][:SOME_IMAGES].numpy(), data.label["classes"])
        content = {
            "network": arguments.network_sha256,
            "input_shape": data.label["input_shape"],
            "layers": layer_rows(model),
            "parameters": model.count_params(),
            "compiled": gains_from_xla(model),
            "cost": checked_cost(build, point, train, test, import_seconds),
        }
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    except NetworkError as error:
        sys.exit(f"ERROR: the network at {canonical_name(point)}: {error}")
    write_record(arguments.description, [], **content)


if __name__ == "__main__":
    main()
