"""The optimizers, and the update rule of Keras 2 against TensorFlow's own old class."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.keras.optimizer_v2 import rmsprop as keras2_rmsprop

from training.optimizers import RMSpropKeras2, build_optimizer

GRADIENTS = [np.array([1e-2, -1e-4, 1e-6, 0.0, 1e-8], np.float32) * scale for scale in (1, 0.3, 2, 1, 0.01)]


def trajectory(optimizer, apply):
    variable = keras.Variable(np.ones(5, np.float32))
    for gradient in GRADIENTS:
        apply(optimizer, gradient, variable)
    return variable.numpy()


def new_style(optimizer, gradient, variable):
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])


def old_style(optimizer, gradient, variable):
    optimizer.apply_gradients([(tf.constant(gradient), variable.value)])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_keras2_rule_equals_the_class_tensorflow_still_ships(momentum):
    ours = trajectory(RMSpropKeras2(0.001, momentum=momentum), new_style)
    theirs = trajectory(keras2_rmsprop.RMSprop(0.001, momentum=momentum), old_style)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=3e-7)


def test_rules_differ_without_momentum_where_gradients_are_small():
    keras2 = trajectory(RMSpropKeras2(0.001), new_style)
    keras3 = trajectory(keras.optimizers.RMSprop(0.001), new_style)
    assert abs(keras2[0] - keras3[0]) < 1e-4
    assert abs(keras2[2] - 1) > 10 * abs(keras3[2] - 1)


def test_rules_are_one_with_momentum():
    keras2 = trajectory(RMSpropKeras2(0.001, momentum=0.5), new_style)
    keras3 = trajectory(keras.optimizers.RMSprop(0.001, momentum=0.5), new_style)
    np.testing.assert_array_equal(keras2, keras3)


def test_first_step_by_hand():
    """v = 0.1 g², step = lr·g / (sqrt(v) + 1e-7)."""
    variable = keras.Variable(np.zeros(1, np.float32))
    RMSpropKeras2(0.001).apply([keras.ops.convert_to_tensor(np.float32([1e-7]))], [variable])
    assert variable.numpy()[0] == pytest.approx(-0.001 * 1e-7 / (np.sqrt(0.1) * 1e-7 + 1e-7), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rmsprop", keras.optimizers.RMSprop), ("sgd", keras.optimizers.SGD), ("adam", keras.optimizers.Adam)],
)
def test_names_give_keras_own_classes(name, expected):
    optimizer = build_optimizer(name, 0.25, 0)
    assert type(optimizer) is expected
    assert float(optimizer.learning_rate) == 0.25


def test_momentum_reaches_the_optimizer():
    assert build_optimizer("sgd", 0.1, 0.75).momentum == 0.75
    assert build_optimizer("rmsprop_keras2", 0.1, 0.75).momentum == 0.75


def test_adam_refuses_momentum():
    with pytest.raises(ValueError, match="adam takes no momentum"):
        build_optimizer("adam", 0.1, 0.5)


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="must be one of rmsprop, rmsprop_keras2, sgd, adam"):
        build_optimizer("lion", 0.1, 0)
