"""The order of the images follows from the seed alone."""

import numpy as np

from training.randomness import shuffled_order


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
