"""What training and evaluation cost, by the descriptions of the networks: memory, time, disk.

It decides the order of jobs, what they request from a scheduler, and forecasts. No result depends on it.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from design.hyperparameters import keywords_of
from design.point_names import Value, canonical_name

RESULTS = Path("results")
SPARE = 1.15  # of memory
SLOWER = 10  # times as slow as here a cluster's node may be, of whose jobs the scheduler ends what takes too long
START_UP_MINUTES = 5  # 5 s here; on a shared disk that nobody has read yet, importing TensorFlow can take minutes
EVALUATION_CHUNK = 1000  # as in evaluation.py
OPTIMIZER = {"learning_rate": 0.001, "momentum": 0.0, "optimizer": "rmsprop"}  # with which networks are described
NUMPY_MB = 120  # of an evaluation without Keras, whatever the network


@dataclass(frozen=True)
class Description:
    """What a description says of the cost of a network, measured on the machine that described it.

    Attributes:
        parameters: number of weights.
        pixels: values of an image.
        widest: most values that a layer gives for an image.
        evaluated_by: `numpy` or `keras`.
        start_seconds: CPU seconds until the first step.
        image_seconds: CPU seconds of testing an image.
        step_seconds: CPU seconds of a step of the described batch size.
        memory_mb: memory at its most.
    """

    parameters: int
    pixels: int
    widest: int
    evaluated_by: str
    start_seconds: float
    image_seconds: float
    step_seconds: float
    memory_mb: float

    @property
    def training_memory_mb(self) -> int:
        """The memory to ask for a training, in MB."""
        return math.ceil(SPARE * self.memory_mb)

    def evaluation_memory_mb(self, images: int) -> int:
        """Return the memory to ask for an evaluation, in MB.

        With NumPy every image takes a byte a pixel and its logits in float64 a few times, a chunk pixels and widest
        layer twice in float64, and the weights are there in float32 and in float64.
        """
        if self.evaluated_by == "keras":
            return self.training_memory_mb
        of_chunk = EVALUATION_CHUNK * 2 * (self.widest + self.pixels) * 8
        return NUMPY_MB + round((images * (self.pixels + 400) + of_chunk + self.parameters * 12) / 1e6)


# The notebook's network on an AMD EPYC (family 25, Zen 4), for networks that are not described yet.
TYPICAL = Description(
    parameters=407_050,
    pixels=784,
    widest=784,
    evaluated_by="numpy",
    start_seconds=3.5,
    image_seconds=1.5e-5,
    step_seconds=0.0025,
    memory_mb=571,
)


def networks_folder(network: str, shape: Iterable[int], results: Path = RESULTS) -> Path:
    """Return the folder of descriptions: another one for another network file or another shape of the images.

    Args:
        network: SHA-256 of the network's file.
        shape: of an image.
        results: the results folder.
    """
    identity = f"{network} {[*shape]}"
    return results / "networks" / hashlib.sha256(identity.encode()).hexdigest()[:16]


def described_by(point: Mapping[str, Value]) -> dict[str, Value]:
    """Return the hyperparameters on which the cost of a point depends: those of the network, and the batch size."""
    return keywords_of(point) | {"batch_size": point["batch_size"]}


def described(point: Mapping[str, Value], folder: Path) -> Description:
    """Return the description of a point's network; `TYPICAL` where there is none yet.

    Args:
        point: value of each hyperparameter, or its canonical text.
        folder: as `networks_folder` returns it.
    """
    path = folder / f"{canonical_name(described_by(point))}.json"
    if not os.path.exists(path):
        return TYPICAL
    try:
        return Description(**json.loads(path.read_text(encoding="utf-8"))["cost"])
    except (OSError, ValueError, LookupError, TypeError):  # being written, or cut off
        return TYPICAL


def training_seconds(point: Mapping[str, Value], epochs: int, images: int, test_images: int, folder: Path) -> float:
    """Return the CPU seconds of training a point, without what its job takes to start."""
    network = described(point, folder)
    steps = math.ceil(images / int(point["batch_size"]))
    return epochs * (steps * network.step_seconds + network.image_seconds * test_images)


def runtime_minutes(seconds: float) -> int:
    """Return the time limit to ask a cluster for, in minutes; generous, since a scheduler ends the job at its limit."""
    return START_UP_MINUTES + math.ceil(SLOWER * seconds / 60)
