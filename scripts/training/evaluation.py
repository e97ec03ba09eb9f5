"""Evaluate trained states on the test set: a second program confirms the metrics of training.

Stacks of dense layers are computed with NumPy alone, in float64. How a processor orders sums, and which exp it uses,
then changes the last of sixteen digits; losses are written with nine, so metrics and predictions are the same on every
processor. `keras_evaluation` computes the logits of all other networks.
"""

from collections.abc import Callable

import numpy as np

CHUNK = 1000  # images; all of MNIST's test images at once take 10 times the memory and as much time
LARGEST = np.finfo(np.float32).max
Logits = Callable[[np.ndarray], np.ndarray]  # images (n, …) -> the input of the softmax, (n, classes)


def numpy_logits(stack: list[dict], weights: dict[str, np.ndarray]) -> Logits:
    """Return the function that computes a network's logits in float64.

    They are nan where float32 overflows, as in training.

    Args:
        stack: the layers (`layers.numpy_stack`); the last one is dense with softmax.
        weights: `weights/{position}` -> array, of any type.
    """
    wide = {name: array.astype(np.float64) for name, array in weights.items()}

    def logits(images: np.ndarray) -> np.ndarray:
        values = scaled(images)
        for layer in stack:
            if layer["layer"] == "flatten":
                values = values.reshape(len(values), -1)
            elif layer["layer"] == "dense":
                kernel, *bias = (wide[f"weights/{position}"] for position in layer["weights"])
                values = values @ kernel
                if bias:
                    values = values + bias[0]
                if layer is not stack[-1]:
                    values = ACTIVATIONS[layer["activation"]](values)
                values = np.where(np.abs(values) <= LARGEST, values, np.nan)
        return values

    return logits


def network_logits(stack: list[dict] | None, *network) -> Callable[[dict[str, np.ndarray]], Logits]:
    """Return the function `weights -> logits` of a network.

    Args:
        stack: its layers, if NumPy evaluates it; else None, and Keras does.
        network: arguments of `networks.load_build`, for Keras.

    Raises:
        NetworkError: as `load_build` does.
    """
    if stack:
        return lambda weights: numpy_logits(stack, weights)
    from training.keras_evaluation import keras_logits  # only here: Keras takes seconds and 350 MB
    from training.networks import load_build

    return keras_logits(load_build(*network)(0))


def softmax(values: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis."""
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "linear": lambda values: values,
    "relu": lambda values: np.maximum(values, 0),
    "sigmoid": lambda values: 1 / (1 + np.exp(-values)),
    "softmax": softmax,
    "tanh": np.tanh,
}


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each image's loss, -log softmax(logits)[label], float64 (n,); nan where float32 overflows.

    Keras' `evaluate` takes it from the logits too, so a loss is not clipped.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    of_label = np.take_along_axis(shifted, labels[:, None].astype(np.intp), axis=1)[:, 0]
    loss = np.log(np.exp(shifted).sum(axis=1)) - of_label
    return np.where(loss <= LARGEST, loss, np.nan)


def evaluate_run(logits: Logits, images: np.ndarray, labels: np.ndarray):
    """Evaluate one run.

    Args:
        logits: of the run's network.
        images: uint8 or float32 (n, …).
        labels: uint8 (n,).

    Returns:
        Loss, float64 (n,), and predicted class, uint8 (n,), of every image.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # diverged weights give nan, which the tables count
        found = np.concatenate([logits(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)])
        return cross_entropy(found, labels), found.argmax(axis=1).astype(np.uint8)


def metrics(loss: np.ndarray, predicted: np.ndarray, labels: np.ndarray) -> dict[str, str]:
    """Return a run's metrics with nine significant digits.

    Args:
        loss: of each image, float64 (n,).
        predicted: class of each image, uint8 (n,).
        labels: uint8 (n,).
    """
    values = {"test_loss": loss.mean(), "test_accuracy": np.mean(predicted == labels)}
    return {name: f"{value:.9g}" for name, value in values.items()}


def scaled(images: np.ndarray) -> np.ndarray:
    """Return images as float64: uint8 pixels from 0 to 1, each of them the float32 of training (`epochs.scaled`)."""
    if images.dtype == np.uint8:
        images = images.astype(np.float32) * (np.float32(1) / np.float32(255))
    return images.astype(np.float64)
