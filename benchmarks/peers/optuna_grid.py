"""The runs as the grid of an Optuna study: optuna_grid.py RUNS DATA OUTPUT [--tuned] [--jit].

As documented ("Easy Parallelization", "GridSampler"): a process a core, all on one journal file, one seed for their
samplers; each trial reads the data, as in Optuna's example for Keras. Processes that find no run left train one again
that another process has not finished. Tuned: such a trial is pruned at once, TensorFlow has one thread a process, and
each process reads the data once.
"""

import functools
import multiprocessing
import tempfile
from pathlib import Path

import keras_run


def open_study(journal: Path, runs: int):
    """Return the study all processes share: a grid over the position in the list of runs, which need not be a grid."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        study_name="runs",
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal))),
        sampler=optuna.samplers.GridSampler({"run": list(range(runs))}, seed=0),
        direction="maximize",
        load_if_exists=True,
    )


def is_taken(trial, position: int) -> bool:
    """Tell whether an earlier trial has the same run."""
    trials = trial.study.get_trials(deepcopy=False)
    return any(other.number < trial.number and other.params.get("run") == position for other in trials)


def objective(trial, runs: list, data: Path, tuned: bool, jit: bool) -> float:
    """Train the run a trial asks for; its metrics are kept as attributes of the trial."""
    import optuna

    position = trial.suggest_categorical("run", list(range(len(runs))))
    if not tuned:
        metrics = keras_run.train_run(runs[position], keras_run.load_data(data), tuned=False, jit=jit)
    elif is_taken(trial, position):
        raise optuna.TrialPruned
    else:
        metrics = keras_run.train_in_worker(runs[position], data, jit)
    for name, value in metrics.items():
        trial.set_user_attr(name, value)
    return metrics["test_accuracy"]


def optimize(journal: Path, runs: list, data: Path, tuned: bool, jit: bool) -> None:
    """Take trials from the study until its grid is finished: the work of one process."""
    open_study(journal, len(runs)).optimize(
        functools.partial(objective, runs=runs, data=data, tuned=tuned, jit=jit), catch=()
    )


def finished(study, runs: int) -> list[dict]:
    """Return the metrics of the runs in their order, each from the first trial that finished it."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    first = {trial.params["run"]: trial.user_attrs for trial in reversed(trials)}
    return [{name: first[position][name] for name in keras_run.METRICS} for position in range(runs)]


def main() -> None:
    """Command line."""
    arguments = keras_run.parse(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.log"
        study = open_study(journal, len(arguments.runs))
        call = (journal, arguments.runs, arguments.data, arguments.tuned, arguments.jit)
        with multiprocessing.Pool(keras_run.cores()) as pool:
            pool.starmap(optimize, [call] * keras_run.cores(), chunksize=1)
        keras_run.write_results(arguments.output, arguments.runs, finished(study, len(arguments.runs)))


if __name__ == "__main__":
    main()
