"""The optimizers that a study can name: Keras' own, RMSprop with an exact root and also by the rule of Keras 2.

XLA rewrites `a / sqrt(b)` to `a * rsqrt(b)`, for which each vendor's processors have an approximation of their own. So
RMSprop is written in a way that XLA does not rewrite; SGD has no root, and Adam adds ε to it.
"""

import keras
from keras import ops


class RMSprop(keras.optimizers.RMSprop):
    """RMSprop of Keras 3, whose root and quotient are rounded as IEEE 754 asks on every processor."""

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable in place; shapes of gradient and variable are equal."""
        index = self._get_variable_index(variable)
        velocity = self._velocities[index]
        self.assign(velocity, self.rho * velocity + (1 - self.rho) * ops.square(gradient))
        step = learning_rate * gradient / self._divisor(velocity)
        if self.momentum > 0:
            momentum = self._momentums[index]
            self.assign(momentum, self.momentum * momentum + step)
            step = momentum
        self.assign_sub(variable, step)

    def _divisor(self, velocity):
        # The maximum changes no value, since the root is at least sqrt(ε) > ε. It keeps XLA from the rewrite.
        return ops.maximum(ops.sqrt(velocity + self.epsilon), self.epsilon)


class RMSpropKeras2(RMSprop):
    """RMSprop as Keras 2 computed it: without momentum, ε is added after the root, not before.

    Keras 2 divides the gradient g by `sqrt(v) + ε`, Keras 3 by `sqrt(v + ε)`. With ε = 1e-7 the latter damps the steps
    once gradients fall below sqrt(ε) ≈ 3e-4. With momentum both put ε under the root, so both classes are the same.

    Source: `tensorflow/python/keras/optimizer_v2/rmsprop.py`, `_resource_apply_dense`, in TensorFlow 2.21.
    """

    def _divisor(self, velocity):
        return super()._divisor(velocity) if self.momentum > 0 else ops.sqrt(velocity) + self.epsilon


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
        return keras.optimizers.Adam(float(learning_rate))
    classes = {"rmsprop": RMSprop, "rmsprop_keras2": RMSpropKeras2, "sgd": keras.optimizers.SGD}
    if name not in classes:
        raise ValueError(f"`optimizer` must be one of {', '.join([*classes, 'adam'])}. Received: {name!r}")
    return classes[name](float(learning_rate), momentum=float(momentum))  # Keras refuses the integer 0
