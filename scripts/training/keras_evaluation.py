"""The logits of any network, computed by Keras in float32 without XLA: for networks that NumPy does not evaluate."""

from collections.abc import Callable

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
import tensorflow as tf

from training.epochs import scaled
from training.state import assign

CHUNK = 128  # images; every layer's output of a chunk is in memory


def keras_logits(model: keras.Model) -> Callable[[dict[str, np.ndarray]], Callable[[np.ndarray], np.ndarray]]:
    """Return the function `weights -> logits` of a model; the graph is traced once for all weights.

    Where the probabilities come out of a softmax, its input is taken, as Keras' losses do. Else their logarithm is,
    clipped as there: an image's loss is then 16.1 at most.
    """

    @tf.function(autograph=False)
    def logits(images):
        probabilities = model(scaled(images), training=False)
        if hasattr(probabilities, "_keras_logits"):
            return probabilities._keras_logits
        if probabilities.op.type == "Softmax":
            return probabilities.op.inputs[0]
        return tf.math.log(tf.clip_by_value(probabilities, keras.config.epsilon(), 1 - keras.config.epsilon()))

    def of_weights(weights):
        variables = {f"weights/{position}": variable for position, variable in enumerate(model.variables)}
        assign(variables, weights)
        return lambda images: np.concatenate(
            [logits(tf.constant(images[start : start + CHUNK])) for start in range(0, len(images), CHUNK)]
        ).astype(np.float64)

    return of_weights
