"""Short trainings have the bits on record for the arithmetic of this machine."""

import json
import os
import subprocess
import sys

import pytest

from files.arithmetic import arithmetic
from helpers.workflow import PROJECT

pytestmark = pytest.mark.slow

TABLES = json.loads((PROJECT / "tests" / "fixtures" / "golden_digests.json").read_text())


def test_weights_have_the_bits_on_record():
    if arithmetic() not in TABLES:
        pytest.skip(f"no table for {arithmetic()}; `helpers/golden_digests.py` says how to make it")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(PROJECT / folder) for folder in ("scripts", "tests"))}
    call = [sys.executable, "-m", "helpers.golden_digests"]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True, timeout=600)
    table = TABLES[arithmetic()]
    found = {name: digest for name, digest in json.loads(done.stdout).items() if name in table["digests"]}
    assert found == table["digests"], f"the table was made on {table['made on']}"


def test_with_avx512_the_cache_decides_at_large_batches_and_wide_networks_alone():
    """So the default study, but for its widest networks, has the same bits with 32 and with 48 KiB."""
    small, large = (TABLES[f"AVX-512, {size} KiB"]["digests"] for size in (32, 48))
    differing = {name for name in large if small[name] != large[name]}
    expected = {f"units={units} batch=500" for units in (32, 512, 1024)} | {
        "units=1024 batch=32",
        "units=1024 batch=128",
    }
    assert {name.split(" ", 2)[2] for name in differing} == expected
