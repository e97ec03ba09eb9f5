"""What a network is before it is trained: checked, its layers, and what its steps cost.

A network that trains without an error can still spoil a study: weights that are the same for every seed, randomness
that no seed repeats, probabilities that are none. Each is refused in one line before any training.
"""

import resource
import time
from collections.abc import Iterator

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
import tensorflow as tf

from training.epochs import Training, scaled
from training.layers import gains_from_xla, numpy_stack
from training.networks import Build, NetworkError, values_of
from training.optimizers import build_optimizer

STEPS, MOST_STEPS, TIMED_IMAGES = 3, 50, 4_000  # trained to check and to time: so many steps, if there are images
SUM_TOLERANCE = 1e-3  # of an image's probabilities from 1


def check_network(build: Build, images: np.ndarray, classes: int) -> keras.Model:
    """Build a network thrice, and check everything that can be seen without training it.

    Args:
        build: function `seed -> model`.
        images: some images, uint8 or float32 (n, …).
        classes: number of classes.

    Returns:
        The model of seed 0.

    Raises:
        NetworkError: in one line, with what was expected and what came.
    """
    model, again, other = build(0), build(0), build(1)
    for problem in (*_form_problems(model), *_seed_problems(model, again, other)):
        raise NetworkError(problem)
    batch = scaled(tf.constant(images))
    try:
        first, second = (model(batch, training=False) for _ in range(2))
    except Exception as error:
        raise NetworkError(_failed("computing the probabilities of some images", error)) from error
    for problem in _output_problems(first, second, len(images), classes):
        raise NetworkError(problem)
    return model


def _form_problems(model: keras.Model) -> Iterator[str]:
    inputs = getattr(model, "inputs", None) or [None]
    if len(inputs) != 1:
        yield f"expected a model with one input. Received: {len(inputs)}"
    if model.compiled:
        yield (
            "expected a model that is not compiled, since the config names optimizer and batch size. Received: a "
            "compiled one. Remove the call of `compile`"
        )
    for layer in model._flatten_layers(include_self=False):
        if layer.compute_dtype not in (None, "float32"):
            yield f"expected all layers to compute in float32. Received: {layer.name} in {layer.compute_dtype}"
    for variable in model.variables:
        if "float" in variable.dtype and variable.dtype != "float32":
            yield f"expected all weights in float32. Received: {variable.path} in {variable.dtype}"
    if not model.trainable_variables:
        yield "expected a model with weights to train. Received: none"


def _seed_problems(model: keras.Model, again: keras.Model, other: keras.Model) -> Iterator[str]:
    values, repeated, others = (values_of(each.variables) for each in (model, again, other))
    shapes = [[value.shape for value in each] for each in (values, repeated, others)]
    if shapes[1:] != shapes[:-1]:
        yield "expected the same variables at each call of `build`. Received: others at the second or third call"
        return
    for variable, value, same in zip(model.variables, values, repeated, strict=True):
        if not np.array_equal(value, same, equal_nan=True):
            yield (
                f"expected the same weights from two builds with one seed. Received: others in {variable.path}. Draw "
                "them by an initializer of Keras, or from keras.random with a seed that does not come from the clock"
            )
    for variable, value, differing in zip(model.variables, values, others, strict=True):
        if variable.path.endswith("seed_generator_state") and np.array_equal(value, differing):
            yield (
                f"expected random layers whose seed comes from the run's. Received: the same state of {variable.path} "
                "for two seeds. Remove the layer's `seed`"
            )
    weights = [
        (value, differing)
        for variable, value, differing in zip(model.variables, values, others, strict=True)
        if "float" in variable.dtype
    ]
    drawn = [(value, differing) for value, differing in weights if value.size > 1 and np.ptp(value) > 0]
    if drawn and all(np.array_equal(value, differing) for value, differing in drawn):
        yield (
            "expected other initial weights for another seed. Received: the same for two seeds. Remove the seed from "
            "the initializers, and any call that sets one"
        )


def _output_problems(first, second, images: int, classes: int) -> Iterator[str]:
    if not hasattr(first, "shape"):
        yield f"expected a model with one output. Received: {len(first)}, as {type(first).__name__}"
        return
    expected = f"an output of shape (n, {classes}), a probability for each class"
    if tuple(first.shape) != (images, classes):
        received = ", ".join(["n", *map(str, first.shape[1:])])
        yield f"expected {expected}. Received: shape ({received})"
        return
    if first.dtype != tf.float32:
        yield f"expected {expected}, in float32. Received: {first.dtype.name}"
    rows = np.asarray(first, np.float64)
    if not np.isfinite(rows).all():
        yield f"expected {expected}. Received: values that are not finite, with fresh weights"
    elif rows.min() < 0 or np.abs(rows.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        sums = rows.sum(axis=1)
        yield (
            f"expected {expected}: none below 0, their sum 1. Received: values from {rows.min():.3g} to "
            f"{rows.max():.3g}, sums from {sums.min():.3g} to {sums.max():.3g}. End the network in a softmax"
        )
    elif not np.array_equal(first, second):
        yield (
            "expected the same output each time a batch is evaluated. Received: two that differ. Use randomness only "
            "where `training` is true"
        )


def checked_cost(build: Build, point: dict, train, test, import_seconds: float) -> dict:
    """Take a few steps, check what only a training shows, and return what `running.cost.Description` holds.

    The steps are taken twice from one state, and by a plain graph that is traced anew once more: NumPy's randomness is
    drawn as a graph is traced. Layers of a compiled model are Keras' own, without randomness.

    Args:
        build: function `seed -> model`.
        point: value of each hyperparameter.
        train: `(images, labels)`, tensors uint8 or float32 (n, …) and uint8 (n,): the whole training set, which is in
            memory in a training too.
        test: the same for the test set.
        import_seconds: CPU seconds that the imports took.

    Raises:
        NetworkError: in one line.
    """
    began = time.process_time()
    model = build(0)
    fresh = values_of(model.variables)
    size = min(point["batch_size"], len(train[1]))
    steps = max(STEPS, min(MOST_STEPS, TIMED_IMAGES // size))
    order = np.resize(np.arange(len(train[1]), dtype=np.int32), steps * size)
    training = _training(model, point, train, test)
    blank = values_of(training.optimizer.variables)
    ends, seconds, losses = [], [], []
    for again in (False, False) if training.compiled else (False, False, True):
        if again:
            training = _training(model, point, train, test)
        _assign(model.variables, fresh)
        _assign(training.optimizer.variables, blank)
        start = time.process_time()
        try:
            losses.append(training.train_epoch(order)[0])
        except Exception as error:
            raise NetworkError(_failed("a step of training as a TensorFlow graph", error)) from error
        seconds.append(time.process_time() - start)
        ends.append(values_of([*model.variables, *training.optimizer.variables]))
    for end in ends[1:]:
        if not all(np.array_equal(one, two, equal_nan=True) for one, two in zip(ends[0], end, strict=True)):
            raise NetworkError(
                "expected the same weights from two trainings that start from one state. Received: weights that "
                "differ. Give every random operation a seed generator of the model's own (keras.random.SeedGenerator)"
            )
    if not np.isfinite(losses[0]):  # by a large learning rate, or at once?
        _assign(model.variables, fresh)
        if not np.isfinite(_training(model, point, train, test).train_epoch(order[:size])[0]):
            raise NetworkError(
                "expected a finite loss in the first step, before any weight has changed. Received: one that is not"
            )
    training.test()
    tested = time.process_time()
    training.test()
    image_seconds = (time.process_time() - tested) / len(test[1])
    pixels = int(np.prod(train[0].shape[1:]))
    widths = [int(np.prod(row["output"])) for row in layer_rows(model) if row["output"]]
    return {
        "parameters": model.count_params(),
        "pixels": pixels,
        "widest": max([pixels, *widths]),
        "evaluated_by": "numpy" if numpy_stack(model) else "keras",
        "start_seconds": import_seconds + tested - began - sum(seconds[1:]),
        "image_seconds": image_seconds,
        "step_seconds": seconds[1] / steps,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _training(model: keras.Model, point: dict, train, test) -> Training:
    optimizer = build_optimizer(point["optimizer"], point["learning_rate"], point["momentum"])
    return Training(model, optimizer, point["batch_size"], train, test, gains_from_xla(model))


def _failed(what: str, error: Exception) -> str:
    message = " ".join(str(error).split())
    return f"expected {what} to work. Received: {type(error).__name__}: {message[:300]}"


def layer_rows(model: keras.Model) -> list[dict]:
    """Return a row a layer: `layer`, its kind; `output`, the shape of what it gives for an image; `parameters`."""
    rows = []
    for layer in model.layers:
        output = getattr(layer, "output", None) if getattr(layer, "_inbound_nodes", None) else None
        shape = list(output.shape[1:]) if hasattr(output, "shape") else None
        rows.append({"layer": type(layer).__name__, "output": shape, "parameters": layer.count_params()})
    return rows
