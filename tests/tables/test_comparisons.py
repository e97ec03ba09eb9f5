"""Every level meets the baseline seed by seed; numbers against scipy and by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from helpers.hand_made import MARGINS, HandMade, rich_study
from stats.paired_verdicts import compare_family
from tables.comparisons import (
    COLUMNS,
    DIFFERENCE_COLUMNS,
    compare_with_baseline,
    comparison_cells,
    pairs,
    probability,
)
from tables.runs import levels_of
from tables.study import BASELINE

SEEDS = np.random.default_rng(3).normal(0, 0.0006, (3, 10))
BASE, SMALL, WIDE = np.round(0.98 + SEEDS[0], 4), np.round(0.965 + SEEDS[1], 4), np.round(0.9803 + SEEDS[2], 4)


def study_of(folder, accuracies, loss=None):
    study = HandMade(folder, {"units": ("units",)})
    for units, accuracy in accuracies.items():
        wanted_by = "baseline units" if units == "512" else "units"
        losses = 1 - np.asarray(accuracy) if loss is None or units == "512" else loss
        study.add(wanted_by, accuracy, losses, units=units)
    return study


def compared(study, metric="accuracy", alpha=0.05, margin=None):
    return rows_of(study, "units", alpha, {metric: MARGINS[metric] if margin is None else margin})


def rows_of(study, summary, alpha=0.05, margins=MARGINS):
    runs = study.runs()
    return compare_with_baseline(levels_of(runs, summary), levels_of(runs, BASELINE), alpha, margins)


def test_the_rows_are_the_levels_without_the_baseline_in_one_family(tmp_path):
    rows = compared(study_of(tmp_path, {"512": BASE, "1024": WIDE, "64": SMALL}))
    assert [row["level"] for row in rows] == ["64", "1024"]
    assert {row["family_size"] for row in rows} == {"2"}
    assert {row["n"] for row in rows} == {"10"}
    assert all(set(COLUMNS) <= set(row) and set(DIFFERENCE_COLUMNS) <= set(row) for row in rows)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_numbers_agree_with_scipy(tmp_path, alpha):
    row = compared(study_of(tmp_path, {"512": BASE, "64": SMALL, "1024": WIDE}), alpha=alpha)[1]
    d = WIDE - BASE
    test = scipy.stats.ttest_1samp(d, 0)
    low, high = test.confidence_interval(1 - alpha)
    equivalence = test.confidence_interval(1 - 2 * alpha)
    exact = scipy.stats.permutation_test(
        (d,), np.mean, permutation_type="samples", vectorized=False, n_resamples=np.inf
    ).pvalue
    decimals = 1 - math.floor(math.log10(d.std(ddof=1) / math.sqrt(10))) + 1
    for name, value in (
        *(("difference", d.mean()), ("sd", d.std(ddof=1)), ("low", low), ("high", high)),
        *(("equivalence_low", equivalence.low), ("equivalence_high", equivalence.high)),
    ):
        assert row[name] == f"{value:.{decimals}f}", name
    assert float(row["p_value"]) == pytest.approx(exact, rel=0.01)
    assert float(row["p_holm"]) == pytest.approx(exact, rel=0.01)  # the larger of two p-values is left as it is
    assert float(row["p_better"]) == np.mean(d > 0) + 0.5 * np.mean(d == 0)
    wilson = scipy.stats.binomtest(int((d > 0).sum()), 10).proportion_ci(1 - alpha, "wilson")
    assert float(row["p_better_low"]) == pytest.approx(wilson.low, abs=0.0006)
    assert float(row["p_better_high"]) == pytest.approx(wilson.high, abs=0.0006)


def test_verdicts_by_hand(tmp_path):
    worse, open_one = compared(study_of(tmp_path, {"512": BASE, "64": SMALL, "1024": WIDE}))
    assert worse["verdict"] == "worse"
    assert worse["p_value"] == "0.00195"  # 2 of 2^10
    assert worse["p_holm"] == "0.00391"  # times two comparisons
    assert worse["reason"] == ""
    assert open_one["verdict"] in ("inconclusive", "equivalent")
    loss = compared(study_of(tmp_path / "again", {"512": BASE, "64": SMALL}), "loss")[0]
    assert loss["verdict"] == "worse"
    assert loss["difference"] == worse["difference"].removeprefix("-")


def test_a_wide_margin_makes_a_certain_difference_negligible(tmp_path):
    study = study_of(tmp_path, {"512": BASE, "64": SMALL})
    assert compared(study, margin=0.1)[0]["verdict"] == "negligible"


@pytest.mark.parametrize("n", [2, 3, 5])
def test_with_too_few_seeds_nothing_is_significant_and_the_reason_is_stated(tmp_path, n):
    row = compared(study_of(tmp_path, {"512": BASE[:n], "64": SMALL[:n]}))[0]
    assert row["verdict"] == "inconclusive"
    assert row["reason"].startswith(f"{n} seeds: even the smallest possible p-value, {2 ** (1 - n):.2g}, cannot reject")
    assert row["detectable"] == ""


def test_one_seed_is_descriptive_only(tmp_path):
    row = compared(study_of(tmp_path, {"512": BASE[:1], "64": SMALL[:1]}))[0]
    assert row["verdict"] == "descriptive"
    assert "nothing can be inferred" in row["reason"]
    assert float(row["difference"]) == pytest.approx(SMALL[0] - BASE[0])
    empty = ("sd", "low", "high", "p_value", "p_holm", "detectable", "seeds_to_settle")
    assert {name: row[name] for name in empty} == dict.fromkeys(empty, "")


def test_equal_runs_give_no_spread_and_no_crash(tmp_path):
    rows = compared(study_of(tmp_path, {"512": BASE, "64": BASE, "1024": BASE + 0.002}))
    assert [row["verdict"] for row in rows] == ["equivalent", "better"]
    assert rows[0]["sd"] == rows[1]["sd"] == "0.0000000"
    assert rows[0]["p_value"] == "1"


def test_diverged_runs_count_at_chance_and_a_second_verdict_leaves_them_out(tmp_path):
    accuracy, loss = SMALL.copy(), np.full(10, 0.2)
    accuracy[:2], loss[:2] = 0.098, (math.nan, math.inf)
    study = study_of(tmp_path, {"512": BASE, "64": accuracy}, loss)
    row = compared(study)[0]
    scored = SMALL.copy()
    scored[:2] = 0.1
    assert float(row["difference"]) == pytest.approx((scored - BASE).mean(), abs=0.01)
    assert (row["diverged"], row["n"]) == ("2", "10")
    assert row["verdict"] == "inconclusive"  # two runs at chance widen the interval over 0
    assert row["verdict_without_diverged"] == "worse"


def test_no_second_verdict_without_diverged_runs(tmp_path):
    row = compared(study_of(tmp_path, {"512": BASE, "64": SMALL}))[0]
    assert (row["diverged"], row["verdict_without_diverged"]) == ("0", "")


def test_nothing_but_the_baseline_compares_to_nothing(tmp_path):
    assert compared(study_of(tmp_path, {"512": BASE})) == []


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10])
def test_no_cell_is_nan(tmp_path, n):
    study = rich_study(tmp_path, n, min(n, 2))
    for summary in study.summaries:
        for row in rows_of(study, summary):
            assert not {"nan", "NaN", "None"} & set(row.values())
            assert (row["verdict"] == "descriptive") == (n == 1)
            assert float(row["low"] or "-inf") <= float(row["difference"]) <= float(row["high"] or "inf")


def test_each_run_meets_the_rival_of_its_own_seed():
    """Whatever the order of the rivals; who has none is left out."""
    points = pd.DataFrame({"units": ["64", "64", "8", "8"], "seed": [0, 1, 0, 1], "test_loss": [1.0, 2.0, 3.0, 4.0]})
    rivals = pd.DataFrame({"units": ["64", "64"], "seed": [1, 0], "test_loss": [0.2, 0.1]})
    found = pairs(points, rivals, on=["units", "seed"])
    assert found[["test_loss", "test_loss_rival"]].to_numpy().tolist() == [[1.0, 0.1], [2.0, 0.2]]


def test_cells_have_one_digit_more_than_the_error_supports():
    comparison = compare_family([0.0] * 4, [[0.1, 0.2, 0.3, 0.4]], margin=0.01, higher_is_better=True)[0]
    cells = comparison_cells(comparison)
    assert cells["difference"] == "0.2500"  # standard error 0.065: three decimals, and one more
    assert cells["sd"] == "0.1291"
    assert float(cells["exact_sd"]) == comparison.sd


def test_p_values_have_three_digits():
    assert [probability(value) for value in (0.001953125, 1.0, 0.5, math.nan)] == ["0.00195", "1", "0.5", ""]
