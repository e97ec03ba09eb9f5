"""Selection bias on cases with a known answer."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.selection import select_best

pytestmark = pytest.mark.filterwarnings("error")


def selected(values, higher_is_better=True, splits=500, seed=0):
    return select_best(values, higher_is_better=higher_is_better, splits=splits, generator=np.random.default_rng(seed))


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
def test_a_clear_winner_is_not_flattered(n):
    values = np.random.default_rng(n).normal(size=(4, n))
    values[2] += 100
    found = selected(values, splits=4_000)
    assert found.best == 2
    assert found.picked == (0, 0, 1, 0)
    assert found.apparent == pytest.approx(values[2].mean())
    assert found.optimism == pytest.approx(0, abs=1e-12 if n % 2 == 0 else 0.05)  # odd: one seed sits out by chance


@pytest.mark.parametrize("n", [2, 4, 6])
def test_many_random_halves_near_all_halves(n):
    values = np.random.default_rng(n).normal(size=(5, n))
    estimates = []
    for half in combinations(range(n), n // 2):
        rest = [seed for seed in range(n) if seed not in half]
        pick = np.argmax(values[:, half].mean(axis=1))
        estimates.append(values[pick, rest].mean())
    assert selected(values, splits=20_000).cross_fitted == pytest.approx(np.mean(estimates), abs=0.02)


def test_one_half_never_sees_the_other():
    # Seed 0 favours point 0, seed 1 point 1: whoever picks on one meets the other's 0.
    found = selected(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert (found.apparent, found.cross_fitted, found.optimism) == (0.5, 0, 0.5)
    assert found.picked == pytest.approx((0.5, 0.5))


def test_loss_picks_the_lowest_and_optimism_stays_positive():
    values = np.random.default_rng(0).normal(size=(30, 10))
    accuracy, loss = selected(values), selected(-values, higher_is_better=False)
    assert accuracy.best == loss.best
    assert accuracy.optimism == pytest.approx(loss.optimism)
    assert accuracy.cross_fitted == pytest.approx(-loss.cross_fitted)
    assert accuracy.optimism > 0.2


def test_one_seed_cannot_be_halved():
    found = selected([[0.97], [0.98]])
    assert (found.best, found.apparent) == (1, 0.98)
    assert np.isnan((found.cross_fitted, found.optimism, *found.picked)).all()


def test_one_point_has_nothing_to_pick():
    found = selected([[0.97, 0.98]])
    assert (found.best, found.picked) == (0, (1.0,))
    assert found.optimism == pytest.approx(0)


def test_same_generator_same_result():
    values = np.random.default_rng(0).normal(size=(5, 9))
    assert selected(values) == selected(values)
    assert selected(values) != selected(values, seed=1)


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(2, 9), st.floats(-100, 100), st.integers(0, 2**32 - 1))
def test_shift_moves_the_estimates_and_not_the_optimism(m, n, shift, seed):
    values = np.random.default_rng(seed).normal(size=(m, n))
    found, moved = selected(values, splits=50), selected(values + shift, splits=50)
    assert moved.cross_fitted == pytest.approx(found.cross_fitted + shift, abs=1e-9)
    assert moved.optimism == pytest.approx(found.optimism, abs=1e-9)
    assert sum(found.picked) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.98, 0.97], r"shape \(m, n\). Received: \(2,\)"),
        ([[]], "at least one run"),
        (np.empty((0, 3)), r"shape \(m, n\). Received: \(0, 3\)"),
        ([[0.98, np.nan]], "must be finite"),
    ],
)
def test_errors_say_what_was_expected(values, message):
    with pytest.raises(ValueError, match=message):
        selected(values)
