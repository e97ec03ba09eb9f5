"""The optimizers against Keras' own classes, and their compiled programs: no operation is an approximation."""

import os
import re
import subprocess
import sys

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.keras.optimizer_v2 import rmsprop as keras2_rmsprop

from helpers.workflow import PROJECT
from training.optimizers import RMSprop, RMSpropKeras2, build_optimizer

GRADIENTS = [np.array([1e-2, -1e-4, 1e-6, 0.0, 1e-8], np.float32) * scale for scale in (1, 0.3, 2, 1, 0.01)]


NAMES = ("rmsprop", "rmsprop_keras2", "sgd", "adam")
CASES = [(name, momentum) for name in NAMES for momentum in (0, 0.9) if (name, momentum) != ("adam", 0.9)]


def trajectory(optimizer, apply):
    variable = keras.Variable(np.ones(5, np.float32))
    for gradient in GRADIENTS:
        apply(optimizer, gradient, variable)
    return variable.numpy()


def new_style(optimizer, gradient, variable):
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])


def old_style(optimizer, gradient, variable):
    optimizer.apply_gradients([(tf.constant(gradient), variable.value)])


def reference(name, momentum):
    """The class whose rule an optimizer follows, and how its steps are applied."""
    if name == "rmsprop_keras2":
        return keras2_rmsprop.RMSprop(0.001, momentum=momentum), old_style
    classes = {"rmsprop": keras.optimizers.RMSprop, "sgd": keras.optimizers.SGD}
    return (classes[name](0.001, momentum=momentum) if name in classes else keras.optimizers.Adam(0.001)), new_style


@pytest.mark.parametrize(("name", "momentum"), CASES)
def test_three_hundred_steps_equal_those_of_keras_to_rounding(name, momentum):
    """On given gradients, of all sizes and both signs: in a training one rounded bit soon moves all weights."""
    generator = np.random.default_rng(0)
    sizes = 10 ** generator.uniform(-9, 1, (300, 1000))
    gradients = (generator.normal(size=(300, 1000)) * sizes).astype(np.float32)
    ours, (theirs, apply) = build_optimizer(name, 0.001, momentum), reference(name, float(momentum))
    variables = [keras.Variable(np.zeros(1000, np.float32)) for _ in range(2)]
    for gradient in gradients:
        new_style(ours, gradient, variables[0])
        apply(theirs, gradient, variables[1])
    found, expected = (variable.numpy() for variable in variables)
    assert np.abs(expected).max() > 0.01
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["rmsprop", "rmsprop_keras2"])
def test_root_and_quotient_are_rounded_exactly_in_a_plain_graph(name):
    """NumPy's are: its sqrt and division are those of IEEE 754, on every processor."""
    generator = np.random.default_rng(0)
    velocities = (10 ** generator.uniform(-12, 3, 100_000)).astype(np.float32)
    gradients = (generator.normal(size=100_000) * 10 ** generator.uniform(-6, 1, 100_000)).astype(np.float32)
    optimizer = build_optimizer(name, 0.001, 0)
    rate, epsilon = np.float32(0.001), np.float32(1e-7)
    step = tf.function(lambda v, g: rate * g / optimizer._divisor(v), autograph=False)
    divisors = np.sqrt(velocities + epsilon) if name == "rmsprop" else np.sqrt(velocities) + epsilon
    found = step(tf.constant(velocities), tf.constant(gradients)).numpy()
    np.testing.assert_array_equal(found, rate * gradients / divisors)


def test_not_a_number_stays_one():
    variable = keras.Variable(np.zeros(2, np.float32))
    RMSprop(0.001).apply([keras.ops.convert_to_tensor(np.float32([np.nan, 1]))], [variable])
    np.testing.assert_array_equal(np.isnan(variable.numpy()), [True, False])


COMPILE = """
import os, sys
from training import lean_keras
os.environ["XLA_FLAGS"] += f" --xla_dump_to={sys.argv[1]} --xla_dump_hlo_as_text"
import numpy as np
from helpers.networks import DENSE, build_of
from training.epochs import Training
from training.randomness import shuffled_order
from training.optimizers import build_optimizer
from training.settings import fix_settings
fix_settings()
data = np.zeros((40, 28, 28, 1), np.uint8), np.zeros(40, np.uint8)
for case in sys.argv[2:]:
    name, momentum = case.split("/")
    optimizer = build_optimizer(name, 0.001, float(momentum))
    training = Training(build_of(DENSE, units=32)(0), optimizer, 32, data, data, compiled=True)
    training.train_epoch(shuffled_order(0, 1, 40))
    training.test()
"""
# Roots and reciprocals in HLO or LLVM code, and the flags by which LLVM may replace exact ones by approximations.
APPROXIMATE = re.compile(r"\w*rsqrt\w*|\w*\brcp\w*|\breciprocal\b|\b(?:fast|afn|arcp)\b")


@pytest.mark.slow
def test_no_operation_of_a_compiled_epoch_is_an_approximation(tmp_path):
    call = [sys.executable, "-c", COMPILE, str(tmp_path), *(f"{name}/{momentum}" for name, momentum in CASES)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(PROJECT / folder) for folder in ("scripts", "tests"))}
    subprocess.run(call, env=environment, capture_output=True, check=True, timeout=300)
    programs = {path.name: path.read_text() for path in tmp_path.iterdir() if path.suffix in (".txt", ".ll")}
    assert {name: found for name, text in programs.items() if (found := set(APPROXIMATE.findall(text)))} == {}
    optimized = [text for name, text in programs.items() if name.endswith("after_optimizations.txt")]
    assert len(optimized) == 2 * len(CASES)  # an epoch and a test
    assert sum(" sqrt(" in text for text in optimized) == sum(name != "sgd" for name, _ in CASES)
    assert sum("fdiv" in text for name, text in programs.items() if name.endswith("ir-with-opt.ll")) > len(CASES)


def test_rules_differ_without_momentum_where_gradients_are_small():
    keras2 = trajectory(RMSpropKeras2(0.001), new_style)
    keras3 = trajectory(RMSprop(0.001), new_style)
    assert abs(keras2[0] - keras3[0]) < 1e-4
    assert abs(keras2[2] - 1) > 10 * abs(keras3[2] - 1)


def test_rules_are_one_with_momentum():
    keras2 = trajectory(RMSpropKeras2(0.001, momentum=0.5), new_style)
    keras3 = trajectory(RMSprop(0.001, momentum=0.5), new_style)
    np.testing.assert_array_equal(keras2, keras3)


def test_first_step_by_hand():
    """v = 0.1 g², step = lr·g / (sqrt(v) + 1e-7)."""
    variable = keras.Variable(np.zeros(1, np.float32))
    RMSpropKeras2(0.001).apply([keras.ops.convert_to_tensor(np.float32([1e-7]))], [variable])
    assert variable.numpy()[0] == pytest.approx(-0.001 * 1e-7 / (np.sqrt(0.1) * 1e-7 + 1e-7), rel=1e-5)


def test_learning_rate_reaches_the_optimizer():
    assert {float(build_optimizer(name, 0.25, 0).learning_rate) for name in NAMES} == {0.25}


def test_momentum_reaches_the_optimizer():
    assert build_optimizer("sgd", 0.1, 0.75).momentum == 0.75
    assert build_optimizer("rmsprop_keras2", 0.1, 0.75).momentum == 0.75


def test_adam_refuses_momentum():
    with pytest.raises(ValueError, match="adam takes no momentum"):
        build_optimizer("adam", 0.1, 0.5)


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="must be one of rmsprop, rmsprop_keras2, sgd, adam"):
        build_optimizer("lion", 0.1, 0)
