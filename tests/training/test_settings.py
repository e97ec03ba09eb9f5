"""Settings that a user's ~/.keras might change."""

import subprocess
import sys

from helpers.workflow import PROJECT

CODE = """
import keras, tensorflow as tf
keras.config.set_floatx("float16")
keras.config.set_epsilon(1e-3)
keras.config.set_image_data_format("channels_first")
keras.config.set_dtype_policy("mixed_bfloat16")
from training.settings import fix_settings, settings
fix_settings()
print(*list(settings().values())[:-1], sep=";")
print(tf.config.threading.get_intra_op_parallelism_threads(), tf.config.threading.get_inter_op_parallelism_threads())
fix_settings()
"""


def test_settings_are_fixed_whatever_they_were():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=PROJECT / "scripts", capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["float32;float32;1e-07;channels_last;False;", "1 1"]
