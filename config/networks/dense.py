"""One hidden layer between the pixels and the class probabilities."""

from keras import Input, Sequential, layers


def build(input_shape, classes, *, units=512):
    """Return the network: Flatten, Dense (relu), Dense (softmax)."""
    return Sequential(
        [
            Input(input_shape),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )
