"""One hidden layer between the pixels and the class probabilities."""

from keras import Input, Sequential, layers


def build(input_shape, classes, *, units=512):
    """Return the network, not compiled; its output is a probability for each class."""
    return Sequential(
        [
            Input(input_shape),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )
