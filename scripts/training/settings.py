"""Settings of Keras and TensorFlow on which the bits of a training depend."""

from collections.abc import Callable

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import tensorflow as tf

# What a network file might change for the whole process: name -> function that reads it.
SETTINGS: dict[str, Callable] = {
    "keras.config.dtype_policy": lambda: keras.config.dtype_policy().name,
    "keras.config.floatx": keras.config.floatx,
    "keras.config.epsilon": keras.config.epsilon,
    "keras.config.image_data_format": keras.config.image_data_format,
    "tf.config.functions_run_eagerly": tf.config.functions_run_eagerly,
    "tf.config.optimizer.get_jit": tf.config.optimizer.get_jit,
    "tf.config.optimizer.get_experimental_options": tf.config.optimizer.get_experimental_options,
}


def fix_settings() -> None:
    """Fix the settings, whatever ~/.keras says; call it before the first computation of TensorFlow.

    One thread: with more, sums are cut into parts by their number, and the bits of some layers change.
    """
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.constant(0)  # from here on TensorFlow refuses other numbers of threads


def settings() -> dict:
    """Return the present value of each setting."""
    return {name: read() for name, read in SETTINGS.items()}
