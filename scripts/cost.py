"""What a training costs, in floating-point operations and memory: for the order of jobs and the limit of benchmarks."""

import math

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


SLOWEST_CORE = 15e9  # operations a second: a tenth of what one thread of a 2024 server core reaches here
START_UP_MINUTES = 5  # 5 s here; on a shared disk that nobody has read yet, importing TensorFlow can take minutes


def training_runtime_minutes(units: int, epochs: int, seeds: int, images: int = 60_000, tests: int = 10_000) -> int:
    """Return the time limit to ask a cluster for, in minutes, for a job that trains a block of seeds.

    Ample on purpose: a scheduler ends the job at its limit. Small networks are bound by more than their products, so
    that no epoch counts less than one of 64 units.
    """
    width = max(units, 64)
    operations = seeds * epochs * (epoch_operations(width, images) + forward_operations(width, tests))
    return START_UP_MINUTES + math.ceil(operations / SLOWEST_CORE / 60)
