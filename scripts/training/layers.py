"""What the layers of a model allow: to compile its training with XLA, to evaluate it with NumPy."""

from collections.abc import Callable

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
from keras import layers
from keras.src.models.functional import Functional

# Models of these layers train faster with XLA; a model with any other layer is not compiled. On CPUs XLA draws random
# numbers and convolves naively. CPU seconds of an epoch of MNIST, XLA / plain graph (`benchmarks/networks.py`):
# dense 1.27 / 1.59, with LayerNormalization 1.30 / 1.69, GRU over rows 3.77 / 6.28; two dense layers with dropout
# 3.92 / 3.35, two convolutions 108 / 5.43.
COMPILED = {
    layers.InputLayer,
    layers.Flatten,
    layers.Reshape,
    layers.Rescaling,
    layers.Dense,
    layers.Activation,
    layers.LayerNormalization,
    layers.GRU,
}
NUMPY_ACTIVATIONS = {"linear", "relu", "sigmoid", "softmax", "tanh"}


def gains_from_xla(model: keras.Model) -> bool:
    """Return whether every layer of a Sequential or functional model is of a kind that XLA speeds up.

    Never with random layers, or where a compiled step would give other results: it fills a smaller last batch with
    copies (`epochs.filled_batches`), which an activity regularizer would see.
    """
    if type(model) not in (keras.Sequential, Functional):
        return False  # a subclass may compute anything
    return all(
        type(layer) in COMPILED
        and layer.activity_regularizer is None
        and not getattr(layer, "dropout", 0)
        and not getattr(layer, "recurrent_dropout", 0)
        and all(_name(getattr(layer, role, None)) for role in ("activation", "recurrent_activation"))
        for layer in (model.layers if type(model) is keras.Sequential else model.operations)
    )


def numpy_stack(model: keras.Model) -> list[dict] | None:
    """Return the layers of a model for `evaluation.logits`; None if NumPy does not evaluate one of them.

    Returns:
        For each layer its kind `flatten`, `dense` or `dropout`; a dense one has its `activation` and its `weights`, the
        positions of kernel and bias (if it has one) in `model.variables`. The last one is dense with softmax.
    """
    if type(model) is not keras.Sequential:
        return None
    positions = {id(variable): position for position, variable in enumerate(model.variables)}
    stack = []
    for layer in model.layers:
        if type(layer) in (layers.Flatten, layers.Dropout):
            stack.append({"layer": type(layer).__name__.lower()})
        elif type(layer) is layers.Dense and _name(layer.activation) in NUMPY_ACTIVATIONS:
            weights = [positions[id(variable)] for variable in layer.variables]
            stack.append({"layer": "dense", "activation": _name(layer.activation), "weights": weights})
        else:
            return None
    return stack if stack and stack[-1].get("activation") == "softmax" else None


def _name(activation: Callable | None) -> str:
    """Return the name of one of Keras' activations, `linear` for none; "" of another function."""
    name = getattr(keras.activations.get(activation), "__name__", "")
    return name if getattr(keras.activations, name, None) is keras.activations.get(activation) else ""
