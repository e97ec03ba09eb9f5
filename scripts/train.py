"""Train one point for a block of seeds from one milestone to the next (rule train)."""

import argparse
import json
import sys
from pathlib import Path

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import numpy as np
import tensorflow as tf

from design.point_names import canonical_name
from files.arithmetic import arithmetic
from files.code_digest import require_engine
from files.records import Record, RecordError, write_record
from training.block import train_block, write_history
from training.networks import NetworkError, load_build
from training.state import Arrays, read_state, state_writer


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True, help="Python file with the function build")
    parser.add_argument("--network-sha256", required=True, help="its SHA-256, kept in the record")
    parser.add_argument("--point", type=json.loads, required=True, help="JSON: value of each hyperparameter")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "LAST"), required=True)
    parser.add_argument("--epochs", type=int, nargs=2, metavar=("START", "END"), required=True)
    parser.add_argument("--data-folder", type=Path, required=True, help="folder of x_train.npy and its like")
    parser.add_argument("--previous", type=Path, nargs="?", help="train.json of the states at START epochs > 0")
    parser.add_argument("--engine", required=True, help="versions and code digest, kept in the record")
    parser.add_argument("--state", type=Path, required=True, help="the model's variables at END epochs")
    parser.add_argument("--optimizer-state", type=Path, required=True, help="the optimizer's variables")
    parser.add_argument("--history", type=Path, required=True, help="metrics of every epoch")
    parser.add_argument("--record", type=Path, required=True, help="what was trained, with the SHA-256 of these files")
    arguments = parser.parse_args(argv)
    if (arguments.epochs[0] > 0) != (arguments.previous is not None):
        parser.error("--previous goes with START epochs > 0, and only with these")
    return arguments


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    arguments = parse_arguments(argv)
    require_engine(Path(__file__), arguments.engine)
    first, last = arguments.seeds
    start, end = arguments.epochs
    label = {
        "point": canonical_name(arguments.point),
        "seeds": [first, last],
        "epochs": end,
        "engine": arguments.engine,
        "network": arguments.network_sha256,
    }
    try:
        data = Record(arguments.data_folder / "preprocess.json", dataset=arguments.data_folder.name)
        build = load_build(arguments.network, arguments.network_sha256, data.label, arguments.point)
        previous, initial_weights = None, {}
        if arguments.previous:
            earlier = Record(arguments.previous, **label | {"epochs": start}, preprocess=data.digest)
            initial_weights = earlier.label["initial_weights"]
            states = [earlier.file(name) for name in ("state.npz", "optimizer.npz")]

            def previous(seed: int) -> Arrays:
                return {name: array for path in states for name, array in read_state(path, seed).items()}

        # As tensors, so that no second copy stays in memory: 55 MB of uint8, scaled inside the epoch.
        train, test = (
            tuple(tf.constant(np.load(data.file(f"{part}_{subset}.npy"), allow_pickle=False)) for part in "xy")
            for subset in ("train", "test")
        )
        with state_writer({"weights": arguments.state, "optimizer": arguments.optimizer_state}) as keep:
            trained = train_block(
                build,
                arguments.point,
                range(first, last + 1),
                (start, end),
                previous,
                train,
                test,
                keep,
                lambda line: print(line, flush=True),
            )
    except (RecordError, NetworkError) as error:
        sys.exit(f"ERROR: {error}")
    write_history(arguments.history, trained.history)
    write_record(
        arguments.record,
        (arguments.state, arguments.optimizer_state, arguments.history),
        **label,
        preprocess=data.digest,
        arithmetic=arithmetic(),
        hyperparameters=arguments.point,
        compiled=trained.compiled,
        approximate=trained.approximate,
        stack=trained.stack,
        initial_weights=initial_weights or trained.initial_weights,
    )


if __name__ == "__main__":
    main()
