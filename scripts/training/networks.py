"""The network under study, and the two random inputs of its training: initial weights and the order of the images."""

import keras
import numpy as np

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


def initial_weights(units: int, seed: int) -> list[np.ndarray]:
    """Return the weights of a new network after `keras.utils.set_random_seed(seed)`: kernel, bias, kernel, bias."""
    keras.utils.set_random_seed(seed)
    return build_network(units).get_weights()


def shuffled_order(seed: int, epoch: int, images: int) -> np.ndarray:
    """Return the order in which an epoch sees the images: a permutation drawn from (seed, epoch) alone.

    Args:
        seed: the replicate's seed.
        epoch: counted from 1 over the whole training, so a resumed training sees the orders of an uninterrupted one.
        images: size of the training set.

    Returns:
        int32 array of shape (images,).
    """
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    return generator.permutation(images).astype(np.int32)
