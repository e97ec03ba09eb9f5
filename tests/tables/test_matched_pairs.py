"""Points meet the rival they should: equal effective rate, or the other update rule."""

import numpy as np
import pytest

from helpers.hand_made import FACTORS, MARGINS, HandMade, rich_study
from tables.comparisons import COLUMNS
from tables.matched_pairs import (
    EFFECTIVE_RATE,
    KERAS2_RULE,
    compare_matched,
    effective_rate,
    rate_pairs,
    rule_pairs,
)

A, B = [0.98, 0.97, 0.96], [0.1, 0.2, 0.3]


def compared(study):
    return compare_matched(study.runs(), FACTORS, 0.05, MARGINS)


@pytest.mark.parametrize(
    ("rate", "momentum", "expected"),
    [("0.0001", "0.9", "0.001"), ("0.001", "0.99", "0.1"), ("0.003", "0.7", "0.01"), ("0.001", "0", "0.001")],
)
def test_effective_rates_are_exact_in_decimals(rate, momentum, expected):
    assert effective_rate(rate, momentum) == expected


def test_pairs_of_equal_effective_rate(tmp_path):
    found = rate_pairs(rich_study(tmp_path, 2).runs(), FACTORS)
    columns = ["momentum", "learning_rate_rival", "momentum_rival", "seed"]
    assert found[columns].to_numpy().tolist() == [  # 0.5 would need 0.002
        *(["0.9", "0.01", "0", 0], ["0.9", "0.01", "0", 1], ["0.99", "0.1", "0", 0], ["0.99", "0.1", "0", 1]),
    ]


def test_pairs_are_ordered_by_rate_and_momentum_not_as_in_the_plan(tmp_path):
    study = HandMade(tmp_path, {"grid": ("learning_rate", "momentum")}).add("baseline grid", A, B)
    for rate, momentum in (("0.001", "0.99"), ("0.1", "0"), ("0.001", "0.9"), ("0.01", "0"), ("0.0001", "0.9")):
        study.add("grid", A, B, learning_rate=rate, momentum=momentum)
    found = rate_pairs(study.runs(), FACTORS)
    assert found["label"].unique().tolist() == [
        *("learning_rate=0.0001,momentum=0.9", "learning_rate=0.001,momentum=0.9", "learning_rate=0.001,momentum=0.99"),
    ]
    assert found["seed"].tolist() == [0, 1, 2] * 3


def test_a_rival_must_agree_in_everything_else(tmp_path):
    study = HandMade(tmp_path, {"grid": ("learning_rate", "momentum", "epochs")})
    study.add("baseline grid", A, B).add("grid", A, B, momentum="0.9")
    study.add("grid", A, B, learning_rate="0.01", epochs="10")
    assert rate_pairs(study.runs(), FACTORS).empty
    study.add("grid", A, B, momentum="0.9", epochs="10")
    found = rate_pairs(study.runs(), FACTORS)
    assert found["seed"].tolist() == [0, 1, 2]
    assert set(found["epochs"]) == {"10"}


def test_labels_of_pairs_are_told_apart(tmp_path):
    study = HandMade(tmp_path, {"grid": ("learning_rate", "momentum", "epochs")})
    for epochs in ("5", "10"):
        study.add("baseline grid" if epochs == "5" else "grid", A, B, epochs=epochs)
        study.add("grid", A, B, momentum="0.9", epochs=epochs)
        study.add("grid", A, B, learning_rate="0.01", epochs=epochs)
    rows = [row for row in compared(study) if row["metric"] == "accuracy"]
    assert sorted(row["level"] for row in rows) == [
        "learning_rate=0.001,momentum=0.9",
        "learning_rate=0.001,momentum=0.9,epochs=10",
    ]


def test_points_on_the_way_are_no_rivals(tmp_path):
    study = HandMade(tmp_path, {"momentum": ("momentum",)})
    study.add("baseline momentum", A, B).add("momentum", A, B, momentum="0.9").add("", A, B, learning_rate="0.01")
    assert rate_pairs(study.runs(), FACTORS).empty
    assert compared(study) == []


def test_rules_meet_at_equal_epochs(tmp_path):
    found = rule_pairs(rich_study(tmp_path, 1).runs(), FACTORS)
    assert found[["optimizer", "optimizer_rival"]].to_numpy().tolist() == [["rmsprop_keras2", "rmsprop"]] * 2
    assert found["epochs"].tolist() == ["5", "10"]
    assert found["label"].tolist() == ["epochs=5", "epochs=10"]


def test_a_rule_off_the_baseline_names_what_differs(tmp_path):
    study = (
        HandMade(tmp_path, {"grid": ("units", "optimizer")}).add("baseline grid", A, B).add("grid", A, B, units="64")
    )
    study.add("grid", A, B, units="64", optimizer="rmsprop_keras2")
    assert rule_pairs(study.runs(), FACTORS)["label"].unique().tolist() == ["units=64,epochs=5"]


def test_differences_are_taken_against_the_rival_seed_by_seed(tmp_path):
    study = HandMade(tmp_path, {"momentum": ("momentum",), "learning_rate": ("learning_rate",)})
    study.add("baseline momentum learning_rate", [0.5] * 3, B)
    study.add("momentum", [0.98, 0.97, 0.96], B, momentum="0.9")
    study.add("learning_rate", [0.97, 0.98, 0.93], B, learning_rate="0.01")
    accuracy, loss = compared(study)
    d = np.array([0.98, 0.97, 0.96]) - np.array([0.97, 0.98, 0.93])
    assert float(accuracy["difference"]) == pytest.approx(d.mean())
    assert float(accuracy["sd"]) == pytest.approx(d.std(ddof=1), rel=1e-3)
    assert set(COLUMNS) <= set(accuracy)
    assert (accuracy["summary"], accuracy["family_size"]) == (EFFECTIVE_RATE, "1")
    assert (loss["metric"], loss["verdict"]) == ("loss", "equivalent")


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_kinds_are_families_of_their_own(tmp_path, n):
    rows = compared(rich_study(tmp_path, n, 1))
    kinds = [(row["summary"], row["metric"]) for row in rows]
    assert kinds == [(kind, metric) for kind in (EFFECTIVE_RATE, KERAS2_RULE) for metric in MARGINS for _ in range(2)]
    assert {row["family_size"] for row in rows} == {"2"}
    assert not {"nan", "None"} & {cell for row in rows for cell in row.values()}
    assert [row["diverged"] for row in rows[:2]] == ["0", "1"]
