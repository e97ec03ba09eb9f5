"""Train the seeds of one point of params.yaml, a stage of dvc_study.py: dvc_train.py POINT DATA OUTPUT [--jit]."""

import argparse
from pathlib import Path

import keras_run
import yaml


def runs_of(point: dict) -> list[keras_run.Run]:
    """Return the runs of a point, one for each of its seeds."""
    hyperparameters = {name: value for name, value in point.items() if name != "seeds"}
    return [hyperparameters | {"seed": seed} for seed in point["seeds"]]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("point")
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--jit", action="store_true")
    arguments = parser.parse_args()
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    runs = runs_of(params["points"][arguments.point])
    results = [keras_run.train_in_worker(run, arguments.data, arguments.jit) for run in runs]
    arguments.output.parent.mkdir(exist_ok=True)
    keras_run.write_results(arguments.output, runs, results)


if __name__ == "__main__":
    main()
