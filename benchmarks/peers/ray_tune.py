"""The runs as trials of Ray Tune: ray_tune.py RUNS DATA OUTPUT [--tuned] [--jit].

As documented ("Running Basic Tune Experiments"): a function that reads the data, trains and returns its score, one
trial a core, a new process for each. Ray limits the threads of OpenMP, but not TensorFlow's. Tuned: processes go from
trial to trial, the arrays lie in Ray's object store, TensorFlow has one thread a process, Tune writes one log, not
three, and no progress.
"""

import os
import tempfile
from pathlib import Path

import keras_run


def train_documented(config: dict) -> dict:
    """Train one run, data included: the trainable as Ray's documentation writes it."""
    return keras_run.train_run(config["run"], keras_run.load_data(config["data"]), tuned=False, jit=config["jit"])


def train_tuned(config: dict, data: tuple) -> dict:
    """Train one run on one thread with arrays from Ray's object store, which are not copied."""
    keras_run.limit_threads(1)
    return keras_run.train_run(config["run"], data, tuned=True, jit=config["jit"])


def tune_runs(runs: list, data: Path, tuned: bool, jit: bool, folder: str) -> list[dict]:
    """Let Tune train the runs on the cluster there is; returns what it reports of each, in their order."""
    from ray import tune

    positions = range(len(runs))
    space = {"position": tune.grid_search(list(positions)), "data": data, "jit": jit}
    space["run"] = tune.sample_from(lambda config: runs[config["position"]])
    tuner = tune.Tuner(
        tune.with_parameters(train_tuned, data=keras_run.load_data(data)) if tuned else train_documented,
        param_space=space,
        tune_config=tune.TuneConfig(reuse_actors=tuned),
        run_config=tune.RunConfig(
            storage_path=folder,
            verbose=0 if tuned else 1,
            callbacks=[tune.logger.JsonLoggerCallback()] if tuned else None,  # Tune reads results from one of its logs
        ),
    )
    found = {result.config["position"]: result.metrics for result in tuner.fit()}
    return [{name: found[position][name] for name in keras_run.METRICS} for position in positions]


def main() -> None:
    """Command line."""
    arguments = keras_run.parse(__doc__)
    # Without telemetry, and as on Windows and macOS: a cluster that listens on the loopback address alone. On Linux Ray
    # would listen on all addresses, whatever is said in ray.init.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    if arguments.tuned:
        os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
    import ray

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ray.init(address="local", num_cpus=keras_run.cores(), include_dashboard=False, _temp_dir=folder)
        try:
            results = tune_runs(arguments.runs, arguments.data, arguments.tuned, arguments.jit, folder)
        finally:
            ray.shutdown()
    keras_run.write_results(arguments.output, arguments.runs, results)


if __name__ == "__main__":
    main()
