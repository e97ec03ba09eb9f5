"""Train briefly with every optimizer and print the SHA-256 of the weights as JSON.

After a change of bits that is wanted, or on a machine whose arithmetic has no table yet, `--write` puts the digests
into tests/fixtures/golden_digests.json: `PYTHONPATH=scripts:tests .venv/bin/python -m helpers.golden_digests --write`.
With `--like "AVX2, 48 KiB"` they are those of another arithmetic, as far as this processor can emulate it.
"""

import argparse
import ctypes
import hashlib
import json
import os
import re
import struct
from pathlib import Path

from training import lean_keras  # noqa: F401 - before anything that imports Keras

# isort: split
import tensorflow as tf

from data.idx import read_idx
from files.arithmetic import arithmetic
from files.provenance import cpu_model
from helpers.networks import DENSE, KINDS, build_of
from helpers.workflow import PROJECT, SUBSET
from training.epochs import Training
from training.layers import gains_from_xla
from training.optimizers import build_optimizer
from training.randomness import shuffled_order
from training.settings import fix_settings

TABLES = PROJECT / "tests" / "fixtures" / "golden_digests.json"
OPTIMIZERS = [("rmsprop", 0.9), ("rmsprop_keras2", 0), ("rmsprop_keras2", 0.9), ("sgd", 0), ("sgd", 0.9), ("adam", 0)]
CASES = [("rmsprop", 0, units, batch) for units in (32, 512, 1024) for batch in (1, 32, 128, 500)]
CASES += [(*optimizer, units, batch) for optimizer in OPTIMIZERS for units, batch in ((32, 32), (512, 128))]


# Plain graphs: no other machine has been tried, so only the table of the one that made them has their digests.
PLAIN = {kind: (KINDS, {"kind": kind}) for kind in ("dropout", "convolution", "batch_norm")}


def trained(name: str, momentum: float, network: tuple[Path, dict], batch: int, data: tuple) -> str:
    """Return the SHA-256 of the weights after an epoch: 700 images, of which no batch takes all, or 100 one by one."""
    path, keywords = network
    model = build_of(path, **keywords)(0)
    training = Training(model, build_optimizer(name, 0.001, momentum), batch, data, data, gains_from_xla(model))
    training.train_epoch(shuffled_order(0, 1, 100 if batch == 1 else 700))
    return hashlib.sha256(b"".join(weights.tobytes() for weights in model.get_weights())).hexdigest()


def dense(units: int) -> tuple[Path, dict]:
    """Return the default network with so many units."""
    return DENSE, {"units": units}


def set_cache_size(kib: int) -> None:
    """Make Eigen cut products as for another L1 data cache; needs a product computed before.

    Eigen asks the processor once and keeps the sizes of its three caches as neighbouring integers, which no symbol
    names: they are found by their values.
    """
    real = int(arithmetic().split()[-2]) * 1024
    found = 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *_, path = line.split()
        if rights.startswith("rw") and not path.startswith("["):
            start, end = (int(address, 16) for address in span.split("-"))
            content = ctypes.string_at(start, end - start)
            for place in (match.start() for match in re.finditer(re.escape(struct.pack("<q", real)), content)):
                if place % 8 == 0 and place + 24 <= len(content):
                    _, l2, l3 = struct.unpack_from("<qqq", content, place)
                    if 2**17 <= l2 <= 2**24 and 2**20 <= l3 <= 2**30 and (l2 | l3) % 2**16 == 0:
                        ctypes.c_long.from_address(start + place).value = kib * 1024
                        found += 1
    assert found, "Eigen's cache sizes were not found"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", default=arithmetic())
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    fix_settings()
    images, labels = (read_idx(SUBSET / f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    data = tuple(tf.constant(array) for array in (images[..., None], labels))
    if arguments.like != arithmetic():
        instructions, cache = arguments.like.split(", ")
        if not arithmetic().startswith(instructions):
            os.environ["ONEDNN_MAX_CPU_ISA"] = instructions  # oneDNN reads it at the first product
        trained("rmsprop", 0, dense(32), 32, data)
        set_cache_size(int(cache.split()[0]))
    digests = {
        f"{name} momentum={momentum} units={units} batch={batch}": trained(name, momentum, dense(units), batch, data)
        for name, momentum, units, batch in CASES
    }
    if arguments.like == arithmetic():
        digests |= {f"{kind}, a plain graph": trained("rmsprop", 0.5, PLAIN[kind], 64, data) for kind in PLAIN}
    print(json.dumps(digests, indent=2))
    if arguments.write:
        made_on = cpu_model() + ", emulated" * (arguments.like != arithmetic())
        tables = json.loads(TABLES.read_text()) if TABLES.exists() else {}
        tables[arguments.like] = {"made on": made_on, "digests": digests}
        TABLES.write_text(json.dumps(tables, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
