"""Paragraphs on one question each say what the rows show, in the right number and direction."""

import re

import pytest

from published.rows import summary
from writing import findings
from writing.evidence import Evidence, without_marks
from writing.sweep_sentences import Counts, Family


def plain(text):
    """The text without link targets and marks."""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", without_marks(text))


def epoch(number, train=0.95, test=0.94, sd="0.00100", train_loss=0.2, test_loss=0.3, **changes):
    row = {
        "epoch": f"{number}",
        "n": "9",
        "diverged": "0",
        "train_accuracy": f"{train:.5f}",
        "test_accuracy": f"{test:.5f}",
    }
    row |= {"train_loss": f"{train_loss:.5f}", "test_loss": f"{test_loss:.5f}"}
    return row | {f"{name}_sd": sd for name in ("train_accuracy", "test_accuracy", "train_loss", "test_loss")} | changes


def test_the_course_of_training():
    text = plain(findings.learning_comment([epoch(1, train=0.92), epoch(2, 0.99, 0.98)], "2"))
    assert text == (
        "While it sees the training images for the first time, the network already classifies 0.9200 of them "
        "correctly; in epoch 2 it is 0.9900. On the test set it then reaches 0.9800 (SD over seeds 0.0010), at a loss "
        "of 0.3000. The network knows its training images better than new ones, as every network does that is large "
        "enough to remember some of them."
    )


@pytest.mark.parametrize(("train", "shown"), [(0.94, False), (0.93, False), (0.9412, False), (0.943, True)])
def test_a_gap_within_the_spread_of_the_means_is_none(train, shown):
    # Standard error of a mean 0.001/3, of the gap 0.00047; three of these are 0.0014.
    text = findings.learning_comment([epoch(1, train)], "1")
    assert ("knows its training images better" in text) == shown
    assert ("not shown to do better" in text) == (not shown)
    assert "in epoch" not in text  # there is only one


def test_one_seed_has_no_spread_to_speak_of():
    text = plain(findings.learning_comment([epoch(1, sd="", n="1")], "1"))
    assert "SD" not in text
    assert "–" not in text
    assert text.endswith("at a loss of 0.3000.")


def test_diverged_runs_of_the_baseline_are_told():
    text = plain(findings.learning_comment([epoch(1, diverged="2")], "1"))
    assert text.endswith("The loss of 2 of these 9 runs is no longer a number; they are scored as guessing.")


def test_a_turn_of_the_loss_is_told_where_there_is_one():
    rows = [epoch(i, train_loss=0.3 - 0.05 * i, test_loss=loss) for i, loss in enumerate((0.5, 0.3, 0.4, 0.45), 1)]
    text = plain(findings.turning_comment(rows))
    assert text.startswith(
        "Mean test loss is lowest in epoch 2, at 0.3000; by epoch 4 it stands at 0.4500, while training"
    )
    assert "from 0.2000 to 0.1000" in text
    assert findings.turning_comment(rows[:2]) == ""
    assert findings.turning_comment([*rows[:3], epoch(4, train_loss=0.1, test_loss=0.2)]) == ""
    assert findings.turning_comment([*rows[:3], epoch(4, train_loss=0.5, test_loss=0.6)]) == ""


def rate_family(verdicts, baseline="0.001"):
    rows = [{"level": level, "mean": "0.980000", "verdict": verdict} for level, verdict in verdicts.items()]
    details = {row["level"]: row for row in rows if row["level"] != baseline}
    rows = [row | ({"verdict": "baseline"} if row["level"] == baseline else {}) for row in rows]
    return Family("learning_rate", "accuracy", ("learning_rate",), rows, details, "0.001", 10)


def fall(side, best, end):
    return {"trend": f"fall per decade {side}", "from": best, "to": end, "value": "0.04132"}


@pytest.mark.parametrize(
    ("verdicts", "best", "said"),
    [
        ({"0.001": "", "0.003": "equivalent", "0.1": "worse"}, "0.001", "not shown: 0.003 may share the place."),
        ({"0.001": "", "0.003": "equivalent", "0.01": "inconclusive"}, "0.001", "0.003 and 0.01 may share the place."),
        ({"0.001": "", "0.003": "worse", "0.01": "negligible"}, "0.001", ""),
        ({"0.001": "", "0.003": "inconclusive"}, "0.003", "That it is more than the baseline's is not shown."),
        ({"0.001": "", "0.003": "better"}, "0.003", ""),
        ({"0.001": "", "0.003": "descriptive"}, "0.003", "That it is more than the baseline's is not shown."),
    ],
)
def test_the_best_rate_is_not_called_best_alone_unless_shown(verdicts, best, said):
    text = plain(findings.rate_comment([fall("below", best, "0.00001")], rate_family(verdicts)))
    assert text.startswith(f"The highest mean accuracy belongs to learning rate {best} (0.98000).")
    assert said in text
    assert ("not shown" in text) == bool(said)
    assert text.endswith("falls, on average, by 0.0413 for every factor of ten downwards (to 0.00001).")


def test_without_falls_nothing_is_said_of_the_rate():
    assert findings.rate_comment([], rate_family({"0.001": ""})) == ""


def gain(start, end, value):
    return {"trend": "gain of a doubling", "from": start, "to": end, "value": value}


@pytest.mark.parametrize(
    ("first", "last", "said", "diminish"),
    [
        ("0.01358", "0.00110", "mean accuracy gains 0.0136 between 32 and 64, and 0.0011 between 512 and 1024", True),
        ("0.01000", "0.00510", "mean accuracy gains 0.0100 between 32 and 64, and 0.0051 between 512 and 1024", False),
        ("0.01000", "-0.00200", "gains 0.0100 between 32 and 64, and loses 0.0020 between 512 and 1024", True),
        ("-0.01000", "-0.02000", "loses 0.0100 between 32 and 64, and 0.0200 between 512 and 1024", False),
    ],
)
def test_gains_and_losses_of_a_doubling(first, last, said, diminish):
    text = plain(findings.units_comment([gain("32", "64", first), gain("512", "1024", last)]))
    assert said in text
    assert ("diminish" in text) == diminish
    assert findings.units_comment([gain("32", "64", first)]) == ""


def pair(metric, verdict, difference="0.01230", level="learning_rate=0.001,momentum=0.9", **changes):
    return {"metric": metric, "verdict": verdict, "difference": difference, "level": level} | changes


def test_effective_rates_in_singular_and_plural():
    undecided = [pair("accuracy", "inconclusive"), pair("loss", "worse")]
    assert plain(findings.effective_rate_comment(undecided, 10, Counts())) == (
        "In accuracy, the only pair of equal effective rate is undecided. In loss, the only pair of equal effective "
        "rate differs. It stands at learning rate 0.001, momentum 0.9: +0.0123 against the run without momentum. In "
        "accuracy no pair differs for certain, nor do all agree for certain: one curve is possible, not proven."
    )
    many = [
        pair("accuracy", verdict, level=f"learning_rate=0.001,momentum=0.{i}")
        for i, verdict in enumerate(
            ("equivalent", "negligible", "equivalent", "better", "inconclusive", "inconclusive"), 1
        )
    ]
    counts = Counts()
    text = plain(
        findings.effective_rate_comment([*many, pair("loss", "equivalent"), pair("loss", "equivalent")], 10, counts)
    )
    assert text.startswith(
        "In accuracy, of 6 pairs of equal effective rate, 3 are the same up to δ, 1 differs and 2 are undecided. The "
        "furthest apart stands at learning rate 0.001, momentum 0.4: +0.0123 against"
    )
    assert "In loss, of these, 2 are the same up to δ." in text
    assert text.endswith("So accuracy does not collapse onto one curve: momentum is not only a larger step.")
    assert ("pairs of equal effective rate", "6") in [tuple(row.values()) for row in counts.rows]


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        (("equivalent", "negligible"), "does collapse onto one curve"),
        (("equivalent", "inconclusive"), "possible, not proven"),
        (("inconclusive",), "possible, not proven"),
        (("equivalent", "worse"), "does not collapse"),
    ],
)
def test_one_curve_is_claimed_only_where_every_pair_agrees(verdicts, answer):
    rows = [pair(metric, verdict) for metric in ("accuracy", "loss") for verdict in verdicts]
    assert answer in findings.effective_rate_comment(rows, 10, Counts())


def test_effective_rates_without_pairs_or_with_one_seed():
    assert findings.effective_rate_comment([], 10, Counts()) == ""
    text = findings.effective_rate_comment([pair("accuracy", "descriptive")], 1, Counts())
    assert text == "One seed a point cannot say whether points of equal effective rate agree."


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ""),
        (
            [pair("accuracy", "inconclusive", level="epochs=5")],
            "Seed by seed no difference between the two rules is shown.",
        ),
        (
            [pair("accuracy", "negligible", level="epochs=5")],
            "Seed by seed no difference between the two rules that matters is shown.",
        ),
        ([pair("loss", "descriptive", level="epochs=5")], "One seed a point cannot tell the two rules apart."),
        (
            [pair("accuracy", "worse", "-0.01230", "epochs=1"), pair("loss", "worse", level="units=64,epochs=20")],
            "Seed by seed, under the rule of Keras 2 accuracy is lower by 0.0123 at 1 epoch and loss is higher by "
            "0.0123 at 64 units, 20 epochs.",
        ),
    ],
)
def test_update_rules(rows, said):
    assert plain(findings.update_rule_comment(rows)) == said


def both_ways(level, low, high, seeds_se="0.1", images_se="0.2"):
    row = {"summary": "units", "metric": "loss", "level": level, "low": low, "high": high}
    return row | {"seeds_se": seeds_se, "images_se": images_se}


def test_uncertainty_beyond_the_test_images():
    two_way = [both_ways("16", "0.1", "0.2"), both_ways("32", "-0.1", "0.2", "0.3"), both_ways("64", "-0.1", "0.2")]
    details = [
        {"summary": "units", "metric": "loss", "level": level, "verdict": verdict}
        for level, verdict in (("16", "worse"), ("32", "negligible"), ("64", "inconclusive"))
    ]
    counts = Counts()
    text = plain(findings.uncertainty_comment(two_way, details, counts))
    assert text == (
        "Of 3 comparisons, the choice of test images is the larger source of uncertainty in 2, the choice of seeds in "
        "the others. 1 of the 2 differences that are certain for these test images may not hold for others: units 32 "
        "(loss)."
    )
    Evidence([counts.rows], ["32"]).check(text)
    only = plain(findings.uncertainty_comment(two_way[:1], details, Counts()))
    assert only.endswith(
        "The only difference that is certain over seeds keeps an interval that leaves out 0 when the images vary too."
    )
    none = findings.uncertainty_comment(two_way[2:], details, Counts())
    assert none.endswith("No difference was certain over seeds, so none is lost when images vary too.")
    assert findings.uncertainty_comment([], details, Counts()) == ""


def chosen(optimism, metric="accuracy", **changes):
    row = {"summary": "momentum", "metric": metric, "best": "0.5", "apparent": "0.980000", "cross_fitted": "0.979000"}
    return row | {"optimism": optimism} | changes


def test_selection_names_the_most_flattered_sweep():
    rows = [
        chosen("0.000100"),
        chosen("0.001000", best="optimizer=adam,epochs=5", summary="rule"),
        chosen("0.5", "loss"),
    ]
    assert plain(findings.selection_comment(rows)) == (
        "Whoever picks the best level by its mean accuracy is flattered by up to 0.00100: in the grid of rule, adam, "
        "5 epochs shows 0.98000, and is worth 0.97900 on seeds that had no part in picking."
    )
    assert "flatters it by nothing" in findings.selection_comment([chosen("-0.000100")])
    assert findings.selection_comment([]) == ""


def ordering(verdict, opposite, statement="A beats B."):
    row = {"id": statement, "verdict": verdict, "opposite": opposite, "statement": statement, "metric": "test_loss"}
    return row | {"optimizer": "rmsprop"}


def test_orderings_by_single_runs():
    rows = [
        ordering("confirmed", "0.00"),
        ordering("undecided", "0.40", "C beats D."),
        ordering("not in this study", ""),
    ]
    text = plain(findings.single_seed_comment(rows, 10, Counts()))
    assert text.startswith("2 published orderings can be checked. With 10 seeds a point, the verdicts are: ")
    assert "1 confirmed and 1 undecided." in text
    assert "Least supported is this one: C beats D. One seed contradicts it with a frequency of 0.4" in text
    alone = plain(findings.single_seed_comment(rows[:1], 2, Counts()))
    assert alone.startswith("1 published ordering can be checked. With 2 seeds")
    assert alone.endswith("No single seed contradicts any of them.")
    assert findings.single_seed_comment(rows, 1, Counts()) == ""
    assert findings.single_seed_comment(rows[2:], 10, Counts()) == ""


def test_an_ordering_that_holds_under_the_other_rule_is_named_and_counted_once():
    rows = [ordering("undecided", "0.40"), ordering("confirmed", "0.00") | {"optimizer": "rmsprop_keras2"}]
    text = plain(findings.single_seed_comment(rows, 10, Counts()))
    assert text.startswith("1 published ordering can be checked.")
    assert "1 undecided. Under the rule of Keras 2 this one holds: A beats B." in text


def test_two_claims_of_the_same_words_lead_to_their_own_rows():
    rows = [ordering("confirmed", "0.10"), ordering("undecided", "0.40") | {"id": "2"}]
    assert "[0.4](#orderings-a-beats-b.-test-loss-rmsprop-2)" in findings.single_seed_comment(rows, 10, Counts())


def published_number(distance, verdict, optimizer="rmsprop"):
    row = {"id": "a", "quantity": "test_loss", "published": "0.07", "repeats": "", "optimizer": optimizer}
    return row | {"distance_sd": distance, "verdict": verdict}


@pytest.mark.parametrize(
    ("distance", "verdict", "reading"),
    [
        ("1.0", "reproduced", "which would explain the miss"),
        ("-3.9", "not reproduced", "which would explain most of the gap, but not all"),
        ("4.0", "not reproduced", "which would not explain it"),
    ],
)
def test_what_the_other_rule_explains_of_a_miss_is_read_from_its_row(distance, verdict, reading):
    rows = [
        published_number("8.0", "not reproduced"),
        published_number(distance, verdict, "rmsprop_keras2"),
        published_number("9.0", "not reproduced") | {"id": "b"},  # not checked under the other rule
    ]
    places = [["test loss", "defaults", "0.07", row["optimizer"]] for row in rows]
    text = findings.published_comment(summary(rows), rows, places, Counts())
    target = "#published-test-loss-defaults-0.07-rmsprop"
    assert f"a distance of [8.0]({target}) SDs into [{distance}]({target}_keras2), {reading}." in text
    assert text.count("turns a distance") == 1
