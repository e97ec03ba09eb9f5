"""The order of the images, drawn from the seed; `networks.NetworkFile.build` draws the initial weights from it."""

import numpy as np


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
