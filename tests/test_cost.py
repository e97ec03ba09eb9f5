"""Costs: operations counted product by product, and memory that grows with the parameters."""

import numpy as np
import pytest

import cost
from network import CLASSES, PIXELS, build_network


def test_shape_is_that_of_the_network():
    assert (cost.PIXELS, cost.CLASSES) == (PIXELS, CLASSES)


@pytest.mark.parametrize("units", [1, 32, 512])
def test_operations_are_those_of_the_products(units):
    """Counted from the shapes of numpy's products: two a multiply-add."""

    def operations(left, right):
        return 2 * (left @ right).size * left.shape[1]

    images = 7
    pixels, errors = np.zeros((images, PIXELS)), np.zeros((images, CLASSES))
    kernel, output = (weight for weight in build_network(units).get_weights() if weight.ndim == 2)
    hidden = pixels @ kernel
    forward = operations(pixels, kernel) + operations(hidden, output)
    backward = operations(hidden.T, errors) + operations(errors, output.T) + operations(pixels.T, hidden)
    assert cost.forward_operations(units, images) == forward
    assert cost.epoch_operations(units, images) == forward + backward


def test_memory_covers_what_was_measured():
    """The figures of the docstring."""
    measured = {32: 558, 512: 558, 1024: 570, 2048: 593, 4096: 667}
    for units, megabytes in measured.items():
        assert megabytes < cost.training_memory_mb(units) < megabytes * 1.2
