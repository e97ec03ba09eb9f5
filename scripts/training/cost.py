"""The cost of training and evaluation: floating-point operations, memory and time.

It decides the order of jobs, what they request from a scheduler, forecasts, and the limit of the benchmarks.
"""

import math

PIXELS, CLASSES = 28 * 28, 10
EVALUATION_CHUNK = 1000  # as in evaluation.py, on which the plan must not depend
TRAIN_IMAGES = 60_000  # of MNIST
# What an epoch takes besides its products, as the operations that take as long: for each image, whose pixels are read
# and scaled, for each step, and for each parameter in a step, whose gradient, averages and weight go through memory.
# Measured on an AMD EPYC (family 25, Zen 4): an epoch of MNIST by RMSprop with momentum took 1.1 s of CPU at 512 units
# and 128 images a step, 2.8 s at 8 and 14 s at 1; at 8 units 0.1, 0.2 and 0.6 s.
OPERATIONS_OF_AN_IMAGE = 125_000
OPERATIONS_OF_A_STEP = 500_000
OPERATIONS_OF_A_PARAMETER = 50


def forward_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products that turn images into logits."""
    return 2 * (PIXELS * units + units * CLASSES) * images


def epoch_operations(units: int, images: int) -> int:
    """Return the floating-point operations of the matrix products of an epoch: forward, and both gradients.

    The error of the hidden layer takes one more product; no gradient goes back to the pixels.
    """
    return 2 * (2 * PIXELS * units + 3 * units * CLASSES) * images


def parameters(units: int) -> int:
    """Return the number of weights and biases of the network."""
    return (PIXELS + 1) * units + (units + 1) * CLASSES


def epoch_work(units: int, images: int, batch_size: int) -> int:
    """Return the work of an epoch of training: the operations of its products, and of what it takes besides."""
    of_step = OPERATIONS_OF_A_STEP + OPERATIONS_OF_A_PARAMETER * parameters(units)
    steps = math.ceil(images / batch_size)
    return epoch_operations(units, images) + images * OPERATIONS_OF_AN_IMAGE + steps * of_step


def training_memory_mb(units: int, batch_size: int, images: int) -> int:
    """Return the most memory that a training job takes, in MB, with room to spare.

    Measured with MNIST (`/usr/bin/time`, RMSprop with momentum): 558 MB up to 512 units, 570 at 1,024, 667 at 4,096.
    All images in one step: 713 MB at 8 units, 1,100 at 512, 1,474 at 1,024.
    TensorFlow takes most of it. Weights, gradients and optimizer variables grow with the parameters. Every image takes
    a byte a pixel, twice while it is read; those of a step are there in float32, their hidden layer three times.
    """
    more_images = max(0, images - TRAIN_IMAGES) * PIXELS * 2
    of_step = min(batch_size, images) * (PIXELS + 3 * units) * 4
    return 600 + round((parameters(units) * 4 * 12 + more_images + of_step) / 1e6)


def evaluation_memory_mb(units: int, images: int) -> int:
    """Return the most memory that an evaluation job takes, in MB, with room to spare.

    Measured with 10,000 images: 57 MB at 32 units, 74 at 512, 91 at 1,024, 180 at 4,096; with 60,000: 104 at 32 units.
    NumPy takes 40 MB. Every image takes a byte a pixel, and its logits in float64 a few times. A chunk takes pixels and
    hidden layer twice in float64, and the weights of one run are there in float32 and in float64.
    """
    of_chunk = EVALUATION_CHUNK * 2 * (units + PIXELS) * 8
    return 120 + round((images * (PIXELS + 400) + of_chunk + parameters(units) * 12) / 1e6)


SLOWEST_CORE = 15e9  # operations a second: a tenth of what one thread of a 2024 server core reaches here
START_UP_MINUTES = 5  # 5 s here; on a shared disk that nobody has read yet, importing TensorFlow can take minutes


def training_runtime_minutes(
    units: int, batch_size: int, epochs: int, seeds: int, images: int, test_images: int
) -> int:
    """Return the time limit to ask a cluster for, in minutes, for a job that trains a block of seeds.

    It is generous, since a scheduler ends the job at its limit.
    """
    work = seeds * epochs * (epoch_work(units, images, batch_size) + forward_operations(units, test_images))
    return START_UP_MINUTES + math.ceil(work / SLOWEST_CORE / 60)
