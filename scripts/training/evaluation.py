"""Evaluate trained weights on the test set with NumPy alone: a second program confirms the metrics of TensorFlow.

Everything is computed in float64. How a processor orders sums, and which exp it uses, then changes the last of sixteen
digits; losses are written with nine, so metrics and predictions are the same on every processor.
"""

import numpy as np

CHUNK = 1000  # images; all of MNIST's test images at once take 10 times the memory and as much time


def predict(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the network's logits.

    Args:
        weights: float64, `weights/hidden/kernel` (784, units), `weights/hidden/bias` (units,), `weights/output/kernel`
            (units, 10) and `weights/output/bias` (10,).
        images: uint8 (n, 784).

    Returns:
        float64 (n, 10), the input of the softmax; nan where float32 overflows, as in training.
    """
    hidden = np.maximum(scaled(images) @ weights["weights/hidden/kernel"] + weights["weights/hidden/bias"], 0)
    logits = hidden @ weights["weights/output/kernel"] + weights["weights/output/bias"]
    return np.where(np.abs(logits) <= np.finfo(np.float32).max, logits, np.nan)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each image's loss, -log softmax(logits)[label], float64 (n,); nan where float32 overflows.

    Keras' `evaluate` takes it from the logits too, so a loss is not clipped.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    of_label = np.take_along_axis(shifted, labels[:, None].astype(np.intp), axis=1)[:, 0]
    loss = np.log(np.exp(shifted).sum(axis=1)) - of_label
    return np.where(loss <= np.finfo(np.float32).max, loss, np.nan)


def evaluate_run(weights: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray):
    """Evaluate one run.

    Args:
        weights: as in `predict`, of any type.
        images: uint8 (n, 784).
        labels: uint8 (n,).

    Returns:
        Loss, float64 (n,), and predicted class, uint8 (n,), of every image.
    """
    images = images.reshape(len(images), -1)
    wide = {name: array.astype(np.float64) for name, array in weights.items()}
    with np.errstate(over="ignore", invalid="ignore"):  # diverged weights give nan, which the tables count
        logits = np.concatenate(
            [predict(wide, images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
        )
        return cross_entropy(logits, labels), logits.argmax(axis=1).astype(np.uint8)


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
    """Return uint8 pixels as float64 from 0 to 1, each of them the float32 of training (`epochs.scaled`)."""
    return (images.astype(np.float32) * (np.float32(1) / np.float32(255))).astype(np.float64)
