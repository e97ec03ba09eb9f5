"""What the page embeds of the comparisons: plain values, safe text, the quantiles of the intervals, links to rows."""

import json
import math

import numpy as np
import pytest

from stats.intervals import t_half_width
from stats.paired_verdicts import compare_family
from writing.live_verdicts import embedded_json, family, live_families, reading_family, t_quantiles, with_sign


def test_data_comes_back_as_it_was():
    value = {"<a>&\u2028\u2029": [1, 0.1, None, float("nan"), (True, "</script>")]}
    text = str(embedded_json(value))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"<a>&\u2028\u2029": [1, 0.1, None, None, [True, "</script>"]]}
    with pytest.raises(ValueError, match="JSON"):
        embedded_json([math.inf])


def test_family_is_plain_and_single_pairs_have_no_numbers():
    compared = compare_family([0.5], [[0.75], [0.5]], alpha=0.05, margin=0.001, higher_is_better=True)
    found = family("units", "accuracy", ["1", "2"], compared, alpha=0.05, margin=0.001, higher_is_better=True)
    assert found == {
        "name": "units",
        "metric": "accuracy",
        "higher_is_better": True,
        "margin": 0.001,
        "alpha": 0.05,
        "furthest": 1,
        "rows": [
            {"level": "1", "n": 1, "mean": 0.25, "sd": None, "p": None, "verdict": "descriptive"},
            {"level": "2", "n": 1, "mean": 0.0, "sd": None, "p": None, "verdict": "descriptive"},
        ],
    }
    (row, _) = reading_family(found, set())["rows"]
    assert row == {
        **{"level": "1", "target": "", "n": "1", "difference": "+0.2500", "interval": "–", "equivalence": "–"},
        **{"p_holm": "–", "verdict": "descriptive"},
    }


def test_family_wants_a_label_for_each_comparison():
    compared = compare_family([0.5], [[0.75]], alpha=0.05, margin=0.001, higher_is_better=True)
    with pytest.raises(ValueError, match="zip"):
        family("units", "accuracy", [], compared, alpha=0.05, margin=0.001, higher_is_better=True)


def test_quantiles_are_those_of_the_intervals():
    families = [{"rows": [{"n": n} for n in (0, 1, 2, 10, 10)]}, {"rows": [{"n": 20}]}]
    found = t_quantiles(families, [0.001, 0.2])
    assert found["alphas"] == [0.001, 0.2]
    assert list(found["n"]) == ["2", "10", "20"]
    for n, levels in found["n"].items():
        for alpha, (t, t_equivalence) in zip(found["alphas"], levels, strict=True):
            assert t / np.sqrt(int(n)) == t_half_width(1.0, int(n), alpha)
            assert t_equivalence / np.sqrt(int(n)) == t_half_width(1.0, int(n), 2 * alpha)


def test_comparisons_lead_to_the_rows_of_sweeps_grids_and_matched_pairs():
    def shown(name, *labels, ids, metric="loss"):
        row = {"n": 10, "mean": 0.1, "sd": 0.1, "p": 0.5, "verdict": "inconclusive"}
        rows = [{"level": label} | row for label in labels]
        compared = {"name": name, "metric": metric, "alpha": 0.05, "rows": rows}
        found = reading_family(compared, set(ids))
        return found["factors"], [(row["level"], row["target"]) for row in found["rows"]]

    assert shown("units", "32", ids=["units-32"]) == ("", [("32", "units-32")])
    assert shown("units", "32", ids=["units-32", "units_loss-32"]) == ("", [("32", "units_loss-32")])
    assert shown("g", "learning_rate=0.1,epochs=5", ids=["g-0.1-5"]) == (
        "learning rate, epochs",
        [("0.1, 5", "g-0.1-5")],
    )
    assert shown("rule", "epochs=5", "epochs=5,units=8", ids=["rule-loss-epochs-5"]) == (
        "",
        [("epochs=5", "rule-loss-epochs-5"), ("epochs=5, units=8", "")],
    )
    # A grid may have the name of the table where another's losses would stand, or of its accuracies.
    ids = ["rule_loss-0.1-5", "rule-loss-learning_rate-0.1-epochs-5"]
    assert shown("rule", "learning_rate=0.1,epochs=5", ids=ids)[1] == [("0.1, 5", ids[1])]
    ids = ["g_accuracy-0.1-5", "g-0.1-5"]
    assert shown("g", "learning_rate=0.1,epochs=5", ids=ids, metric="accuracy")[1] == [("0.1, 5", ids[1])]


@pytest.mark.parametrize(("metric", "interval"), [("accuracy", "-1.00 … +1.00"), ("loss", "-1.40 … +1.80")])
def test_intervals_end_at_the_furthest_difference(metric, interval):
    row = {"level": "1", "n": 3, "mean": 0.2, "sd": 1.6 / 4.302653 * 3**0.5, "p": 0.5, "verdict": "inconclusive"}
    found = reading_family({"name": "units", "metric": metric, "alpha": 0.05, "rows": [row]}, set())
    assert found["rows"][0]["interval"] == interval


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.5, 2, "+0.50"),
        (-0.5, 2, "-0.50"),
        (0.0, 2, "0.00"),
        (-0.001, 2, "0.00"),
        (0.001, 2, "0.00"),
        (math.nan, 2, "–"),
    ],
)
def test_differences_show_their_sign(value, decimals, text):
    assert with_sign(value, decimals) == text


def test_families_are_read_from_unrounded_differences():
    row = {"summary": "units", "level": "64", "n": "3", "verdict": "worse"}
    exact = {"exact_mean": "-0.01", "exact_sd": "0.002", "exact_p_value": ""}
    rows = [row | exact | {"metric": metric} for metric in ("accuracy", "loss")]
    accuracy, loss = live_families(rows, 0.01, {"accuracy": 0.001, "loss": 0.005})
    assert accuracy["rows"] == [{"level": "64", "n": 3, "mean": -0.01, "sd": 0.002, "p": None, "verdict": "worse"}]
    assert (accuracy["alpha"], accuracy["margin"], accuracy["higher_is_better"]) == (0.01, 0.001, True)
    assert (loss["metric"], loss["margin"], loss["higher_is_better"]) == ("loss", 0.005, False)
