"""An epoch in one call is the same as Keras' own training, to float32 rounding or bit for bit."""

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.networks import DENSE, KINDS, build_of
from training.epochs import Training
from training.layers import gains_from_xla
from training.optimizers import build_optimizer
from training.randomness import shuffled_order

UNITS, BATCH = 32, 96  # 1,000 images: ten whole batches and one of 40


def dense(units=UNITS, seed=0):
    return build_of(DENSE, units=units)(seed)


def compiled(subset, optimizer, batch_size=BATCH, units=UNITS):
    network = dense(units)
    return network, Training(network, optimizer, batch_size, subset["train"], subset["test"], compiled=True)


def keras_model(optimizer):
    model = dense()
    model.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def as_keras_wants(part):
    images, labels = part
    return images.astype("float32") / 255, keras.utils.to_categorical(labels, 10)


OPTIMIZERS = [
    ("rmsprop", 0.001, 0),
    ("rmsprop", 0.001, 0.9),
    ("rmsprop_keras2", 0.001, 0),
    ("sgd", 0.1, 0.5),
    ("adam", 0.001, 0),
]


def straightforward_epoch(subset, optimizer, order, batch_size, units=UNITS, filled=True):
    """A Python loop over batches of floats, one compiled call for each step.

    Args:
        filled: whether a smaller last batch gets copies of its last image, whose losses count 0.
    """
    network = dense(units)
    optimizer.build(network.trainable_variables)
    criterion = keras.losses.SparseCategoricalCrossentropy(reduction="none")

    @tf.function(jit_compile=True)
    def step(images, labels, counted):
        with tf.GradientTape() as tape:
            probabilities = network(images, training=True)
            total = tf.reduce_sum(criterion(labels, probabilities) * counted)
            mean = total / tf.reduce_sum(counted)
        optimizer.apply(tape.gradient(mean, network.trainable_variables), network.trainable_variables)
        hits = tf.cast(tf.argmax(probabilities, 1) == labels, tf.float32)
        return total, tf.reduce_sum(hits * counted)

    images, labels = subset["train"]
    pixels = images.astype(np.float32) * (np.float32(1) / np.float32(255))
    losses, hits = np.float32(0), np.float32(0)
    for start in range(0, len(order), batch_size):
        batch = list(order[start : start + batch_size])
        missing = batch_size - len(batch) if filled else 0
        counted = np.float32([1] * len(batch) + [0] * missing)
        batch += batch[-1:] * missing
        found = step(tf.constant(pixels[batch]), tf.constant(labels[batch].astype(np.int64)), tf.constant(counted))
        losses, hits = losses + found[0].numpy(), hits + found[1].numpy()
    return network, float(losses) / len(order), float(hits) / len(order)


@pytest.mark.slow
@pytest.mark.parametrize(("units", "batch_size"), [(32, 128), (32, 33), (256, 128), (312, 100), (512, 128)])
def test_any_network_and_batch_gives_the_bits_of_one_compiled_step_after_the_other(subset, units, batch_size):
    order = shuffled_order(0, 1, 990)  # no batch size here divides it but 33
    plain, *expected = straightforward_epoch(subset, build_optimizer("rmsprop", 0.001, 0), order, batch_size, units)
    network, training = compiled(subset, build_optimizer("rmsprop", 0.001, 0), batch_size=batch_size, units=units)
    assert list(training.train_epoch(order)) == expected
    for fast, slow in zip(network.get_weights(), plain.get_weights(), strict=True):
        assert fast.tobytes() == slow.tobytes()


@pytest.mark.parametrize(("name", "learning_rate", "momentum"), OPTIMIZERS)
def test_epoch_equals_one_compiled_step_after_the_other_bit_for_bit(subset, name, learning_rate, momentum):
    order = shuffled_order(0, 1, 1000)
    plain, *expected = straightforward_epoch(subset, build_optimizer(name, learning_rate, momentum), order, BATCH)
    network, training = compiled(subset, build_optimizer(name, learning_rate, momentum))
    assert list(training.train_epoch(order)) == expected
    for fast, slow in zip(network.get_weights(), plain.get_weights(), strict=True):
        assert fast.tobytes() == slow.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [33, 96, 100, 1000])
def test_filling_the_last_batch_changes_rounding_alone(subset, batch_size):
    """Products group their sums by the number of images: at some widths the last bits differ from those without."""
    order = shuffled_order(0, 1, 980)
    plain, *expected = straightforward_epoch(subset, build_optimizer("sgd", 0.1, 0), order, batch_size, filled=False)
    network, training = compiled(subset, build_optimizer("sgd", 0.1, 0), batch_size=batch_size)
    assert list(training.train_epoch(order)) == pytest.approx(expected, rel=1e-6)
    for fast, slow in zip(network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(fast, slow, atol=1e-6)


@pytest.mark.parametrize(("name", "learning_rate", "momentum"), OPTIMIZERS)
def test_epoch_equals_keras_train_step_by_step(subset, name, learning_rate, momentum):
    network, training = compiled(subset, build_optimizer(name, learning_rate, momentum))
    order = shuffled_order(0, 1, 1000)
    loss, accuracy = training.train_epoch(order)

    model = keras_model(build_optimizer(name, learning_rate, momentum))
    images, labels = as_keras_wants(subset["train"])
    losses, hits = 0.0, 0.0
    for start in range(0, 1000, BATCH):
        batch = order[start : start + BATCH]
        step = model.train_on_batch(images[batch], labels[batch], return_dict=True)
        model.reset_metrics()
        losses += step["loss"] * len(batch)
        hits += step["accuracy"] * len(batch)

    assert loss == pytest.approx(losses / 1000, rel=1e-5)
    assert accuracy == pytest.approx(hits / 1000, abs=1e-6)
    for ours, theirs, start in zip(network.get_weights(), model.get_weights(), dense().get_weights(), strict=True):
        moved = np.abs(theirs - start).max()
        assert moved > 1e-3
        # The first step of RMSprop is lr·g/sqrt(0.1 g² + ε): where g is near 0, rounding is not.
        assert np.abs(ours - theirs).max() < 0.02 * moved
        assert np.sqrt(np.mean((ours - theirs) ** 2)) < 1e-4 * moved


def test_history_equals_keras_fit_without_shuffling(subset):
    _, training = compiled(subset, build_optimizer("rmsprop", 0.001, 0))
    ours = [training.train_epoch(np.arange(1000, dtype=np.int32)) for _ in range(2)]

    model = keras_model(build_optimizer("rmsprop", 0.001, 0))
    history = model.fit(*as_keras_wants(subset["train"]), batch_size=BATCH, epochs=2, shuffle=False, verbose=0).history

    assert [loss for loss, _ in ours] == pytest.approx(history["loss"], rel=1e-4)
    assert [accuracy for _, accuracy in ours] == pytest.approx(history["accuracy"], abs=2e-3)


def test_test_metrics_equal_keras_evaluate(subset):
    network, training = compiled(subset, build_optimizer("rmsprop", 0.001, 0))
    training.train_epoch(shuffled_order(0, 1, 1000))
    model = keras_model("rmsprop")
    model.set_weights(network.get_weights())
    loss, accuracy = model.evaluate(*as_keras_wants(subset["test"]), verbose=0)
    assert training.test() == (pytest.approx(loss, rel=1e-5), pytest.approx(accuracy, abs=1e-6))


def test_batch_that_divides_the_set_has_no_rest(subset):
    _, training = compiled(subset, build_optimizer("sgd", 0.1, 0), batch_size=250)
    loss, accuracy = training.train_epoch(shuffled_order(0, 1, 1000))
    assert np.isfinite(loss)
    assert 0 < accuracy < 1
    assert int(training.optimizer.iterations) == 4


def test_all_images_are_seen_once(subset):
    """With a learning rate of almost 0 the running means are the plain means over the training set."""
    network, training = compiled(subset, build_optimizer("sgd", 1e-30, 0))
    loss, accuracy = training.train_epoch(shuffled_order(3, 1, 1000))
    model = keras_model("sgd")
    model.set_weights(network.get_weights())
    expected = model.evaluate(*as_keras_wants(subset["train"]), verbose=0)
    assert [loss, accuracy] == pytest.approx(expected, rel=1e-5)


def test_pixels_are_scaled_by_the_reciprocal():
    from training.epochs import scaled

    pixels = np.arange(256, dtype=np.uint8)
    ours = scaled(tf.constant(pixels)).numpy()
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, pixels.astype(np.float32) * (np.float32(1) / np.float32(255)))
    np.testing.assert_allclose(ours, pixels / 255, rtol=2e-7)


@pytest.mark.parametrize("images", [1, 100, 499])
def test_test_set_smaller_than_its_batches(subset, images):
    few = tuple(array[:images] for array in subset["test"])
    network, training = compiled(subset | {"test": few}, build_optimizer("sgd", 0.1, 0))
    model = keras_model("sgd")
    model.set_weights(network.get_weights())
    loss, accuracy = model.evaluate(*as_keras_wants(few), verbose=0)
    assert training.test() == (pytest.approx(loss, rel=1e-5), pytest.approx(accuracy, abs=1e-6))


# Whole models against `fit`, which takes the same steps one by one. Its loss holds the penalties, ours does not.
PENALTIES = ("l2", "activity")
PLAIN = (
    *("dropout", "two_dropouts", "noise", "batch_norm", "convolution", "gru_dropout", "custom"),
    *("lambda", "subclassed", "shared", "not_softmax", "activity", "tanh"),
)
COMPILED = ("dense", "functional", "l2", "max_norm", "layer_norm", "gru")


def fitted(subset, kind, batch_size, order, jit_compile):
    """Return a model trained for an epoch by Keras itself, and its history."""
    model = build_of(KINDS, kind=kind)(0)
    optimizer = build_optimizer("rmsprop", 0.001, 0.5)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile)
    images, labels = subset["train"]
    images = images[order].astype(np.float32) * (np.float32(1) / np.float32(255))
    return model, model.fit(images, labels[order], batch_size, shuffle=False, verbose=0).history


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [100, 96])  # 1,000 images: with and without a full last batch
@pytest.mark.parametrize("kind", [*PLAIN, *COMPILED])
def test_epoch_of_any_network_equals_keras_fit(subset, kind, batch_size):
    order = shuffled_order(0, 1, 1000)
    model = build_of(KINDS, kind=kind)(0)
    training = Training(
        model,
        build_optimizer("rmsprop", 0.001, 0.5),
        batch_size,
        subset["train"],
        subset["test"],
        compiled=gains_from_xla(model),
    )
    loss, accuracy = training.train_epoch(order)
    expected, history = fitted(subset, kind, batch_size, order, training.compiled)
    assert training.compiled == (kind in COMPILED)
    for ours, theirs in zip(model.variables, expected.variables, strict=True):
        if training.compiled or batch_size == 96:
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=2e-6)
        else:
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert accuracy == pytest.approx(history["accuracy"][0], abs=1e-6)
    if kind not in PENALTIES:
        assert loss == pytest.approx(history["loss"][0], rel=1e-5)


@pytest.mark.parametrize("optimizer", [("rmsprop", 0.5), ("rmsprop_keras2", 0), ("sgd", 0.5), ("adam", 0)])
@pytest.mark.parametrize(
    ("kind", "approximate"),
    [("dense", False), ("dropout", False), ("convolution", False), ("batch_norm", True), ("layer_norm", True)],
)
def test_reciprocal_roots_are_found_in_the_step(subset, kind, approximate, optimizer):
    few = tuple(array[:64] for array in subset["train"])
    model = build_of(KINDS, kind=kind)(0)
    training = Training(model, build_optimizer(optimizer[0], 0.001, optimizer[1]), 32, few, few, gains_from_xla(model))
    training.train_epoch(shuffled_order(0, 1, 64))
    assert training.approximate == approximate


def test_keras_own_rmsprop_is_approximate(subset):
    """It divides by a root, which XLA and plain graphs rewrite."""
    few = tuple(array[:64] for array in subset["train"])
    training = Training(dense(), keras.optimizers.RMSprop(0.001), 32, few, few, compiled=False)
    training.train_epoch(shuffled_order(0, 1, 64))
    assert training.approximate
