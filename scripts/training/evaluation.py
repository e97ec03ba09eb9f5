"""Evaluate trained weights on the test set with NumPy alone: a second program confirms the metrics of TensorFlow."""

import numpy as np


def predict(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the network's logits.

    Args:
        weights: float32, `weights/hidden/kernel` (784, units), `weights/hidden/bias` (units,), `weights/output/kernel`
            (units, 10) and `weights/output/bias` (10,).
        images: float32 (n, 784), pixels from 0 to 1.

    Returns:
        float32 (n, 10): what softmax turns into probabilities.
    """
    hidden = np.maximum(images @ weights["weights/hidden/kernel"] + weights["weights/hidden/bias"], 0)
    return hidden @ weights["weights/output/kernel"] + weights["weights/output/bias"]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each image's loss, -log softmax(logits)[label], float32 (n,).

    Keras' `evaluate` takes it from the logits too, so a loss is not clipped.
    """
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    own = np.take_along_axis(shifted, labels[:, None].astype(np.intp), axis=1)[:, 0]
    return (np.log(np.exp(shifted).sum(axis=1)) - own).astype(np.float32)


def evaluate_run(weights: dict[str, np.ndarray], pixels: np.ndarray, labels: np.ndarray):
    """Evaluate one run.

    Args:
        weights: as in `predict`.
        pixels: float32 (n, 784), from 0 to 1.
        labels: uint8 (n,).

    Returns:
        Loss, float32 (n,), and predicted class, uint8 (n,), of every image.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # diverged weights give nan, which the tables count
        logits = predict(weights, pixels)
        return cross_entropy(logits, labels), logits.argmax(axis=1).astype(np.uint8)


def metrics(loss: np.ndarray, predicted: np.ndarray, labels: np.ndarray) -> dict[str, str]:
    """Return a run's metrics, nine significant digits.

    Args:
        loss: of each image, float32 (n,).
        predicted: class of each image, uint8 (n,).
        labels: uint8 (n,).
    """
    values = {"test_loss": loss.mean(dtype=np.float64), "test_accuracy": np.mean(predicted == labels)}
    return {name: f"{value:.9g}" for name, value in values.items()}


def scaled(images: np.ndarray) -> np.ndarray:
    """Return uint8 pixels as float32 from 0 to 1, by the reciprocal of 255 as in training."""
    return images.astype(np.float32) * (np.float32(1) / np.float32(255))
