"""The network under study: the function `build` of a Python file, and the models it returns."""

import builtins
import hashlib
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import keras
import numpy as np

from training.settings import fix_settings, settings

PACKAGES = {"keras", "tensorflow", "numpy"}  # that a network file may import, besides the standard library
TRAINING = ("learning_rate", "momentum", "batch_size", "optimizer")  # every other hyperparameter is the network's
Build = Callable[[int], keras.Model]  # seed -> fresh model


class NetworkError(ValueError):
    """A network file cannot be used; the message is one line that says what to do."""


class NetworkFile:
    """A network file, executed once.

    Its SHA-256 and the recorded versions identify the network, so it may import nothing else that could change.

    Args:
        path: the file.
        digest: its SHA-256, 64 hexadecimal digits.

    Raises:
        NetworkError: if it is missing, another file, fails, or changes a setting of Keras or TensorFlow.
    """

    def __init__(self, path: Path, digest: str):
        self.path = path
        try:
            source = path.read_bytes()
        except OSError as error:
            raise NetworkError(f"{path}: cannot be read ({error.strerror}). Run again.") from None
        received = hashlib.sha256(source).hexdigest()
        if received != digest:
            raise NetworkError(
                f"{path}: expected the network file of SHA-256 {digest}. Received: {received}. "
                "It was edited meanwhile: run again."
            )
        module = types.ModuleType("network")
        module.__file__ = str(path)
        module.__builtins__ = vars(builtins) | {"__import__": self._import}
        sys.modules["network"] = module  # as dataclasses and Keras' registry expect of any module
        with self._watched("the file"):
            exec(compile(source, str(path), "exec", dont_inherit=True), vars(module))
        self._function = getattr(module, "build", None)
        if not callable(self._function):
            raise NetworkError(f"{path}: expected a function `build(input_shape, classes, *, …)`. It is missing.")

    def build(self, seed: int, input_shape: tuple[int, ...], classes: int, keywords: dict) -> keras.Model:
        """Return a fresh model, the same for the same seed whatever was built before.

        Args:
            seed: of its initial weights and of its random layers.
            input_shape: of one image: (height, width, channels), or (length,) of a vector.
            classes: number of classes.
            keywords: keyword arguments of the file's `build`.

        Raises:
            NetworkError: if the file's `build` fails, returns no model or changes a setting.
        """
        keras.utils.clear_session(free_memory=False)  # names count from 1 again
        keras.utils.set_random_seed(seed)
        arguments = ", ".join(f"{name}={value!r}" for name, value in keywords.items())
        with self._watched(f"build({input_shape}, {classes}{', ' * bool(arguments)}{arguments})"):
            model = self._function(input_shape, classes, **keywords)
            if not isinstance(model, keras.Model):
                raise TypeError(f"expected a Keras model. Received: {model!r}")
            if not model.built:
                model(np.zeros((1, *input_shape), np.float32))
        return model

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        """Import for the file's own statements what it may import."""
        package = name.partition(".")[0]
        if level or package not in PACKAGES | sys.stdlib_module_names:
            raise ImportError(
                f"a network file may import keras, tensorflow, numpy and the standard library. Received: "
                f"{'.' * level}{name}. The file's SHA-256 must identify the network: copy what it needs into the file."
            )
        return builtins.__import__(name, globals, locals, fromlist, level)

    @contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        """Turn an error of the file into one line, and refuse a changed setting."""
        before = settings()
        try:
            yield
        except (Exception, SystemExit) as error:
            lines = [
                frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(self.path)
            ]
            if isinstance(error, SyntaxError):
                lines = [error.lineno]
            place = f"{self.path}, line {lines[-1]}" if lines else str(self.path)
            message = " ".join(str(error).split())[:500]
            raise NetworkError(f"{place}: {what} ended with {type(error).__name__}: {message}") from error
        for name, value in settings().items():
            if value != before[name]:
                raise NetworkError(
                    f"{self.path}: {what} changes a setting of the whole process. Expected: {name}() = "
                    f"{before[name]!r}. Received: {value!r}. Remove this from the file."
                )


def load_build(path: Path, digest: str, data: dict, point: dict) -> Build:
    """Fix all settings, execute a network file, and return the function that builds a point's model from a seed.

    Args:
        path: the network file.
        digest: its SHA-256.
        data: label of preprocess.json: `input_shape` of an image, and number of `classes`.
        point: value of each hyperparameter.

    Raises:
        NetworkError: as `NetworkFile` does.
    """
    fix_settings()
    keywords = {name: value for name, value in point.items() if name not in TRAINING}
    shape, classes = tuple(data["input_shape"]), data["classes"]
    return partial(NetworkFile(path, digest).build, input_shape=shape, classes=classes, keywords=keywords)


def values_of(variables: list[keras.Variable]) -> list[np.ndarray]:
    """Return the value of each variable."""
    return [variable.numpy() for variable in variables]


def digest_of(arrays: list[np.ndarray]) -> str:
    """Return the SHA-256 of arrays with their types and shapes, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
