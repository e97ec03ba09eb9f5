"""What a training costs, in floating-point operations and memory: for the order of jobs and the limit of benchmarks."""

PIXELS, CLASSES = 28 * 28, 10  # those of network.py, whose import of Keras takes seconds


def forward_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products that turn images into logits."""
    return 2 * (PIXELS * units + units * CLASSES) * images


def epoch_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products of an epoch: forward, and both gradients.

    The hidden layer's error needs a product of its own; no gradient goes back to the pixels.
    """
    return 2 * (2 * PIXELS * units + 3 * units * CLASSES) * images


def training_memory_mb(units: int) -> int:
    """Return what a training job takes at most, in MB, with room to spare.

    Measured (`/usr/bin/time`, RMSprop with momentum): 558 MB up to 512 units, 570 at 1,024, 667 at 4,096. TensorFlow
    and the images take most of it; weights, gradients and optimizer variables grow with the parameters.
    """
    parameters = (PIXELS + 1) * units + (units + 1) * CLASSES
    return 600 + round(parameters * 4 * 12 / 1e6)
