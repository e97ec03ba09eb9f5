"""All randomness of a training: the initial weights and the order of the images, each drawn from the seed."""

import keras
import numpy as np

from training.networks import build_network


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
