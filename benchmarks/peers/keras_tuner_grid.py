"""The runs as trials of KerasTuner: keras_tuner_grid.py RUNS DATA OUTPUT [--tuned] [--jit].

As documented ("Getting started with KerasTuner", "Tune model training"): GridSearch in one process, with its progress
bar, and a checkpoint for every epoch that is the best so far. Tuned: its distributed mode on this machine, a
single-threaded worker a core, no checkpoints. GridSearch itself hands out nothing while it waits for the trial it
last handed out ("in case of any new hp discovered"), so it would keep one worker busy; an oracle of our own hands out
the list.
"""

import multiprocessing
import os
import socket
import tempfile
from pathlib import Path

import keras_run


def hypermodel(runs: list, data: Path, jit: bool):
    """Return KerasTuner's model of the documented variant: it builds, trains and tests the run of a trial."""
    import keras_tuner

    arrays = keras_run.load_data(data)

    class ListedRuns(keras_tuner.HyperModel):
        """The position in the list of runs is the hyperparameter, since a list of runs need not be a grid."""

        def build(self, hp):
            """Return the network of a trial."""
            run = runs[hp.Choice("run", list(range(len(runs))))]
            return keras_run.build_model(run, arrays[0][0].shape[1:], False, jit)

        def fit(self, hp, model, callbacks, **_):
            """Train a trial's network; its checkpoints need a metric of the epochs, so accuracy is told twice."""
            run = runs[hp.get("run")]
            metrics = keras_run.fit_model(model, run, arrays, tuned=False, verbose="auto", callbacks=callbacks)
            return metrics | {"val_accuracy": metrics["test_accuracy"]}

    return ListedRuns()


def search_documented(runs: list, data: Path, jit: bool, folder: str) -> dict[int, dict]:
    """Search the grid; returns the metrics of each position."""
    import keras_tuner

    tuner = keras_tuner.GridSearch(
        hypermodel(runs, data, jit),
        objective=keras_tuner.Objective("val_accuracy", "max"),
        directory=folder,
        project_name="runs",
        overwrite=True,
    )
    tuner.search()
    trials = tuner.oracle.trials.values()
    return {
        trial.hyperparameters.get("run"): {name: trial.metrics.get_last_value(name) for name in keras_run.METRICS}
        for trial in trials
    }


def listed_tuner(runs: list, data: Path, jit: bool, folder: str):
    """Return the tuner of the tuned variant, whose attribute `found` has the metrics of the positions it trained."""
    import keras_tuner

    class ListOracle(keras_tuner.Oracle):
        """Hands out the positions in the list of runs, one after the other."""

        def populate_space(self, trial_id):
            """Return the next position, or that there is none left."""
            position = len(self.trials)
            if position == len(runs):
                return {"status": "STOPPED", "values": None}
            return {"status": "RUNNING", "values": {"run": position}}

    class ListedTuner(keras_tuner.Tuner):
        """Trains without the checkpoints and other files `Tuner.run_trial` would write."""

        def __init__(self, **options):
            super().__init__(**options)
            self.found = {}

        def run_trial(self, trial, *_, **__):
            """Train the run of a trial; returns test_loss and test_accuracy."""
            position = trial.hyperparameters.values["run"]
            self.found[position] = keras_run.train_in_worker(runs[position], data, jit)
            return self.found[position]

    space = keras_tuner.HyperParameters()
    space.Choice("run", list(range(len(runs))))
    oracle = ListOracle(objective=keras_tuner.Objective("test_accuracy", "max"), hyperparameters=space)
    return ListedTuner(oracle=oracle, directory=folder, project_name="runs", overwrite=True)


def search(name: str, port: int, runs: list, data: Path, jit: bool, folder: str) -> dict[int, dict]:
    """Be one process of KerasTuner's distributed mode; returns the metrics of the positions it trained."""
    os.environ |= {
        "KERASTUNER_TUNER_ID": name,
        "KERASTUNER_ORACLE_IP": "127.0.0.1",
        "KERASTUNER_ORACLE_PORT": f"{port}",
    }
    tuner = listed_tuner(runs, data, jit, str(Path(folder) / name))
    tuner.search(verbose=0)
    return tuner.found


def free_port() -> int:
    """Return a port of the loopback address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def search_tuned(runs: list, data: Path, jit: bool, folder: str) -> dict[int, dict]:
    """Search with a chief and one worker a core; returns the metrics of each position."""
    call = (free_port(), runs, data, jit, folder)
    chief = multiprocessing.Process(target=search, args=("chief", *call))
    chief.start()
    try:
        with multiprocessing.Pool(keras_run.cores()) as pool:
            calls = [(f"tuner{worker}", *call) for worker in range(keras_run.cores())]
            parts = pool.starmap(search, calls, chunksize=1)
    finally:
        chief.kill()  # it would look only every 20 s whether its workers have gone
        chief.join()
    return {position: metrics for part in parts for position, metrics in part.items()}


def main() -> None:
    """Command line."""
    arguments = keras_run.parse(__doc__)
    search_runs = search_tuned if arguments.tuned else search_documented
    with tempfile.TemporaryDirectory() as folder:
        found = search_runs(arguments.runs, arguments.data, arguments.jit, folder)
    results = [found[position] for position in range(len(arguments.runs))]
    keras_run.write_results(arguments.output, arguments.runs, results)


if __name__ == "__main__":
    main()
