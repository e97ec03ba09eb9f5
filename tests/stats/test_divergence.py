"""Diverged runs are counted, scored at chance, or left out in pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.divergence import pairs_left_out, score_at_chance
from stats.paired_verdicts import compare_family

pytestmark = pytest.mark.filterwarnings("error")


def test_diverged_runs_are_scored_at_chance_and_counted():
    accuracy = np.array([[0.98, 0.098, 0.97], [0.98, math.nan, 0.1]])
    loss = np.array([[0.07, math.nan, 0.08], [math.inf, -math.inf, 50.0]])
    scored = score_at_chance(accuracy, loss, 10)
    np.testing.assert_array_equal(scored.accuracy, [[0.98, 0.1, 0.97], [0.1, 0.1, 0.1]])
    np.testing.assert_array_equal(scored.loss, [[0.07, math.log(10), 0.08], [math.log(10), math.log(10), 50.0]])
    np.testing.assert_array_equal(scored.diverged, [[False, True, False], [True, True, False]])
    np.testing.assert_array_equal(scored.count, [1, 2])
    assert math.isnan(loss[0, 1])  # the input stays


def test_chance_depends_on_the_classes():
    scored = score_at_chance([0.5], [math.nan], classes=2)
    assert (scored.accuracy[0], scored.loss[0], scored.count) == (0.5, math.log(2), 1)


def test_a_pair_is_left_out_if_either_run_diverged():
    left_out = pairs_left_out([True, False, False], [[False, False, True], [False, False, False]])
    np.testing.assert_array_equal(left_out, [[True, False, True], [True, False, False]])


def test_both_analyses_of_a_point_that_diverges_now_and_then():
    loss = np.full((2, 10), 0.07) + np.random.default_rng(0).normal(0, 0.001, (2, 10))
    loss[1, 3] = math.nan
    scored = score_at_chance(np.full((2, 10), 0.98), loss, 10)
    options = {"margin": 0.005, "higher_is_better": False}
    [main] = compare_family(scored.loss[0], scored.loss[1:], **options)
    left_out = pairs_left_out(scored.diverged[0], scored.diverged[1:])
    [second] = compare_family(loss[0], loss[1:], left_out=left_out, **options)
    assert (main.n, main.verdict) == (10, "inconclusive")
    assert (second.n, second.verdict) == (9, "equivalent")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_scores_are_finite_and_finite_losses_untouched(loss):
    scored = score_at_chance(np.full(len(loss), 0.9), loss, 10)
    assert np.isfinite(scored.loss).all()
    finite = np.isfinite(loss)
    np.testing.assert_array_equal(scored.loss[finite], np.array(loss)[finite])
    assert scored.count == np.count_nonzero(~finite)


@pytest.mark.parametrize(
    ("accuracy", "loss", "message"),
    [
        ([0.98], [0.07, 0.08], r"Received: \(1,\) and \(2,\)"),
        (0.98, 0.07, r"one shape \(..., n\)"),
        ([math.nan], [0.07], "`accuracy` must be finite where `loss` is"),
    ],
)
def test_errors_say_what_was_expected(accuracy, loss, message):
    with pytest.raises(ValueError, match=message):
        score_at_chance(accuracy, loss, 10)
