"""The optimizers a study can name, all of them Keras' own; RMSprop also with the update rule of Keras 2."""

import keras
from keras import ops


class RMSpropKeras2(keras.optimizers.RMSprop):
    """RMSprop as Keras 2 computed it: without momentum, ε is added after the root, not before.

    Keras 2 divides the gradient g by `sqrt(v) + ε`, Keras 3 by `sqrt(v + ε)`. With ε = 1e-7 the latter damps the steps
    once gradients fall below sqrt(ε) ≈ 3e-4. With momentum both put ε under the root, so both classes are one there.

    Source: `tensorflow/python/keras/optimizer_v2/rmsprop.py`, `_resource_apply_dense`, in TensorFlow 2.21.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable in place; shapes of gradient and variable are equal."""
        if self.momentum > 0:
            super().update_step(gradient, variable, learning_rate)
            return
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign(velocity, self.rho * velocity + (1 - self.rho) * ops.square(gradient))
        self.assign_sub(variable, learning_rate * gradient / (ops.sqrt(velocity) + self.epsilon))


def build_optimizer(name: str, learning_rate: float, momentum: float) -> keras.optimizers.Optimizer:
    """Return a fresh optimizer with Keras' defaults for all but the arguments.

    Args:
        name: `rmsprop`, `rmsprop_keras2`, `sgd` or `adam`.
        learning_rate: step size, above 0.
        momentum: from 0 to below 1; adam takes none.

    Raises:
        ValueError: if the name is unknown, or adam is given a momentum.
    """
    if name == "adam":
        if momentum != 0:
            raise ValueError(f"adam takes no momentum. Received: momentum={momentum}")
        return keras.optimizers.Adam(learning_rate)
    classes = {"rmsprop": keras.optimizers.RMSprop, "rmsprop_keras2": RMSpropKeras2, "sgd": keras.optimizers.SGD}
    if name not in classes:
        raise ValueError(f"`optimizer` must be one of {', '.join([*classes, 'adam'])}. Received: {name!r}")
    return classes[name](learning_rate, momentum=float(momentum))  # Keras refuses the integer 0
