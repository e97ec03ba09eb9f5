"""A network file: how it is executed, what it may not do, and the models it builds."""

import sys

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
import pytest

from helpers.networks import DENSE, KINDS, build_of, sha256
from training.networks import NetworkError, NetworkFile, digest_of, values_of
from training.settings import settings

BUILD = "\ndef build(input_shape, classes):\n    return Sequential([Input(input_shape), Flatten(), Dense(classes)])\n"
IMPORTS = "from keras import Input, Sequential\nfrom keras.layers import Dense, Flatten\n"


def written(tmp_path, text):
    path = tmp_path / "own.py"
    path.write_text(text, encoding="utf-8")
    return path


def built(path, seed=0, shape=(28, 28, 1), **keywords):
    return NetworkFile(path, sha256(path)).build(seed, shape, 10, keywords)


def test_initial_weights_are_what_a_keras_user_gets():
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")])
    for ours, theirs in zip(build_of(DENSE, units=16)(7).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["dense", "two_dropouts", "subclassed", "shared", "convolution"])
def test_all_variables_depend_on_the_seed_alone(kind):
    build = build_of(KINDS, kind=kind)
    first = digest_of(values_of(build(1).variables))
    np.random.random()
    build_of(KINDS, kind="gru")(5)
    assert digest_of(values_of(build(1).variables)) == first
    assert digest_of(values_of(build(2).variables)) != first


def test_digest_sees_types_shapes_and_every_bit():
    zeros = np.zeros((2, 3), np.float32)
    others = [zeros, zeros.T, zeros.astype(np.int32), np.nextafter(zeros, np.float32(1)), -zeros]
    assert len({digest_of([array]) for array in others}) == 5


def test_a_subclassed_model_has_its_weights_before_training():
    assert [variable.shape for variable in build_of(KINDS, kind="subclassed")(0).weights] == [
        *((784, 16), (16,), (16, 10), (10,))
    ]


@pytest.mark.parametrize(
    "statements",
    [
        "from tensorflow.keras import layers, models",
        "import tensorflow as tf, tensorflow.keras.backend, numpy.linalg, keras.ops",
        "import math, os.path\nfrom functools import partial",
        "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n    units: int = 3",
    ],
)
def test_keras_tensorflow_numpy_and_the_standard_library_are_imported(tmp_path, statements):
    assert len(built(written(tmp_path, statements + "\n" + IMPORTS + BUILD)).weights) == 2


@pytest.mark.parametrize("name", ["sibling", "pandas", "training.block", "design", "scipy.special"])
@pytest.mark.parametrize("within", [False, True])
def test_other_imports_are_refused_in_one_line(tmp_path, name, within):
    """Modules beside the file, packages of this environment and of this project alike; also in `build`."""
    (tmp_path / "sibling.py").write_text("")
    inside = BUILD.replace("    return", f"    import {name}\n    return")
    text = IMPORTS + inside if within else f"import {name}\n{IMPORTS}{BUILD}"
    with pytest.raises(NetworkError) as caught:
        built(written(tmp_path, text))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'own.py'}, line {5 if within else 1}: ")
    assert f"Received: {name}. The file's SHA-256 must identify the network" in message
    assert "\n" not in message
    assert "sibling" not in sys.modules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nraise ValueError('two\\nlines')", "own.py, line 2: the file ended with ValueError: two lines"),
        ("def build(", "own.py, line 1: the file ended with SyntaxError"),
        ("import sys\nsys.exit()", "own.py, line 2: the file ended with SystemExit"),
        ("x = 1", "own.py: expected a function `build"),
        (
            f"{IMPORTS}def build(shape, classes):\n    return Dense(0)",
            "own.py, line 4: build((28, 28, 1), 10) ended with",
        ),
        ("def build(shape, classes):\n    return None", "ended with TypeError: expected a Keras model. Received: None"),
        (f"{IMPORTS}def build(shape):\n    pass", "build((28, 28, 1), 10) ended with TypeError"),
    ],
)
def test_what_fails_is_one_line(tmp_path, text, message):
    with pytest.raises(NetworkError) as caught:
        built(written(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_file_is_refused(tmp_path):
    path = written(tmp_path, IMPORTS + BUILD)
    digest = sha256(path)
    path.write_text(path.read_text() + "# edited\n")
    with pytest.raises(NetworkError, match=f"of SHA-256 {digest}. Received: {sha256(path)}. It was edited meanwhile"):
        NetworkFile(path, digest)
    with pytest.raises(NetworkError, match=r"none.py: cannot be read \(No such file or directory\)"):
        NetworkFile(tmp_path / "none.py", digest)


CHANGES = {
    "keras.mixed_precision.set_global_policy('mixed_bfloat16')": "keras.config.dtype_policy",
    "keras.config.set_floatx('float64')": "keras.config.floatx",
    "keras.config.set_image_data_format('channels_first')": "keras.config.image_data_format",
    "tf.config.run_functions_eagerly(True)": "tf.config.functions_run_eagerly",
    "tf.config.optimizer.set_jit(True)": "tf.config.optimizer.get_jit",
}
BACK = """
keras.mixed_precision.set_global_policy("float32")
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")
tf.config.run_functions_eagerly(False)
tf.config.optimizer.set_jit(False)
"""


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize(("statement", "name"), CHANGES.items(), ids=CHANGES.values())
def test_a_file_that_changes_a_setting_is_refused(tmp_path, statement, name, within):
    before = settings()
    imports = f"import keras\nimport tensorflow as tf\n{IMPORTS}"
    inside = BUILD.replace("    return", f"    {statement}\n    return")
    try:
        with pytest.raises(NetworkError, match=rf"changes a setting of the whole process\. Expected: {name}\(\) = "):
            built(written(tmp_path, imports + inside if within else f"{imports}{statement}\n{BUILD}"))
    finally:
        import tensorflow as tf

        exec(BACK, {"keras": keras, "tf": tf})
    assert settings() == before


def test_more_threads_are_refused(tmp_path):
    text = f"import tensorflow as tf\ntf.config.threading.set_intra_op_parallelism_threads(4)\n{IMPORTS}{BUILD}"
    with pytest.raises(NetworkError, match=r"line 2: the file ended with RuntimeError: .*cannot be modified"):
        built(written(tmp_path, text))


def test_a_seed_set_by_the_file_reaches_nothing(tmp_path):
    plain = built(written(tmp_path, IMPORTS + BUILD), seed=3)
    seeded = f"import keras\nkeras.utils.set_random_seed(99)\n{IMPORTS}{BUILD}"
    assert digest_of(values_of(built(written(tmp_path, seeded), seed=3).variables)) == digest_of(
        values_of(plain.variables)
    )


def test_a_file_is_executed_once_and_beside_nothing_else(tmp_path, monkeypatch):
    """What it prints goes where the job's output goes; its folder is not on the path of imports."""
    path = list(sys.path)
    text = f"print('executed')\n{IMPORTS}{BUILD}"
    file = written(tmp_path, text)
    network = NetworkFile(file, sha256(file))
    for seed in (0, 1):
        network.build(seed, (28, 28, 1), 10, {})
    assert sys.path == path
