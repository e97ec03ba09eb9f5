"""Which networks are compiled, and which NumPy evaluates."""

import keras
import pytest
from keras import layers

from helpers.networks import DENSE, KINDS, PROJECT, build_of
from training.layers import gains_from_xla, numpy_stack


@pytest.mark.parametrize("kind", ["dense", "functional", "layer_norm", "gru", "l2", "max_norm"])
def test_stacks_that_gain_are_compiled(kind):
    assert gains_from_xla(build_of(KINDS, kind=kind)(0))


@pytest.mark.parametrize(
    "kind",
    [
        *("dropout", "two_dropouts", "noise", "batch_norm", "convolution", "gru_dropout", "custom", "lambda"),
        *("subclassed", "shared", "not_softmax", "activity", "tanh"),
    ],
)
def test_all_others_are_plain_graphs(kind):
    assert not gains_from_xla(build_of(KINDS, kind=kind)(0))


def test_the_default_network_is_compiled_and_evaluated_by_numpy():
    model = build_of(DENSE, units=8)(0)
    assert gains_from_xla(model)
    assert numpy_stack(model) == [
        {"layer": "flatten"},
        {"layer": "dense", "activation": "relu", "weights": [0, 1]},
        {"layer": "dense", "activation": "softmax", "weights": [2, 3]},
    ]


def test_positions_count_the_seed_states_of_dropout():
    model = build_of(PROJECT / "config" / "networks" / "deep.py", layers=2, units=8, dropout=0.5)(0)
    stack = numpy_stack(model)
    assert [layer["layer"] for layer in stack] == ["flatten", *["dense", "dropout"] * 2, "dense"]
    kernels = [model.variables[layer["weights"][0]].shape for layer in stack if layer["layer"] == "dense"]
    assert kernels == [(784, 8), (8, 8), (8, 10)]
    assert len(model.variables) == 8  # with the two seed states


@pytest.mark.parametrize(
    "kind", ["batch_norm", "layer_norm", "convolution", "gru", "custom", "lambda", "subclassed", "shared"]
)
def test_keras_evaluates_all_others(kind):
    assert numpy_stack(build_of(KINDS, kind=kind)(0)) is None


def test_a_stack_must_end_in_softmax():
    def stack_of(*more):
        return numpy_stack(keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax"), *more]))

    assert stack_of() is not None
    assert stack_of(layers.Dropout(0.5)) is None
    assert stack_of(layers.Dense(3)) is None
