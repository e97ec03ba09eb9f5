"""Initial weights and the order of the images follow from the seed alone."""

import keras
import numpy as np

from training.randomness import initial_weights, shuffled_order


def test_initial_weights_are_what_a_keras_user_gets():
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")])
    for ours, theirs in zip(initial_weights(16, 7), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_initial_weights_depend_on_the_seed_alone():
    first = initial_weights(16, 1)
    initial_weights(32, 5)
    for again, before, other in zip(initial_weights(16, 1), first, initial_weights(16, 2), strict=True):
        np.testing.assert_array_equal(again, before)
        if before.ndim == 2:
            assert not np.array_equal(before, other)


def test_order_is_a_permutation_of_seed_and_epoch():
    order = shuffled_order(0, 1, 1000)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    np.testing.assert_array_equal(order, shuffled_order(0, 1, 1000))
    others = [shuffled_order(0, 2, 1000), shuffled_order(1, 1, 1000), shuffled_order(1, 0, 1000)]
    assert not any(np.array_equal(order, other) for other in others)


def test_order_is_pinned():
    """A numpy that shuffled otherwise would mix two experiments under one name."""
    np.testing.assert_array_equal(shuffled_order(0, 1, 8), PINNED)


PINNED = [1, 3, 7, 6, 0, 4, 2, 5]  # numpy 2.4
