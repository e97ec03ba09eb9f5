"""What would spoil a study is refused in one line before any training; what a description says is counted by hand."""

import json

import numpy as np
import pytest
import tensorflow as tf

import describe
from files.records import write_record
from helpers.networks import DENSE, build_of, sha256
from running.cost import Description
from training.description import check_network, checked_cost, layer_rows
from training.networks import NetworkError

POINT = {"learning_rate": 0.001, "momentum": 0.0, "batch_size": 8, "optimizer": "rmsprop"}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1)).astype(np.uint8)
LABELS = (np.arange(40) % 10).astype(np.uint8)
TRAIN = tf.constant(IMAGES), tf.constant(LABELS)
HEAD = "import keras\nimport numpy as np\nfrom keras import Input, Model, Sequential, layers, ops\n"
DENSE_LAYERS = "layers.Flatten(), layers.Dense(4, activation='relu'), layers.Dense(classes, activation='softmax')"


def network(tmp_path, source):
    """Return the function `seed -> model` of a network file with this source."""
    path = tmp_path / "network.py"
    path.write_text(HEAD + source)
    return build_of(path)


def sequential(layers, before="", after=""):
    """Return the source of a network of these layers."""
    return (
        f"{before}\ndef build(input_shape, classes):\n    model = Sequential([Input(input_shape), {layers}])\n"
        f"    {after}\n    return model\n"
    )


def check(build, point=POINT):
    check_network(build, IMAGES[:16], 10)
    checked_cost(build, point, TRAIN, TRAIN, 0)


SOUND = {
    "dropout": "layers.Flatten(), layers.Dropout(0.5), layers.Dense(classes, activation='softmax')",
    "batch norm": "layers.BatchNormalization(), " + DENSE_LAYERS,
    "zeros": "layers.Flatten(), layers.Dense(classes, kernel_initializer='zeros', activation='softmax')",
    "a fixed first layer": "layers.Flatten(), layers.Dense(784, kernel_initializer='identity'), "
    "layers.Dense(classes, activation='softmax')",
}


@pytest.mark.parametrize("layers", SOUND.values(), ids=SOUND)
def test_sound_networks_pass(tmp_path, layers):
    check(network(tmp_path, sequential(layers)))


def test_a_loss_that_diverges_later_is_the_hyperparameters_business(tmp_path):
    check(network(tmp_path, sequential(DENSE_LAYERS)), POINT | {"learning_rate": 1e30, "optimizer": "sgd"})


NOISE = """
class Noise(layers.Layer):
    def call(self, x):
        return x + {noise}
"""
SEEDED_NOISE = """
class Noise(layers.Layer):
    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator()

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.generator)
"""
FUNCTIONAL = """
def build(input_shape, classes):
    first = Input(input_shape)
    {body}
"""
SPOILED = {
    "compiled": (sequential(DENSE_LAYERS, after="model.compile()"), "expected a model that is not compiled"),
    "two inputs": (
        FUNCTIONAL.format(
            body="other = Input(input_shape)\n    x = layers.Flatten()(layers.Add()([first, other]))\n"
            "    return Model([first, other], layers.Dense(classes, activation='softmax')(x))"
        ),
        "expected a model with one input. Received: 2",
    ),
    "two outputs": (
        FUNCTIONAL.format(
            body="x = layers.Flatten()(first)\n"
            "    return Model(first, [layers.Dense(classes, activation='softmax')(x) for _ in range(2)])"
        ),
        "expected a model with one output. Received: 2, as list",
    ),
    "another number of classes": (
        sequential("layers.Flatten(), layers.Dense(7, activation='softmax')"),
        "expected an output of shape (n, 10), a probability for each class. Received: shape (n, 7)",
    ),
    "no Flatten": (sequential("layers.Dense(classes, activation='softmax')"), "Received: shape (n, 28, 28, 10)"),
    "logits": (sequential("layers.Flatten(), layers.Dense(classes)"), "End the network in a softmax"),
    "sigmoid": (sequential("layers.Flatten(), layers.Dense(classes, activation='sigmoid')"), "sums from"),
    "no weights": (sequential("layers.GlobalAveragePooling2D(), layers.Softmax()"), "expected a model with weights"),
    "float16": (
        sequential("layers.Flatten(), layers.Dense(classes, activation='softmax', dtype='float16')"),
        "expected all layers to compute in float32. Received: dense in float16",
    ),
    "mixed precision": (
        sequential("layers.Flatten(), layers.Dense(classes, activation='softmax', dtype='mixed_bfloat16')"),
        "expected all layers to compute in float32. Received: dense in bfloat16",
    ),
    "weights from the clock": (
        sequential(DENSE_LAYERS, after="model.layers[1].kernel.assign(np.random.default_rng().random((784, 4)))"),
        "expected the same weights from two builds with one seed",
    ),
    "one seed for all": (
        sequential(DENSE_LAYERS, before="def f():\n    pass\n").replace(
            "    model = ", "    keras.utils.set_random_seed(1)\n    model = "
        ),
        "expected other initial weights for another seed",
    ),
    "dropout of one seed": (
        sequential("layers.Flatten(), layers.Dropout(0.5, seed=1), layers.Dense(classes, activation='softmax')"),
        "expected random layers whose seed comes from the run's",
    ),
    "noise in evaluation": (
        sequential(f"Noise(), {DENSE_LAYERS}", before=SEEDED_NOISE),
        "expected the same output each time a batch is evaluated",
    ),
    "nan at once": (
        sequential(f"Noise(), {DENSE_LAYERS}", before=NOISE.format(noise="np.float32('nan')")),
        "Received: values that are not finite, with fresh weights",
    ),
}


@pytest.mark.parametrize(("source", "line"), SPOILED.values(), ids=SPOILED)
def test_what_would_spoil_a_study_is_refused_in_one_line(tmp_path, source, line):
    with pytest.raises(NetworkError) as caught:
        check(network(tmp_path, source))
    assert line in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


TRAINED_ONLY = {
    "hidden randomness": (
        "return x + (np.random.default_rng().random() if training else 0)",
        "expected the same weights from two trainings that start from one state",
    ),
    "no graph": (
        "return x if not training or float(ops.sum(x)) > 0 else x",
        "expected a step of training as a TensorFlow graph to work",
    ),
}


@pytest.mark.parametrize(("body", "line"), TRAINED_ONLY.values(), ids=TRAINED_ONLY)
def test_what_only_a_training_shows_is_refused_too(tmp_path, body, line):
    layer = f"class Layer(layers.Layer):\n    def call(self, x, training=False):\n        {body}\n"
    build = network(tmp_path, sequential(f"Layer(), {DENSE_LAYERS}", before=layer))
    check_network(build, IMAGES[:16], 10)
    with pytest.raises(NetworkError) as caught:
        checked_cost(build, POINT, TRAIN, TRAIN, 0)
    assert line in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_layers_and_their_parameters_by_hand():
    assert layer_rows(build_of(DENSE, units=5)(0)) == [
        {"layer": "Flatten", "output": [784], "parameters": 0},
        {"layer": "Dense", "output": [5], "parameters": 785 * 5},
        {"layer": "Dense", "output": [10], "parameters": 60},
    ]


def described(tmp_path, point):
    """Describe the default network on a few made images; returns the path of the description."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for subset in ("train", "test"):
        np.save(folder / f"x_{subset}.npy", IMAGES)
        np.save(folder / f"y_{subset}.npy", LABELS)
    label = {"dataset": "mine", "input_shape": [28, 28, 1], "classes": 10}
    write_record(folder / "preprocess.json", folder.glob("*.npy"), **label)
    path = tmp_path / "networks" / "units=5.json"
    arguments = ["--network", str(DENSE), "--network-sha256", sha256(DENSE), "--point", json.dumps(point)]
    describe.main([*arguments, "--data-folder", str(folder), "--description", str(path)])
    return path


@pytest.mark.parametrize("batch_size", [8, 40])
def test_a_description_holds_layers_and_cost(tmp_path, batch_size):
    written = json.loads(described(tmp_path, {"units": 5} | POINT | {"batch_size": batch_size}).read_text())
    assert (written["parameters"], written["compiled"]) == (3985, True)
    cost = Description(**written["cost"])
    assert (cost.pixels, cost.widest, cost.parameters, cost.evaluated_by) == (784, 784, 3985, "numpy")
    assert min(cost.start_seconds, cost.image_seconds, cost.step_seconds) > 0
    assert 100 < cost.memory_mb < 10_000


def test_a_network_that_is_refused_is_named_with_its_point(tmp_path):
    with pytest.raises(SystemExit, match=r"^ERROR: the network at units=0,.*dense.py, line \d+: build") as caught:
        described(tmp_path, {"units": 0} | POINT)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "networks").exists()
