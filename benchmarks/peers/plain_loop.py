"""The runs one after the other in one process, with Keras alone: plain_loop.py RUNS DATA OUTPUT [--tuned] [--jit].

As documented: Keras' defaults, with its progress bar. Tuned: no progress bar, tests in large batches. Either way
TensorFlow uses all cores, its default, which is faster here than one thread.
"""

import keras_run


def main() -> None:
    """Command line."""
    arguments = keras_run.parse(__doc__)
    data = keras_run.load_data(arguments.data)
    verbose = 0 if arguments.tuned else "auto"
    results = [keras_run.train_run(run, data, arguments.tuned, arguments.jit, verbose) for run in arguments.runs]
    keras_run.write_results(arguments.output, arguments.runs, results)


if __name__ == "__main__":
    main()
