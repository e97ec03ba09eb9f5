"""Intervals against scipy, statsmodels and cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from stats.intervals import (
    describe,
    prediction_interval,
    standard_deviation,
    t_half_width,
    t_interval,
    wilson_interval,
)

pytestmark = pytest.mark.filterwarnings("error")


def runs_of(n, seed=0):
    return np.random.default_rng(seed).normal(0.98, 0.001, size=n)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_t_interval_is_scipys(n, alpha):
    runs = runs_of(n)
    expected = stats.ttest_1samp(runs, 0).confidence_interval(1 - alpha)
    np.testing.assert_allclose(t_interval(runs, alpha), (expected.low, expected.high), rtol=1e-12)


def test_t_interval_by_hand():
    # Mean 2, SD 1, t(2, 0.975) = 4.3026527.
    np.testing.assert_allclose(t_interval([1, 2, 3]), (2 - 4.3026527 / 3**0.5, 2 + 4.3026527 / 3**0.5), rtol=1e-7)


def test_points_are_described_each_as_if_alone():
    found = describe([[1, 2, 3], [5, 5, 5]])
    assert found["mean"].tolist() == [2, 5]
    assert found["sd"].tolist() == [1, 0]
    np.testing.assert_allclose(found["high"] - found["mean"], [4.3026527 / 3**0.5, 0], rtol=1e-7)
    np.testing.assert_allclose(found["mean"] - found["low"], [4.3026527 / 3**0.5, 0], rtol=1e-7)
    single = describe([0.98])
    assert single["mean"] == 0.98
    assert np.isnan([single["sd"], single["low"], single["high"]]).all()


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
def test_prediction_interval_is_the_t_test_of_one_further_run(n):
    runs = runs_of(n)
    for bound in prediction_interval(runs, 0.05):
        # One run against n with the variance of the n alone: the pooled t-test, whose p-value at the bound is 0.05.
        assert stats.ttest_ind(runs, [bound], equal_var=True).pvalue == pytest.approx(0.05, rel=1e-9)


def test_the_published_20_epochs_fall_just_outside():
    # Mean 0.9835, SD 0.0005, n = 10: 0.9835 ± 2.262157 · 0.0005 · √1.1.
    runs = np.array([-1, 1] * 5) * 0.0005 * 0.9**0.5 + 0.9835
    assert standard_deviation(runs) == pytest.approx(0.0005)
    low, high = prediction_interval(runs)
    assert (low, high) == (pytest.approx(0.9835 - 0.00118628, abs=1e-8), pytest.approx(0.9835 + 0.00118628, abs=1e-8))
    assert low > 0.9818


@pytest.mark.parametrize("interval", [t_interval, prediction_interval])
def test_one_run_has_no_bounds_and_warns_of_nothing(interval):
    assert np.isnan(interval([0.98])).all()
    assert np.isnan(interval([[0.98], [0.97]])).all()
    assert np.isnan(standard_deviation([0.98]))


@pytest.mark.parametrize("values", [[0.1] * 3, [0.9801 - 0.98, 0.9802 - 0.9801], [0.0] * 10])
def test_constant_runs_have_no_spread(values):
    assert standard_deviation(values) == 0
    low, high = t_interval(values)
    assert low == high == np.mean(values)


def test_points_are_rows():
    runs = runs_of((4, 10))
    np.testing.assert_array_equal(t_interval(runs), np.transpose([t_interval(row) for row in runs]))
    np.testing.assert_array_equal(prediction_interval(runs), np.transpose([prediction_interval(row) for row in runs]))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10, 15, 20])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_wilson_interval_is_statsmodels_half_counts_included(n, alpha):
    for successes in np.arange(0, n + 0.5, 0.5):
        expected = proportion_confint(successes, n, alpha, method="wilson")
        np.testing.assert_allclose(wilson_interval(successes, n, alpha), expected, atol=1e-12)
        if successes.is_integer():
            scipys = stats.binomtest(int(successes), n).proportion_ci(1 - alpha, method="wilson")
            np.testing.assert_allclose(wilson_interval(successes, n, alpha), (scipys.low, scipys.high), atol=1e-12)


def test_wilson_interval_reaches_the_ends_and_not_beyond():
    trials = np.arange(1, 2_000)
    low, high = wilson_interval(0, trials).low, wilson_interval(trials, trials).high
    assert np.all(low == 0)
    assert np.all(high == 1)


def test_wilson_interval_of_no_trials_is_unknown():
    assert np.isnan(wilson_interval(0, 0)).all()
    assert np.isnan(wilson_interval([0, 1], [0, 2])).tolist() == [[True, False]] * 2


@given(st.integers(1, 50), st.data())
def test_wilson_interval_is_symmetric_and_holds_the_share(n, data):
    successes = data.draw(st.integers(0, 2 * n)) / 2
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    np.testing.assert_allclose(wilson_interval(n - successes, n), (1 - high, 1 - low), atol=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(-1e3, 1e3))
def test_prediction_holds_mean_interval_and_both_move_with_the_runs(values, shift):
    low, high = t_interval(values)
    further_low, further_high = prediction_interval(values)
    assert further_low <= low <= high <= further_high
    np.testing.assert_allclose(t_interval(np.array(values) + shift), (low + shift, high + shift), atol=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: t_interval([]), "at least one run"),
        (lambda: t_interval(0.98), "at least one run"),
        (lambda: t_interval([0.98, np.nan]), "must be finite.*1 that are not"),
        (lambda: prediction_interval([0.98, np.inf]), "must be finite"),
        (lambda: t_interval([1, 2], 0), "`alpha` must be between 0 and 1. Received: alpha=0"),
        (lambda: t_half_width(1, 10, 1), "`alpha` must be between 0 and 1"),
        (lambda: wilson_interval(1, 2, 1.5), "`alpha` must be between 0 and 1"),
        (lambda: wilson_interval(3, 2), "between 0 and `trials`"),
        (lambda: wilson_interval(-0.5, 2), "between 0 and `trials`"),
    ],
)
def test_errors_say_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_intervals_end_where_no_value_can_lie():
    noisy, sound = [0.1, 0.97], [0.97, 0.971, 0.972]
    for interval in (t_interval, prediction_interval):
        assert interval(noisy, possible=(0, 1)) == (0, 1)
        assert interval(sound, possible=(0, 1)) == interval(sound)
        low, high = interval([0.01, 3], possible=(0, np.inf))
        assert (low, high) == (0, interval([0.01, 3]).high)
        assert np.isnan(interval([0.98], possible=(0, 1))).all()
    sound = sound[:2]
    found = describe([noisy, sound], possible=(0, 1))
    assert (found["low"][0], found["high"][0]) == (0, 1)
    assert (found["low"][1], found["high"][1]) == t_interval(sound)


def test_what_is_cut_off_takes_nothing_from_the_coverage():
    """Accuracies of two or three runs, most near 1 and some at chance: each end misses as often as before."""
    generator = np.random.default_rng(0)
    for n in (2, 3):
        runs = np.where(generator.random((20_000, n)) < 0.8, generator.uniform(0.9, 1, (20_000, n)), 0.1)
        truth = 0.8 * 0.95 + 0.2 * 0.1
        whole, cut = t_interval(runs), t_interval(runs, possible=(0, 1))
        assert (whole.low < 0).mean() > 0.1
        np.testing.assert_array_equal(
            (whole.low <= truth) & (truth <= whole.high), (cut.low <= truth) & (truth <= cut.high)
        )
