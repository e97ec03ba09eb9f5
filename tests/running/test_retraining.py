"""Outcomes of runs: which differences count. `test_verify.py` compares runs trained again with a finished study."""

from dataclasses import replace

import numpy as np

from running.retraining import Outcome, code_and_versions, weights_hash


def test_hash_of_weights_sees_names_shapes_and_every_bit():
    arrays = {"a": np.zeros((2, 3), np.float32), "b": np.ones(2, np.float32)}
    changed = {"a": np.zeros((2, 3), np.float32), "b": np.nextafter(np.ones(2, np.float32), 2)}
    swapped = {"b": arrays["a"], "a": arrays["b"]}
    reshaped = arrays | {"a": np.zeros((3, 2), np.float32)}
    hashes = {weights_hash(weights) for weights in (arrays, changed, swapped, reshaped)}
    assert len(hashes) == 4
    assert weights_hash(dict(reversed(arrays.items()))) == weights_hash(arrays)


def test_weights_and_metrics_make_outcomes_the_same():
    outcome = Outcome("ab", {"test_accuracy": "0.9", "test_loss": "0.1"}, "code", "versions")
    assert outcome.is_same(replace(outcome, code="other", versions="other"))
    assert not outcome.is_same(replace(outcome, weights="ac"))
    assert not outcome.is_same(replace(outcome, metrics=outcome.metrics | {"test_loss": "0.10"}))


def test_an_engine_is_code_and_versions():
    engine = f"train.py and its imports: {'ab' * 32}; tensorflow 2.21.0, keras 3.15.1, numpy 2.4.6"
    assert code_and_versions(engine) == ("ab" * 32, "tensorflow 2.21.0, keras 3.15.1, numpy 2.4.6")
