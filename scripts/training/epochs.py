"""A whole epoch of Keras training in one call of TensorFlow.

`model.fit` returns to Python after each step. Here the loop over the batches is part of the graph, on data that stay in
memory. Keras' model, loss and optimizer are the same, and faster (README, performance): where the layers gain from it,
XLA compiles the whole epoch, else it is a plain graph.
"""

import keras
import numpy as np
import tensorflow as tf

# Images a test step: the whole test set at once takes 47 MB more and as much time. In a plain graph every layer's
# output of a step is in memory, which convolutions have large ones of.
TEST_BATCH = {True: 500, False: 128}  # by whether XLA compiles it


# Each vendor's processors have an approximation of their own for these; XLA and plain graphs turn a / sqrt(b) into
# a * rsqrt(b). Roots and quotients of other forms are rounded as IEEE 754 asks, among them those of `optimizers`.
APPROXIMATE = {"Rsqrt", "Reciprocal", "Inv"}


def is_approximate(operation: tf.Operation) -> bool:
    """Return whether an operation of a graph has other bits on another vendor's processors."""
    divided_by_root = operation.type == "RealDiv" and operation.inputs[1].op.type == "Sqrt"
    return operation.type in APPROXIMATE or divided_by_root


def scaled(images: tf.Tensor) -> tf.Tensor:
    """Return uint8 pixels as float32 from 0 to 1; float32 as it is.

    XLA turns a division by 255 into this multiplication. NumPy does not, so it is written out (`evaluation.scaled`).
    """
    if images.dtype != tf.uint8:
        return images
    return tf.cast(images, tf.float32) * tf.constant(np.float32(1) / np.float32(255))


def filled_batches(order: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the order in batches of one size, and how many images of each count.

    A smaller last batch is filled with copies of its last image, which count for nothing: they add zeros to the
    products. With one shape XLA compiles the step once, which saves 0.2 to 0.7 s a job.

    Returns:
        `(batches, counts)`: int32 (steps, batch_size) and int32 (steps,).
    """
    steps = -(-len(order) // batch_size)
    filling = np.full(steps * batch_size - len(order), order[-1], order.dtype)
    counts = np.full(steps, batch_size, np.int32)
    counts[-1] -= len(filling)
    return np.concatenate([order, filling]).reshape(steps, batch_size), counts


def whole_batches(order: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the order in batches of one size, and the rest.

    Returns:
        `(batches, rest)`: int32 (steps, batch_size), and int32 (fewer than batch_size,).
    """
    whole = len(order) - len(order) % batch_size
    return order[:whole].reshape(-1, batch_size), order[whole:]


def totals(steps, step) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the sums of loss and hits over the steps of a loop in the graph.

    Args:
        steps: how many.
        step: function `index -> (loss, hits)`.
    """

    def body(index, total_loss, total_correct):
        loss, correct = step(index)
        return index + 1, total_loss + loss, total_correct + correct

    start = (tf.constant(0), tf.zeros(()), tf.zeros(()))
    return tf.while_loop(lambda index, *_: index < steps, body, start)[1:]


class Training:
    """Trains and tests one Keras model on data in memory, one call an epoch.

    Args:
        model: classifier with one output of probabilities.
        optimizer: Keras optimizer, not yet built.
        batch_size: images a step; the last step of an epoch takes the rest.
        train: `(images, labels)`: uint8 or float32 (n, …), uint8 (n,), arrays (copied) or tensors (not copied).
        test: the same for the test set.
        compiled: whether XLA compiles the epoch.

    Attributes:
        approximate: whether a training step has an operation that `is_approximate`; known after the first epoch.
    """

    def __init__(self, model, optimizer, batch_size: int, train, test, compiled: bool):
        self.model = model
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.compiled = compiled
        self.approximate = False
        self._train = tuple(tf.constant(array) for array in train)
        self._test = tuple(tf.constant(array) for array in test)
        self._loss = keras.losses.SparseCategoricalCrossentropy(reduction="none")
        optimizer.build(model.trainable_variables)
        # Loops are explicit: AutoGraph would write code to a temporary file, for which the disk may have no room.
        epoch = self._filled_epoch if compiled else self._epoch
        self._call_epoch, self._call_test = (
            tf.function(function, jit_compile=compiled, autograph=False) for function in (epoch, self._test_steps)
        )

    @property
    def variables(self) -> dict[str, keras.Variable]:
        """The complete state of the training by position: the model's weights and seed states, then the optimizer's."""
        owners = {"weights": self.model, "optimizer": self.optimizer}
        return {
            f"{kind}/{position}": variable
            for kind, owner in owners.items()
            for position, variable in enumerate(owner.variables)
        }

    def train_epoch(self, order: np.ndarray) -> tuple[float, float]:
        """Train one epoch.

        Args:
            order: int32 (n,), the order in which the images are seen.

        Returns:
            Running means of loss and accuracy over the epoch, as Keras' History gives them; the loss without penalties.
        """
        images = len(order)
        arrays = (filled_batches if self.compiled else whole_batches)(order, self.batch_size)
        loss, correct = self._call_epoch(*(tf.constant(array) for array in arrays))
        return float(loss) / images, float(correct) / images

    def test(self) -> tuple[float, float]:
        """Return mean loss and accuracy on the test set."""
        loss, correct = self._call_test()
        images = int(self._test[1].shape[0])
        return float(loss) / images, float(correct) / images

    def _outcome(self, labels, probabilities):
        """Return per-image losses and hits: 1.0 where an image is classified correctly."""
        hits = tf.cast(tf.argmax(probabilities, 1) == tf.cast(labels, tf.int64), tf.float32)
        return self._loss(labels, probabilities), hits

    def _step(self, indices, count=None):
        """Take one step, as `train_step` of Keras does.

        Args:
            indices: int32 (b,), of the images.
            count: how many of them count, the first ones; all where it is None.

        Returns:
            Sums of loss and hits.
        """
        images, labels = (tf.gather(array, indices) for array in self._train)
        with tf.GradientTape() as tape:
            losses, hits = self._outcome(labels, self.model(scaled(images), training=True))
            if count is not None:
                counted = tf.cast(tf.range(indices.shape[0]) < count, tf.float32)
                losses, hits = losses * counted, hits * counted
            total = tf.reduce_sum(losses)
            loss = total / tf.cast(indices.shape[0] if count is None else count, tf.float32)
            if penalties := [keras.ops.sum(penalty) for penalty in self.model.losses]:
                loss = keras.ops.sum([loss, *penalties])
        weights = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        traced = tf.compat.v1.get_default_graph().get_operations()
        self.approximate |= any(map(is_approximate, traced))
        return total, tf.reduce_sum(hits)

    def _filled_epoch(self, batches, counts):
        return totals(batches.shape[0], lambda index: self._step(batches[index], counts[index]))

    def _epoch(self, batches, rest):
        """A step of one static size, and a second for the rest: a size known only as it runs takes more time."""
        total_loss, total_correct = totals(batches.shape[0], lambda index: self._step(batches[index]))
        if rest.shape[0]:
            with tf.control_dependencies([total_loss]):
                loss, correct = self._step(rest)
            total_loss, total_correct = total_loss + loss, total_correct + correct
        return total_loss, total_correct

    def _test_steps(self):
        images, labels = self._test
        size = TEST_BATCH[self.compiled]
        whole = images.shape[0] - images.shape[0] % size
        total_loss, total_correct = tf.zeros(()), tf.zeros(())
        if whole:
            batches = tf.reshape(images[:whole], [-1, size, *images.shape[1:]])
            batch_labels = tf.reshape(labels[:whole], [-1, size])
            total_loss, total_correct = totals(
                batches.shape[0], lambda index: self._test_step(batches[index], batch_labels[index])
            )
        if labels[whole:].shape[0]:
            loss, correct = self._test_step(images[whole:], labels[whole:])
            total_loss, total_correct = total_loss + loss, total_correct + correct
        return total_loss, total_correct

    def _test_step(self, images, labels):
        losses, hits = self._outcome(labels, self.model(scaled(images), training=False))
        return tf.reduce_sum(losses), tf.reduce_sum(hits)
