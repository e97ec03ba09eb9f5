"""The bootstrap over seeds and images against plain resampling and analytic standard errors."""

from dataclasses import astuple

import numpy as np
import pytest

from stats.two_way_bootstrap import ResamplingWeights, resampling_weights, two_way_bootstrap

pytestmark = pytest.mark.filterwarnings("error")


def weights_of(n_seeds, n_images, resamples=2_000, seed=0):
    return resampling_weights(n_seeds, n_images, resamples=resamples, generator=np.random.default_rng(seed))


def bootstrapped(point, baseline, weights, **options):
    (found,) = two_way_bootstrap([point], baseline, weights, **options)
    return found


def outcomes(n_seeds, n_images, seed=0, share=0.9):
    return (np.random.default_rng(seed).random((n_seeds, n_images)) < share).astype(float)


def test_weights_resample_with_replacement():
    weights = weights_of(5, 300)
    assert weights.seeds.shape == (2_000, 5)
    assert weights.images.shape == (2_000, 300)
    assert np.all(weights.seeds.sum(axis=1) == 5)
    assert np.all(weights.images.sum(axis=1, dtype=int) == 300)
    for counts, size in ((weights.seeds, 5), (weights.images, 300)):  # each count is binomial(size, 1/size)
        assert counts.mean() == pytest.approx(1)
        assert counts.var() == pytest.approx(1 - 1 / size, rel=0.03)
        assert np.abs(counts.mean(axis=0) - 1).max() < 5 / 2_000**0.5


def test_same_generator_same_weights():
    np.testing.assert_array_equal(weights_of(3, 50).images, weights_of(3, 50).images)
    assert np.any(weights_of(3, 50).images != weights_of(3, 50, seed=1).images)


def test_means_are_those_of_plain_resampling():
    point, baseline = outcomes(3, 40, 1), outcomes(3, 40, 2)
    weights = weights_of(3, 40, resamples=600)
    means = []
    for seeds, images in zip(weights.seeds, weights.images, strict=True):
        rows, columns = (np.repeat(np.arange(len(counts)), counts.astype(int)) for counts in (seeds, images))
        means.append((point - baseline)[np.ix_(rows, columns)].mean())
    found = bootstrapped(point, baseline, weights, alpha=0.1)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, (0.05, 0.95)))
    assert found.se == pytest.approx(np.std(means, ddof=1))
    assert found.mean == pytest.approx((point - baseline).mean())


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 15, 20])
def test_effects_of_seeds_alone_and_of_images_alone_keep_apart(n):
    seed_effect, image_effect = np.linspace(-1, 1, n), np.random.default_rng(0).normal(size=400)
    weights, zeros = weights_of(n, 400, resamples=4_000), np.zeros((n, 400))
    by_seeds = bootstrapped(zeros + seed_effect[:, None], zeros, weights)
    assert by_seeds.images_se == pytest.approx(0, abs=1e-15)
    assert by_seeds.seeds_se == pytest.approx(seed_effect.std(ddof=1) / n**0.5)
    assert by_seeds.se == pytest.approx(seed_effect.std() / n**0.5, rel=0.05)  # the plain bootstrap of seeds
    by_images = bootstrapped(zeros + image_effect, zeros, weights)
    assert by_images.seeds_se == pytest.approx(0, abs=1e-15)
    assert by_images.images_se == pytest.approx(image_effect.std(ddof=1) / 20)
    assert by_images.se == pytest.approx(image_effect.std(ddof=1) / 20, rel=0.05)


def test_10000_images_at_98_percent_have_a_binomial_error_of_014_points():
    point = np.tile(outcomes(1, 10_000, share=0.98), (10, 1))
    found = bootstrapped(point, np.zeros_like(point), weights_of(10, 10_000, resamples=1_000))
    assert found.images_se == pytest.approx(0.0014, abs=1e-4)
    assert found.se == pytest.approx(0.0014, abs=1.5e-4)
    assert found.seeds_se == pytest.approx(0, abs=1e-15)


def test_pairing_cancels_what_point_and_baseline_share():
    hard = outcomes(10, 500)
    found = bootstrapped(hard, hard, weights_of(10, 500))
    assert (found.mean, found.se, found.low, found.high, found.seeds_se, found.images_se) == (0,) * 6


def test_swapping_point_and_baseline_mirrors():
    point, baseline, weights = outcomes(5, 100, 1), outcomes(5, 100, 2), weights_of(5, 100)
    forth, back = bootstrapped(point, baseline, weights), bootstrapped(baseline, point, weights)
    assert (forth.mean, forth.low, forth.high) == pytest.approx((-back.mean, -back.high, -back.low))


def test_several_points_are_each_as_if_alone():
    weights, baseline = weights_of(3, 200), outcomes(3, 200)
    points = [outcomes(3, 200, 1), baseline, outcomes(3, 200, 2) * 0.1, outcomes(3, 200, 3, share=0.1)]
    together = two_way_bootstrap(points, baseline, weights)
    for point, found in zip(points, together, strict=True):
        assert astuple(found) == pytest.approx(astuple(bootstrapped(point, baseline, weights)), abs=1e-12)
    assert len(set(map(astuple, together))) == len(points)


def test_one_seed_knows_nothing_of_seeds():
    found = bootstrapped(outcomes(1, 100, 1), outcomes(1, 100, 2), weights_of(1, 100))
    assert np.isnan((found.seeds_se, found.se, found.low, found.high)).all()
    assert found.images_se > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weights_of(0, 10), "must be positive. Received: 0, 10 and 2000"),
        (lambda: weights_of(2, 10, resamples=0), "must be positive"),
        (lambda: bootstrapped(np.ones((2, 3)), np.ones((2, 3)), weights_of(3, 3)), r"\(3, 3\).*\(1, 2, 3\)"),
        (lambda: two_way_bootstrap(np.ones((2, 3)), np.ones((2, 3)), weights_of(2, 3)), "that of several such"),
        (lambda: bootstrapped(np.ones((2, 3)), np.ones(3), weights_of(2, 3)), "shape of the weights"),
        (lambda: bootstrapped([[1, np.nan]] * 2, np.ones((2, 2)), weights_of(2, 2)), "must be finite"),
    ],
)
def test_errors_say_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_weights_can_be_given():
    weights = ResamplingWeights(np.array([[2, 0], [1, 1]], np.uint8), np.array([[1, 1], [0, 2]], np.uint8))
    found = bootstrapped([[1.0, 0.0], [0.0, 1.0]], np.zeros((2, 2)), weights, alpha=0.5)
    # First resample: seed 0 twice, both images: 1/2. Second: both seeds, image 1 twice: 1/2.
    assert (found.low, found.high, found.se) == (0.5, 0.5, 0)
