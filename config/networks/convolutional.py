"""Two convolutions with pooling, then a hidden layer with dropout."""

from keras import Input, Sequential, layers


def build(input_shape, classes, *, filters=16, units=64, dropout=0.2):
    """Return the network; the second convolution has twice as many filters as the first."""
    return Sequential(
        [
            Input(input_shape),
            layers.Conv2D(filters, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(2 * filters, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax"),
        ]
    )
