"""The network under study."""

import keras

PIXELS = 28 * 28
CLASSES = 10


def build_network(units: int) -> keras.Sequential:
    """Return the dense network 784-units-10: relu, then softmax, Keras' default initializers."""
    return keras.Sequential(
        [
            keras.Input((PIXELS,)),
            keras.layers.Dense(units, activation="relu", name="hidden"),
            keras.layers.Dense(CLASSES, activation="softmax", name="output"),
        ],
        name="network",
    )
