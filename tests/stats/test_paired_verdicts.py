"""Paired comparisons against scipy, statsmodels and cases worked by hand."""

import dataclasses
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.multitest import multipletests

from stats import paired_verdicts
from stats.intervals import Interval, t_half_width, t_interval, wilson_interval
from stats.paired_verdicts import (
    can_reject,
    compare_family,
    detectable_difference,
    fewest_seeds,
    holm,
    seeds_needed,
    sign_flip_p_values,
    smallest_adjusted_p_value,
    smallest_p_value,
    verdicts,
)

pytestmark = pytest.mark.filterwarnings("error")

NS = [1, 2, 3, 5, 9, 10, 15, 20]
ACCURACY = {"margin": 0.001, "higher_is_better": True}


def normal(shape, seed=0, mean=0.0, sd=1.0):
    return np.random.default_rng(seed).normal(mean, sd, shape)


def p_values(differences, flips=9_999, seed=0):
    return sign_flip_p_values(differences, flips=flips, generator=np.random.default_rng(seed))


def exact_p_value(integers):
    """Two-sided sign-flip p-value of whole numbers, by counting how many sign patterns give each sum."""
    counts = {0: 1}
    for value in map(int, integers):
        following = {}
        for total, count in counts.items():
            for new in (total + value, total - value):
                following[new] = following.get(new, 0) + count
        counts = following
    observed = abs(int(np.sum(integers)))
    return sum(count for total, count in counts.items() if abs(total) >= observed) / 2 ** len(integers)


def compared(differences, **options):
    """The comparison of one point whose differences to a baseline of zeros are given."""
    [comparison] = compare_family(np.zeros(len(differences)), [differences], **{**ACCURACY, **options})
    return comparison


# Sign flips


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 14])
def test_exact_p_values_are_scipys(n):
    differences = normal((6, n), mean=0.5)
    expected = [
        stats.permutation_test(
            (row,), lambda x, axis: x.mean(axis), vectorized=True, permutation_type="samples", n_resamples=np.inf
        ).pvalue
        for row in differences
    ]
    np.testing.assert_allclose(p_values(differences), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 14])
def test_ties_of_whole_numbers_are_scipys(n):
    differences = np.random.default_rng(n).integers(-3, 4, (8, n)).astype(float)
    expected = [
        stats.permutation_test(
            (row,), lambda x, axis: x.sum(axis), vectorized=True, permutation_type="samples", n_resamples=np.inf
        ).pvalue
        for row in differences
    ]
    np.testing.assert_allclose(p_values(differences), expected, rtol=1e-12)


@pytest.mark.parametrize("images", [10_000, 256, 60_000])
def test_ties_of_accuracies_survive_the_rounding_of_floats(images):
    generator = np.random.default_rng(0)
    baseline, point = (generator.integers(images - images // 20, images, (200, 10)) for _ in range(2))
    expected = [exact_p_value(row) for row in point - baseline]
    np.testing.assert_allclose(p_values(point / images - baseline / images), expected, rtol=1e-12)
    assert any(2**10 * p % 4 == 0 for p in expected)  # there were ties at all


def test_p_values_by_hand():
    # Sums of (±1, ±2, ±3): 6 4 2 0 and their opposites, 0 twice; at least 4 from 0: 6, 4, -4, -6, and 4 is observed.
    assert p_values([[-1, 2, 3]]) == [4 / 8]
    assert p_values([[1, 2, 3]]) == [2 / 8]
    assert p_values([[0, 0, 0]]) == [1]
    assert p_values([[1, -1]]) == [1]
    assert p_values([[5]]) == [1]


@pytest.mark.parametrize("n", [15, 20])
def test_monte_carlo_agrees_with_the_exact_test(n):
    differences = np.random.default_rng(1).integers(-20, 30, (10, n))
    flips = 65_535
    expected = np.array([exact_p_value(row) for row in differences])
    found = p_values(differences, flips)
    assert np.all(np.abs(found - expected) < 5 * np.sqrt(expected / flips) + 2 / flips)
    np.testing.assert_array_equal(found, p_values(differences, flips))
    assert np.all(found != p_values(differences, flips, seed=1))


def test_monte_carlo_counts_the_observed_pattern_and_never_beats_the_exact_test():
    assert p_values(np.ones((1, 15)), flips=9)[0] == pytest.approx(1 / 10)
    assert p_values(normal((1, 20), mean=50), flips=99)[0] == 1 / 100
    assert {p_values(np.ones((1, 15)), flips=65_535, seed=seed)[0] >= smallest_p_value(15) for seed in range(9)} == {
        True
    }


def test_a_large_family_draws_enough_flips_to_reject(monkeypatch):
    drawn = []
    original = paired_verdicts.sign_flip_p_values
    monkeypatch.setattr(
        paired_verdicts,
        "sign_flip_p_values",
        lambda differences, *, flips, generator: (
            drawn.append(flips) or original(differences, flips=9, generator=generator)
        ),
    )
    for m in (1, 3_000):
        compare_family(np.zeros(15), normal((m, 15)), alpha=0.05, **ACCURACY)
    assert drawn == [2**16 - 1, 2 * 3_000 / 0.05]


@settings(deadline=None)
@given(hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.integers(-50, 50).map(float)))
def test_p_values_ignore_sign_scale_and_order(differences):
    found = p_values(differences)
    assert np.all((found >= smallest_p_value(differences.shape[1])) & (found <= 1))
    np.testing.assert_array_equal(found, p_values(-differences))
    np.testing.assert_array_equal(found, p_values(differences * 1e-4))
    np.testing.assert_array_equal(found, p_values(differences[:, ::-1]))


# Holm


@settings(deadline=None, max_examples=25)  # statsmodels takes 0.1 s each time
@given(
    hnp.arrays(
        float, st.integers(1, 30), elements=st.floats(0, 1, allow_subnormal=False) | st.sampled_from([0.01, 0.5])
    )
)
def test_holm_is_statsmodels_and_monotone(p):
    adjusted = holm(p)
    np.testing.assert_allclose(adjusted, multipletests(p, method="holm")[1], rtol=1e-12)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= 1)
    assert np.all(np.diff(adjusted[np.argsort(p)]) >= 0)
    np.testing.assert_array_equal(holm(p[::-1]), adjusted[::-1])


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([[0.01, 0.04], [0.9, 0.5]]), [[0.02, 0.04], [1, 1]])


def test_a_comparison_without_test_still_counts_in_holms_family():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.02]), [0.03, np.nan, 0.04])


# Verdicts


def verdict(p, interval, equivalence, higher_is_better=True):
    return verdicts(
        p, Interval(*interval), Interval(*equivalence), alpha=0.05, margin=1.0, higher_is_better=higher_is_better
    )


@pytest.mark.parametrize(
    ("p", "interval", "equivalence", "expected"),
    [
        (0.01, (0.2, 0.9), (0.3, 0.8), "negligible"),
        (0.01, (-0.9, -0.2), (-0.8, -0.3), "negligible"),
        (0.01, (0.2, 1.1), (0.3, 0.95), "negligible"),  # the equivalence interval decides
        (0.01, (0.2, 3), (0.4, 2), "better"),
        (0.01, (-3, -0.2), (-2, -0.4), "worse"),
        (0.01, (-0.1, 3), (0.1, 2), "inconclusive"),  # the interval holds 0
        (0.01, (-0.1, 0.9), (0.1, 0.8), "equivalent"),
        (0.06, (0.2, 3), (0.4, 2), "inconclusive"),
        (0.05, (0.2, 3), (0.4, 2), "inconclusive"),  # below alpha, not at it
        (0.06, (0.2, 0.9), (0.3, 0.8), "equivalent"),
        (0.9, (-2, 2), (-1.5, 1.5), "inconclusive"),
        (0.9, (-0.9, 0.9), (-1.5, 0.5), "inconclusive"),
        (0.9, (-0.9, 0.9), (-0.5, 1.0), "inconclusive"),  # touches the margin
        (np.nan, (np.nan, np.nan), (np.nan, np.nan), "inconclusive"),
    ],
)
def test_verdict_in_order(p, interval, equivalence, expected):
    assert verdict(p, interval, equivalence) == expected
    mirrored = {"better": "worse", "worse": "better"}.get(expected, expected)
    assert verdict(p, interval, equivalence, higher_is_better=False) == mirrored


def test_a_difference_of_one_margin_is_not_inside_because_floats_fall_short():
    assert 0.938 - 0.937 < 0.001 < 0.981 - 0.98
    for baseline, point in ((0.937, 0.938), (0.98, 0.981)):
        [comparison] = compare_family([baseline] * 10, [[point] * 10], **ACCURACY)
        assert comparison.verdict == "better"
        [comparison] = compare_family([point] * 5, [[baseline] * 5], **ACCURACY)
        assert comparison.verdict == "inconclusive"


# Families


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
def test_every_number_of_a_comparison(n):
    baseline, others = normal(n, 1, 0.98, 0.001), normal((3, n), 2, 0.981, 0.001)
    found = compare_family(baseline, others, alpha=0.1, **ACCURACY)
    differences = others - baseline
    p = p_values(differences, flips=65_535)
    for row, comparison, p_value, p_holm in zip(differences, found, p, holm(p), strict=True):
        assert (comparison.n, comparison.family_size) == (n, 3)
        assert (comparison.mean, comparison.sd) == pytest.approx((row.mean(), row.std(ddof=1)))
        assert (comparison.low, comparison.high) == pytest.approx(t_interval(row, 0.1))
        assert (comparison.equivalence_low, comparison.equivalence_high) == pytest.approx(t_interval(row, 0.2))
        assert (comparison.p_value, comparison.p_holm) == (p_value, p_holm)
        assert comparison.p_better == np.mean(row > 0)
        wilson = wilson_interval(np.sum(row > 0), n, 0.1)
        assert (comparison.p_better_low, comparison.p_better_high) == pytest.approx(wilson)
        assert comparison.detectable == detectable_difference(comparison.sd, n, 0.1, 3)
        assert comparison.seeds_at_least == seeds_needed(comparison.sd, 0.001, 0.1, 3)
        assert comparison.seeds_to_settle == seeds_needed(comparison.sd, 0.0005, 0.1, 3)


def test_verdicts_of_clear_cases():
    wiggle = np.tile([-1e-4, 1e-4], 5)
    shifts = np.array([0.01, -0.01, 0.0005, 0.0, 0.00095])
    # Alternating ±1e-4 has SD 1.054e-4; half the equivalence interval is 1.83 · 1.054e-4/√10 = 0.61e-4.
    found = compare_family(np.full(10, 0.98), 0.98 + shifts[:, None] + wiggle, **ACCURACY)
    assert [comparison.verdict for comparison in found] == ["better", "worse", "negligible", "equivalent", "better"]
    found = compare_family(np.full(10, 0.98), 0.98 + shifts[:, None] + wiggle, margin=0.001, higher_is_better=False)
    assert [comparison.verdict for comparison in found] == ["worse", "better", "negligible", "equivalent", "worse"]
    assert [comparison.p_better for comparison in found] == [0, 1, 0, 0.5, 0]
    assert {comparison.reason for comparison in found} == {""}


def test_ties_count_half():
    assert compared([1, 0, 0, -1, 1]).p_better == (2 + 1) / 5
    assert compared([1, 0, 0, -1, 1], higher_is_better=False).p_better == (1 + 1) / 5
    assert (compared([0, 0]).p_better, compared([0, 0]).p_value) == (0.5, 1)


def test_one_seed_is_descriptive_and_says_why():
    comparison = compared([0.01])
    assert comparison.verdict == "descriptive"
    assert comparison.reason == "1 pair of runs: without a spread nothing can be inferred"
    assert comparison.mean == 0.01
    assert comparison.p_better == 1
    assert comparison.seeds_at_least is comparison.seeds_to_settle is None
    unknown = ("sd", "low", "high", "equivalence_low", "equivalence_high", "p_value", "p_holm")
    assert all(math.isnan(getattr(comparison, name)) for name in (*unknown, "detectable"))


def test_too_few_seeds_say_why():
    comparison = compared(np.array([1.0, 1.1, 1.2, 1.3, 1.4]))
    assert comparison.verdict == "inconclusive"
    assert (
        comparison.reason
        == "5 seeds: even the smallest possible p-value, 0.062, cannot reject at 0.05 in a family of 1"
    )
    assert comparison.detectable == math.inf


def test_left_out_pairs_leave_a_smaller_comparison():
    baseline, others = normal(10, 1), normal((4, 10), 2, mean=1)
    left_out = np.zeros((4, 10), dtype=bool)
    left_out[1, [0, 3]] = True
    left_out[2] = True
    left_out[3, 1:] = True
    others[left_out] = np.nan
    found = compare_family(baseline, others, left_out=left_out, margin=0.1, higher_is_better=True)
    assert [comparison.n for comparison in found] == [10, 8, 0, 1]
    assert [comparison.verdict for comparison in found[2:]] == ["descriptive"] * 2
    assert found[2].reason == "0 pairs of runs: without a spread nothing can be inferred"
    kept = [1, 2, 4, 5, 6, 7, 8, 9]
    [alone] = compare_family(baseline[kept], others[1:2, kept], margin=0.1, higher_is_better=True)
    assert (found[1].mean, found[1].low) == (alone.mean, alone.low)
    assert found[1].p_value == alone.p_value
    smaller, larger = sorted((found[0].p_value, found[1].p_value))
    assert min(found[0].p_holm, found[1].p_holm) == pytest.approx(min(1, 4 * smaller))  # all four are the family
    assert larger >= smaller


def test_a_rival_of_its_own_for_each_point():
    rivals, others = normal((3, 10), 1), normal((3, 10), 2)
    together = compare_family(rivals, others, margin=0.1, higher_is_better=True)
    for rival, other, comparison in zip(rivals, others, together, strict=True):
        [alone] = compare_family(rival, [other], margin=0.1, higher_is_better=True)
        assert (comparison.mean, comparison.p_value) == (alone.mean, alone.p_value)


def test_an_empty_family_has_no_comparisons():
    assert compare_family(np.zeros(10), np.empty((0, 10)), **ACCURACY) == []


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(NS).flatmap(
        lambda n: hnp.arrays(float, (4, n), elements=st.integers(9_700, 9_900).map(lambda hits: hits / 10_000))
    )
)
def test_better_for_accuracy_is_worse_for_its_complement(values):
    accuracy = compare_family(values[0], values[1:], **ACCURACY)
    error = compare_family(1 - values[0], 1 - values[1:], margin=0.001, higher_is_better=False)
    swapped = compare_family(values[1:], np.tile(values[0], (3, 1)), **ACCURACY)
    opposite = {"better": "worse", "worse": "better"}
    for comparison, mirrored, reverse in zip(accuracy, error, swapped, strict=True):
        assert comparison.verdict == mirrored.verdict == opposite.get(reverse.verdict, reverse.verdict)
        assert comparison.p_value == pytest.approx(mirrored.p_value, nan_ok=True)
        assert comparison.p_value == pytest.approx(reverse.p_value, nan_ok=True)
        assert comparison.mean == pytest.approx(-mirrored.mean) == pytest.approx(-reverse.mean)
        assert comparison.p_better == pytest.approx(1 - reverse.p_better)
        assert comparison.sd == pytest.approx(mirrored.sd, rel=1e-6, nan_ok=True)


def test_the_same_input_gives_the_same_result():
    baseline, others = normal(20, 1), normal((3, 20), 2)
    first, second = (compare_family(baseline, others, margin=0.1, higher_is_better=True) for _ in range(2))
    assert first == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first[0].mean = 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.5}, "`alpha` must be between 0 and 0.5. Received: alpha=0.5"),
        ({"alpha": 0}, "`alpha` must be between 0 and 0.5"),
        ({"margin": 0}, "`margin` must be a positive number. Received: margin=0"),
        ({"margin": math.nan}, "`margin` must be a positive number"),
        ({"others": [0.98, 0.97]}, r"shape \(m, n\)"),
        ({"baseline": [0.98]}, r"Received: \(1, 2\) and \(1,\)"),
        ({"others": [[0.98, math.nan]]}, "must be finite.*1 pairs"),
        ({"baseline": [0.98, math.inf]}, "must be finite"),
        ({"left_out": [True, False]}, "`left_out` must have the shape"),
    ],
)
def test_errors_say_what_was_expected(arguments, message):
    valid = {"baseline": [0.98, 0.97], "others": [[0.98, 0.97]], "margin": 0.001, "higher_is_better": True}
    with pytest.raises(ValueError, match=message):
        compare_family(**{**valid, **arguments})


# Design


LARGEST_FAMILIES = [(10, 25), (9, 12), (5, 0), (6, 1), (1, 0), (20, 26_214)]  # by hand: m < 0.05 * 2^n / 2


@pytest.mark.parametrize(("n", "family"), LARGEST_FAMILIES)
def test_largest_family_in_which_seeds_can_reject(n, family):
    assert can_reject(n, family) or family == 0
    assert not can_reject(n, family + 1)
    assert fewest_seeds(family + 1) > n
    assert family == 0 or fewest_seeds(family) <= n


@pytest.mark.parametrize("n", [5, 10, 14, 15, 20])
@pytest.mark.parametrize("m", [1, 8])
def test_smallest_adjusted_p_value_is_that_of_the_most_one_sided_outcome(n, m):
    """All seeds alike, as one of a family whose other members show nothing."""
    others = np.vstack([np.linspace(1, 1.1, n), np.tile(np.resize([1.0, -1.0], n), (m - 1, 1))])
    [found, *_] = compare_family(np.zeros(n), others, alpha=0.05, margin=0.1, higher_is_better=True)
    least = smallest_adjusted_p_value(n, m)
    assert least <= found.p_holm <= (1 if n < 15 else 8) * least + 1e-12
    assert n > 14 or found.p_holm == pytest.approx(least)


def test_a_smallest_p_value_at_alpha_is_not_below_it():
    assert smallest_p_value(5) == 2 / 2**5
    assert not can_reject(5, 1, alpha=0.0625)
    assert fewest_seeds(1, alpha=0.0625) == 6


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10])
def test_what_can_reject_does_reject(n):
    extreme = np.linspace(1, 1.1, n) * 100
    largest = math.ceil(0.2 * 2 ** (n - 1)) - 1
    for m in {1, 2, max(1, largest), largest + 1}:
        others = np.vstack([extreme, np.tile(np.resize([1.0, -1.0], n), (m - 1, 1))])
        [found, *_] = compare_family(np.zeros(n), others, alpha=0.2, margin=0.1, higher_is_better=True)
        assert (found.verdict == "better") == can_reject(n, m, 0.2) == (m <= largest)


def test_detectable_difference_is_a_t_interval_at_holms_first_level():
    differences = normal(10, mean=1)
    half_width = np.ptp(t_interval(differences, 0.05 / 7)) / 2
    assert detectable_difference(differences.std(ddof=1), 10, 0.05, 7) == pytest.approx(half_width)
    assert detectable_difference(0.0, 10) == 0
    assert detectable_difference(1.0, 5) == math.inf
    assert math.isnan(detectable_difference(math.nan, 10))


@given(st.floats(0.1, 100), st.floats(0.01, 0.2), st.integers(1, 1000))
@settings(deadline=None)
def test_seeds_needed_is_the_smallest_number(ratio, alpha, m):
    n = seeds_needed(ratio, 1.0, alpha, m)

    def suffices(n):
        return stats.t.ppf(1 - alpha, n - 1) * ratio / n**0.5 < 1 and m * 2 / 2**n < alpha

    if n is None:
        assert not suffices(10_000)
    else:
        assert suffices(n)
        assert n == 2 or not suffices(n - 1)


def test_seeds_needed_by_hand():
    # t(9, 0.95)/√10 = 0.5797, t(10, 0.95)/√11 = 0.5465
    assert seeds_needed(1.0, 0.58) == 10
    assert seeds_needed(1.0, 0.5796) == 11
    assert seeds_needed(1.0, float(t_half_width(1.0, 10, 0.1))) == 11  # below the margin, not at it
    assert seeds_needed(0.0, 0.1) == 6  # the test's own limit: 2/2^5 > 0.05 > 2/2^6
    assert seeds_needed(0.0, 0.1, m=25) == 10
    assert seeds_needed(1.0, 1e-6) is None
    assert seeds_needed(math.nan, 1.0) is None


def test_counting_seeds_does_not_wait_for_scipys_statistics():
    code = "import sys; from stats.paired_verdicts import fewest_seeds; fewest_seeds(10)"
    code += "; assert 'scipy.stats' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(paired_verdicts.__file__).parents[1])


def test_intervals_of_differences_end_at_the_furthest_there_can_be():
    options = {"alpha": 0.05, "margin": 0.001, "higher_is_better": True}
    values = np.array([[0.1, 0.97, 0.4], [0.971, 0.98, 0.972]])
    whole = compare_family([0.98, 0.2, 0.97], values, **options)
    cut = compare_family([0.98, 0.2, 0.97], values, furthest=1, **options)
    assert (whole[0].low < -1, whole[0].high > 1) == (True, True)
    assert (cut[0].low, cut[0].high, cut[0].equivalence_low, cut[0].equivalence_high) == (-1, 1, -1, 1)
    assert [found.verdict for found in cut] == [found.verdict for found in whole]
    assert (cut[1].mean, cut[1].sd, cut[1].p_value) == (whole[1].mean, whole[1].sd, whole[1].p_value)


def test_a_difference_larger_than_any_is_not_called_detectable():
    values = np.resize([1.0, 0.0], (3, 7))
    options = {"alpha": 0.05, "margin": 0.001, "higher_is_better": True}
    assert all(1 < found.detectable < np.inf for found in compare_family(1 - values, values, **options))
    assert all(found.detectable == np.inf for found in compare_family(1 - values, values, furthest=1, **options))
