"""Importing Keras leanly: less time and memory, the same results, and nothing missing for others."""

import os
import subprocess
import sys

import pytest

from helpers.workflow import PROJECT

pytestmark = pytest.mark.slow  # each test starts TensorFlow anew
MEMORY = """
def file_pages():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssFile"))
"""


def run(code, environment=None):
    """Return what a program prints, run in a process of its own beside the scripts."""
    call = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")} | (environment or {})
    return subprocess.run(call, capture_output=True, text=True, check=True, timeout=300, env=environment).stdout.split()


def test_unused_packages_are_not_loaded_but_can_be_later():
    code = "import sys; from training import lean_keras; print(*(name in sys.modules for name in lean_keras.UNUSED))"
    assert run(code) == ["False"] * 3
    assert run("from training import lean_keras; import pandas; print(pandas.DataFrame({'a': [1]}).shape[0])") == ["1"]


def test_package_loaded_before_stays():
    assert run("import pandas, sys; from training import lean_keras; print(sys.modules['pandas'] is pandas)") == [
        "True"
    ]


@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_garbage_collector_is_left_as_it_was(switch):
    assert run(f"import gc; gc.{switch}(); from training import lean_keras; print(gc.isenabled())") == [
        str(switch == "enable")
    ]


def test_garbage_collector_passes_over_what_was_imported():
    code = "import gc; from training import lean_keras; print(gc.get_freeze_count(), len(gc.get_objects()))"
    frozen, rest = map(int, run(code))
    assert frozen > 100 * rest


def test_the_environment_changes_no_setting():
    code = (
        "from training import lean_keras; import keras, os; print(keras.backend.backend(), os.environ['XLA_FLAGS'])\n"
        "assert {name: value for name, value in os.environ.items() if 'DNN' in name} == {'TF_ENABLE_ONEDNN_OPTS': '1'}"
    )
    others = {"XLA_FLAGS": "--xla_cpu_enable_fast_math=true", "KERAS_BACKEND": "numpy", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    others["TF_ENABLE_ONEDNN_OPTS"] = "0"
    backend, *flags = run(code, others)
    assert backend == "tensorflow"
    assert [flag.split("=")[0] for flag in flags] == [
        "--xla_cpu_experimental_ynn_fusion_type",
        "--xla_cpu_max_isa",
        "--xla_cpu_prefer_vector_width",
        "--xla_backend_extra_options",
    ]


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="pages are given back on Linux only")
def test_clean_pages_are_given_back_and_come_again():
    """Most file pages go, and what is computed after it is right: code and constants are mapped again."""
    code = f"""{MEMORY}
import keras, numpy as np, tensorflow as tf
before = file_pages()
from training import lean_keras
after = file_pages()
product = tf.linalg.matmul(tf.ones((3, 5)), tf.ones((5, 2)))
print(before, after, float(tf.reduce_sum(product)))
"""
    before, after, total = (float(word) for word in run(code))
    assert after < before / 5
    assert total == 30
