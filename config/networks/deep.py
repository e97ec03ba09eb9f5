"""Several hidden layers of one width, each followed by dropout."""

from keras import Input, Sequential
from keras.layers import Dense, Dropout, Flatten


def build(input_shape, classes, *, layers=2, units=512, dropout=0.2):
    """Return the network: Flatten, then `layers` times Dense (relu) and Dropout, then Dense (softmax)."""
    network = Sequential([Input(input_shape), Flatten()])
    for _ in range(layers):
        network.add(Dense(units, activation="relu"))
        network.add(Dropout(dropout))
    network.add(Dense(classes, activation="softmax"))
    return network
