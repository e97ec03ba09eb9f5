"""The runs in joblib's worker processes: joblib_workers.py RUNS DATA OUTPUT [--tuned] [--jit].

As documented ("Embarrassingly parallel for loops"): a worker a core; the arrays are arguments, which joblib maps into
all workers from one file. joblib limits the threads of BLAS and OpenMP, but not TensorFlow's. Tuned: TensorFlow on one
thread a worker, each worker reads the data once.
"""

import keras_run


def main() -> None:
    """Command line."""
    arguments = keras_run.parse(__doc__)
    from joblib import Parallel, delayed

    if arguments.tuned:
        calls = (delayed(keras_run.train_in_worker)(run, arguments.data, arguments.jit) for run in arguments.runs)
    else:
        data = keras_run.load_data(arguments.data)
        calls = (delayed(keras_run.train_run)(run, data, False, arguments.jit) for run in arguments.runs)
    results = Parallel(n_jobs=keras_run.cores())(calls)
    keras_run.write_results(arguments.output, arguments.runs, results)


if __name__ == "__main__":
    main()
