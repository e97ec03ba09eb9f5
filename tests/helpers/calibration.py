"""How often the statistics are right, by simulation: prints a Markdown table.

Usage: PYTHONPATH=scripts python tests/calibration.py [--repeats 10000] [--seed 0]
"""

import argparse

import numpy as np

from stats.intervals import Interval, prediction_interval, standard_deviation, t_half_width, t_interval, wilson_interval
from stats.paired_verdicts import holm, seeds_needed, sign_flip_p_values, verdicts
from stats.selection import select_best
from stats.two_way_bootstrap import resampling_weights, two_way_bootstrap

ALPHA = 0.05
# Standard deviations of seed, image and interaction effects of a difference, and what they mimic.
TWO_WAY_MODELS = {
    "seeds dominate": (1.0, 1.0, 0.0),
    "balanced": (1.0, 10.0, 10.0),
    "images dominate": (0.1, 10.0, 1.0),
    "interaction dominates": (0.0, 0.0, 10.0),
}


def coverage(interval: Interval, truth: float | np.ndarray) -> float:
    """Return the share of intervals that hold the truth."""
    return float(np.mean((interval.low <= truth) & (truth <= interval.high)))


def t_coverage(n: int, repeats: int, generator: np.random.Generator) -> float:
    """Return the coverage of the t interval of the mean of n normal runs."""
    return coverage(t_interval(generator.normal(size=(repeats, n)), ALPHA), 0.0)


def prediction_coverage(n: int, repeats: int, generator: np.random.Generator) -> float:
    """Return how often one further normal run falls into the prediction interval of n."""
    runs = generator.normal(size=(repeats, n + 1))
    return coverage(prediction_interval(runs[:, :n], ALPHA), runs[:, n])


def verdicts_of(differences: np.ndarray, margin: float, generator: np.random.Generator) -> np.ndarray:
    """Return the verdicts of many families, differences of shape (families, m, n), as `compare_family` finds them."""
    n = differences.shape[-1]
    flat = differences.reshape(-1, n)
    p_holm = holm(sign_flip_p_values(flat, flips=9_999, generator=generator).reshape(differences.shape[:-1]))
    mean, sd = differences.mean(axis=-1), standard_deviation(differences)
    half, equivalence_half = t_half_width(sd, n, ALPHA), t_half_width(sd, n, 2 * ALPHA)
    return verdicts(
        p_holm,
        Interval(mean - half, mean + half),
        Interval(mean - equivalence_half, mean + equivalence_half),
        alpha=ALPHA,
        margin=margin,
        higher_is_better=True,
    )


def null_families(n: int, m: int, families: int, generator: np.random.Generator, step: float = 0.0) -> np.ndarray:
    """Return differences of points that equal their baseline, which they share: SD 1, rounded to multiples of `step`.

    Args:
        n: number of seeds.
        m: number of points.
        families: number of families.
        generator: source of the runs.
        step: the metric's granularity in standard deviations of a run; 0 for none.
    """
    runs = generator.normal(size=(families, m + 1, n))
    if step:
        runs = np.round(runs / step) * step
    return runs[:, 1:] - runs[:, :1]


def false_verdict_rate(n: int, m: int, families: int, generator: np.random.Generator, step: float = 0.0) -> float:
    """Return the share of families without any true difference that hold a "better" or "worse"."""
    found = verdicts_of(null_families(n, m, families, generator, step), 1e-9, generator)
    return float(np.mean(np.isin(found, ("better", "worse")).any(axis=1)))


def false_equivalence_rate(n: int, margin: float, repeats: int, generator: np.random.Generator) -> float:
    """Return how often a true difference of one margin (in SDs) is called "equivalent" or "negligible"."""
    found = verdicts_of(generator.normal(margin, 1.0, (repeats, 1, n)), margin, generator)
    return float(np.mean(np.isin(found, ("equivalent", "negligible"))))


def settled_rate(n: int, margin: float, true: float, repeats: int, generator: np.random.Generator) -> float:
    """Return how often n seeds settle a true difference (all in SDs): any verdict but "inconclusive"."""
    found = verdicts_of(generator.normal(true, 1.0, (repeats, 1, n)), margin, generator)
    return float(np.mean(found != "inconclusive"))


def two_way_coverage(
    n_seeds: int, model: tuple[float, float, float], repeats: int, generator: np.random.Generator, n_images: int = 300
) -> tuple[float, float]:
    """Return the coverage of the two-way interval of a normal difference, and the SE it takes over the true one."""
    seed_sd, image_sd, interaction_sd = model
    true_se = np.sqrt(seed_sd**2 / n_seeds + image_sd**2 / n_images + interaction_sd**2 / (n_seeds * n_images))
    shape = (n_seeds, n_images)
    results = []
    for repeat in range(repeats):
        if repeat % 20 == 0:
            weights = resampling_weights(*shape, resamples=1_000, generator=generator)
        difference = (
            generator.normal(0, seed_sd, (n_seeds, 1))
            + generator.normal(0, image_sd, (1, n_images))
            + generator.normal(0, interaction_sd, shape)
        )
        results += two_way_bootstrap([difference], np.zeros(shape), weights, alpha=ALPHA)
    low, high, se = np.array([(result.low, result.high, result.se) for result in results]).T
    return coverage(Interval(low, high), 0.0), float(np.sqrt(np.mean(se**2)) / true_se)


def optimism_of_equals(n: int, m: int, repeats: int, generator: np.random.Generator) -> tuple[float, float]:
    """Return the mean apparent and cross-fitted value of the best of m equal points of true value 0 and SD 1."""
    found = [
        select_best(generator.normal(size=(m, n)), higher_is_better=True, splits=100, generator=generator)
        for _ in range(repeats)
    ]
    return float(np.mean([one.apparent for one in found])), float(np.mean([one.cross_fitted for one in found]))


def share(rate: float, trials: int) -> str:
    """Return a rate with its own uncertainty, as text."""
    low, high = wilson_interval(rate * trials, trials)
    return f"{100 * rate:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _skewed_row(repeats: int, generator: np.random.Generator) -> tuple[str, str, str, str]:
    """Return the row that breaks an assumption: differences of mean 0, but far from symmetric."""
    differences = generator.exponential(size=(repeats, 1, 10)) - 1
    rate = np.mean(np.isin(verdicts_of(differences, 1e-9, generator), ("better", "worse")))
    return "family with a false better or worse", "n = 10, m = 1, exponential", "", share(rate, repeats)


def table_rows(repeats: int, generator: np.random.Generator) -> list[tuple[str, str, str, str]]:
    """Return rows of (quantity, design, what it should be, measured)."""
    few = max(200, repeats // 10)
    rows = []
    for n in (5, 10, 20):
        rows.append(("t interval covers", f"n = {n}", "95 %", share(t_coverage(n, repeats, generator), repeats)))
        rate = prediction_coverage(n, repeats, generator)
        rows.append(("prediction interval covers", f"n = {n}", "95 %", share(rate, repeats)))
    for n, m, step in ((9, 12, 0), (10, 1, 0), (10, 25, 0), (10, 25, 0.125), (10, 25, 1), (20, 25, 0)):
        families = repeats if n <= 14 else few
        design = f"n = {n}, m = {m}" + (f", granular in {step} SD" if step else "")
        rate = false_verdict_rate(n, m, families, generator, step)
        rows.append(("family with a false better or worse", design, "≤ 5 %", share(rate, families)))
    for n in (5, 10, 20):
        for margin in (1.0, 2.0):
            rate = false_equivalence_rate(n, margin, few, generator)
            rows.append(("δ called equivalent", f"n = {n}, δ = {margin} SD", "≤ 5 %", share(rate, few)))
    rows.append(_skewed_row(repeats, generator))
    margin = 0.58  # in SDs; ten seeds just reach it
    for name, half_width in (("seeds_at_least", margin), ("seeds_to_settle", margin / 2)):
        n = seeds_needed(1.0, half_width, ALPHA)
        for true in (0.0, 0.5, 1.0, 2.0):
            rate = settled_rate(n, margin, true * margin, few, generator)
            rows.append(("settled", f"{name} = {n}, true difference {true} δ", "", share(rate, few)))
    for name, model in TWO_WAY_MODELS.items():
        for n in (5, 10, 20):
            rate, ratio = two_way_coverage(n, model, few, generator)
            measured = f"{share(rate, few)}, SE {ratio:.2f} of the true one"
            rows.append(("two-way bootstrap covers", f"{name}, n = {n}", "95 %, nominally", measured))
    for m in (5, 25):
        apparent, honest = optimism_of_equals(10, m, few, generator)
        measured = f"apparent {apparent:.2f}, cross-fitted {honest:.2f}"
        rows.append(("best of equals, in SDs", f"n = 10, m = {m}", "0", measured))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10_000, help="simulated experiments; costly rows take a tenth")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| quantity | design | should be | measured (95 % interval) |", "|---|---|---|---|", sep="\n")
    for row in table_rows(arguments.repeats, np.random.default_rng(arguments.seed)):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
