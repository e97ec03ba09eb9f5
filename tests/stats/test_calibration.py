"""The statistics are right as often as they claim, by simulation with fixed seeds; `calibration.py` is the long form.

The bounds allow four standard errors of the simulation on top of what is claimed.
"""

import numpy as np
import pytest

from helpers.calibration import (
    TWO_WAY_MODELS,
    false_equivalence_rate,
    false_verdict_rate,
    optimism_of_equals,
    prediction_coverage,
    settled_rate,
    t_coverage,
    two_way_coverage,
)
from stats.paired_verdicts import seeds_needed


def allowed(rate, trials):
    """Return a rate plus four standard errors of its estimate from so many trials."""
    return rate + 4 * (rate * (1 - rate) / trials) ** 0.5


@pytest.fixture
def generator():
    return np.random.default_rng(20)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
@pytest.mark.parametrize("measure", [t_coverage, prediction_coverage])
def test_intervals_cover_95_percent(measure, n, generator):
    assert measure(n, 20_000, generator) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(("n", "m"), [(5, 3), (9, 12), (10, 1), (10, 25), (10, 40), (14, 100)])
@pytest.mark.parametrize("step", [0, 0.125, 1])
def test_families_without_a_difference_seldom_give_a_false_verdict(n, m, step, generator):
    families = 2_000 if n < 14 else 200
    rate = false_verdict_rate(n, m, families, generator, step)
    assert rate <= allowed(0.05, families)
    if m * 2 / 2**n >= 0.05:
        assert rate == 0  # too few seeds for the family


def test_random_sign_flips_keep_the_error_rate_too(generator):
    assert false_verdict_rate(20, 10, 400, generator) <= allowed(0.05, 400)


def test_the_bounds_are_tight_enough_to_notice(generator):
    # Exact tests of single comparisons use up nearly all of the 5 %: 48 or 50 of 1024 patterns.
    assert false_verdict_rate(10, 1, 20_000, generator) == pytest.approx(0.049, abs=0.006)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 20])
@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_a_difference_of_one_margin_is_seldom_called_equivalent(n, margin, generator):
    repeats = 20_000 if n <= 14 else 300
    assert false_equivalence_rate(n, margin, repeats, generator) <= allowed(0.05, repeats)


def test_seeds_to_settle_do_settle(generator):
    enough = seeds_needed(1.0, 0.58 / 2)
    for true in (0.0, 0.29, 0.58, 1.16):
        assert settled_rate(enough, 0.58, true, 300, generator) > 0.8
    assert settled_rate(seeds_needed(1.0, 0.58), 0.58, 0.0, 2_000, generator) < 0.3


@pytest.mark.parametrize(
    ("name", "expected", "ratio"),
    [("seeds dominate", 0.90, 0.95), ("balanced", 0.955, 1.05), ("interaction dominates", 0.998, 1.67)],
)
def test_two_way_coverage_is_what_the_documentation_says(name, expected, ratio, generator):
    coverage, se_ratio = two_way_coverage(10, TWO_WAY_MODELS[name], 200, generator, n_images=200)
    assert coverage == pytest.approx(expected, abs=0.07)
    assert se_ratio == pytest.approx(ratio, abs=0.08)


def test_cross_fitting_takes_the_flattery_away(generator):
    apparent, cross_fitted = optimism_of_equals(10, 25, 300, generator)
    assert apparent == pytest.approx(1.965 / 10**0.5, abs=0.05)  # the expected largest of 25 normal means
    assert cross_fitted == pytest.approx(0, abs=0.05)
