"""Published numbers and orderings against cases worked by hand."""

import math

import numpy as np
import pytest

from published.verdicts import check_number, check_orderings
from stats.intervals import prediction_interval

pytestmark = pytest.mark.filterwarnings("error")


def runs_of(n, mean=0.98, sd=0.001):
    """Runs of just this mean and standard deviation."""
    values = np.random.default_rng(n).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
def test_the_prediction_interval_decides(n):
    runs = runs_of(n)
    low, high = prediction_interval(runs)
    for published, verdict in (
        (low, "reproduced"),
        (high, "reproduced"),
        (low - 1e-9, "not reproduced"),
        (high + 1e-9, "not reproduced"),
    ):
        found = check_number(published, runs)
        assert (found.verdict, found.reason) == (verdict, "")
        assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize(
    ("mean", "sd", "published", "verdict", "distance"),
    [
        (0.9796, 0.0008, 0.9778, "reproduced", -2.25),
        (0.9835, 0.0005, 0.9818, "not reproduced", -3.4),
        (0.066, 0.002, 0.1058, "not reproduced", 19.9),
    ],
)
def test_distances_in_standard_deviations(mean, sd, published, verdict, distance):
    found = check_number(published, runs_of(10, mean, sd))
    assert found.verdict == verdict
    assert found.distance == pytest.approx(distance)
    assert (found.n, found.mean, found.sd) == (10, pytest.approx(mean), pytest.approx(sd))


def test_one_run_cannot_check():
    found = check_number(0.98, [0.98])
    assert found.verdict == "cannot be checked"
    assert found.reason == "one run has no spread to measure a distance by"
    assert all(math.isnan(value) for value in (found.sd, found.low, found.high, found.distance))


@pytest.mark.parametrize("published", [0.98, 0.97])
def test_equal_runs_cannot_check(published):
    found = check_number(published, [0.98] * 5)
    assert found.verdict == "cannot be checked"
    assert found.reason == "all 5 runs are equal: no spread to measure by"
    assert math.isnan(found.distance)


def test_ordering_and_what_one_seed_would_have_told():
    wiggle = np.tile([-0.001, 0.001], 5)
    winners = np.array([wiggle + 0.01, wiggle - 0.01, wiggle / 1e3, wiggle + 0.0005, wiggle * 20])
    found = check_orderings(winners, np.zeros((5, 10)), margin=0.002, higher_is_better=True)
    expected = ["confirmed", "reversed", "no difference that matters", "no difference that matters", "undecided"]
    assert [check.verdict for check in found] == expected
    assert [check.opposite for check in found] == [0, 1, 0.5, 0.5, 0.5]
    assert {check.comparison.family_size for check in found} == {5}
    loss = check_orderings(winners, np.zeros((5, 10)), margin=0.002, higher_is_better=False)
    assert [check.verdict for check in loss[:2]] == ["reversed", "confirmed"]
    assert [check.opposite for check in loss[:2]] == [1, 0]


def test_ties_say_the_opposite_by_half():
    [found] = check_orderings([[1, 0, 0, -1, 1, 1]], [[0] * 6], margin=0.1, higher_is_better=True)
    assert found.opposite == pytest.approx((1 + 2 / 2) / 6)
    assert found.opposite_low < found.opposite < found.opposite_high


def test_one_seed_cannot_check_an_ordering():
    [found] = check_orderings([[0.98]], [[0.97]], margin=0.001, higher_is_better=True)
    assert found.verdict == "cannot be checked"
    assert found.opposite == 0


@pytest.mark.parametrize(
    ("published", "runs", "message"),
    [
        (0.98, [], "at least one run"),
        (0.98, [0.98, math.nan], "must be finite"),
        (math.nan, [0.98, 0.97], "`published` must be finite.*nan"),
        (0.98, [[0.98, 0.97]], r"shape \(n,\)"),
    ],
)
def test_errors_say_what_was_expected(published, runs, message):
    with pytest.raises(ValueError, match=message):
        check_number(published, runs)
