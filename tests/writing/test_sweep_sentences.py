"""Sentences follow from verdicts: nothing is said that the table does not show, and everything it shows is said."""

import re

import numpy as np
import pytest

from helpers.hand_made import MARGINS, HandMade, rich_study, summarised
from report import families
from writing import findings
from writing.evidence import Evidence, numbers_in
from writing.sweep_sentences import (
    MOST_LISTED,
    Counts,
    Family,
    cite,
    comment,
    diverged_sentence,
    joined,
    listed,
    metric_comment,
    named_level,
)

LEVELS = ["16", "32", "64", "128", "256", "1024"]
CERTAIN = ("is higher", "is lower", "equivalent", "certain")


def detail(level, verdict, difference="0.00120", **changes):
    """A row of comparisons.csv as far as sentences look at it."""
    row = {
        "level": level,
        "verdict": verdict,
        "difference": difference,
        "low": "-0.00050",
        "high": "0.00290",
        "p_holm": "0.2",
        "detectable": "0.00310",
        "seeds_to_settle": "40",
        "reason": "",
        "verdict_without_diverged": "",
    }
    return row | changes


def family(details, metric="accuracy", seeds=10, factors=("units",), diverged=()):
    """One sweep of units with a baseline of 512, and the given comparisons."""
    prefix = "" if metric == "accuracy" else "loss_"
    rows = [
        {"level": row["level"], "n": f"{seeds}", "diverged": "0", f"{prefix}mean": "0.981000", f"{prefix}verdict": ""}
        | {f"{prefix}{name}": row[name] for name in ("difference", "low", "high", "p_holm")}
        for row in details
    ]
    rows.append({"level": "512", "n": f"{seeds}", "diverged": "0", f"{prefix}mean": "0.979000"})
    rows[-1] |= {f"{prefix}verdict": "baseline"}
    for row in rows:
        row |= {"units": row["level"]} | (
            {"diverged": dict(diverged)[row["level"]]} if row["level"] in dict(diverged) else {}
        )
    by_level = {row["level"]: row for row in details}
    return Family("units", metric, factors, rows, by_level, MARGINS[metric], seeds)


def plain(text):
    """The text without link targets."""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)


def sentences_of(text):
    return re.split(r"(?<=[.)]) (?=[A-Z])", plain(text))


def test_lists_are_worded_as_in_speech():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    letters = [chr(ord("a") + place) for place in range(MOST_LISTED)]
    assert listed(letters).endswith(f"{letters[-2]} and {letters[-1]}")
    assert listed([*letters, "z"]) == f"{', '.join(letters)} and others"
    assert joined(["One.", "", "Two."]) == "One. Two."


@pytest.mark.parametrize(
    ("factor", "value", "said"),
    [
        *(("units", "512", "512 units"), ("units", "1", "1 unit"), ("epochs", "1", "1 epoch")),
        *(("learning_rate", "0.01", "learning rate 0.01"), ("optimizer", "adam", "adam")),
        *(("batch_size", "64", "batch size 64"), ("momentum", "0", "momentum 0"), ("epochs", "11", "11 epochs")),
    ],
)
def test_levels_are_named_with_their_factor(factor, value, said):
    assert named_level(factor, value) == said


def test_a_number_is_a_link_to_its_row():
    assert cite("0.98", "update_rule", "rmsprop", "5") == "[0.98](#update_rule-rmsprop-5)"
    counts = Counts()
    assert counts.cite("numbers checked", 3) == "[3](#counts-numbers-checked)"
    assert counts.rows == [{"counted": "numbers checked", "value": "3"}]


def test_one_difference_is_said_with_its_size_and_many_with_their_range():
    found = family([detail("32", "worse", "-0.01230"), detail("64", "equivalent")])
    assert plain(metric_comment(found)) == (
        "Test accuracy is lower at 32, by 0.0123. At 64 test accuracy is equivalent to the baseline's: whatever "
        "difference there is stays below δ = 0.001."
    )
    both = [detail("32", "worse", "-0.01230"), detail("64", "worse", "-0.00450"), detail("128", "better", "0.00210")]
    assert plain(metric_comment(family(both))) == (
        "Test accuracy is higher at 128, by 0.0021. Test accuracy is lower at 32 and 64, by 0.0045 (64) to 0.0123 (32)."
    )


def test_lower_loss_is_better():
    loss = family([detail("32", "worse", "0.0123"), detail("64", "better", "-0.0047")], "loss")
    assert plain(metric_comment(loss)) == "Test loss is lower at 64, by 0.005. Test loss is higher at 32, by 0.012."


def test_every_other_value_is_said_of_three_and_more():
    three = [detail(level, "worse", f"-0.0{index}100") for index, level in enumerate(LEVELS[:3], 1)]
    assert "lower at every other value, by" in plain(metric_comment(family(three)))
    assert "lower at 16 and 32, by" in plain(metric_comment(family(three[:2])))
    assert "every other value" not in metric_comment(family([*three, detail("1024", "inconclusive")]))


def test_a_small_certain_difference_is_called_too_small_to_matter():
    text = plain(metric_comment(family([detail("32", "negligible"), detail("64", "negligible")], "loss")))
    assert text == "At 32 and 64 a difference in loss is certain, and certainly too small to matter (δ = 0.005)."


def test_an_open_difference_is_shown_with_its_interval_and_what_would_settle_it():
    assert plain(metric_comment(family([detail("32", "inconclusive")]))) == (
        "At 32 the study cannot decide: the difference in accuracy is +0.0012, its interval -0.0005 … +0.0029. With 10 "
        "seeds, a true difference of 0.0031 would be found about every other time. About 40 seeds would most likely "
        "settle it: show a difference, or show that it stays below δ = 0.001."
    )


def test_an_interval_that_leaves_out_0_is_explained_by_the_family():
    text = plain(metric_comment(family([detail("32", "inconclusive", low="0.00010", p_holm="0.0547")])))
    assert "its interval +0.0001 … +0.0029, which leaves out 0, but p (Holm) is 0.0547 and not below α." in text
    assert "leaves out 0" not in metric_comment(family([detail("32", "inconclusive")]))


def test_advice_that_is_already_followed_is_not_given():
    assert "settle" not in metric_comment(family([detail("32", "inconclusive", seeds_to_settle="8")]))
    assert "settle" not in metric_comment(family([detail("32", "inconclusive", seeds_to_settle="")]))
    assert "settle" in metric_comment(family([detail("32", "inconclusive", seeds_to_settle="11")]))
    assert "every other time" not in metric_comment(family([detail("32", "inconclusive", detectable="")]))


def test_more_than_three_open_differences_are_listed_without_numbers():
    text = plain(metric_comment(family([detail(level, "inconclusive") for level in LEVELS])))
    assert text.count("its interval") == 3
    assert "Nor at 32: " in text
    assert "The same holds for 128, 256 and 1024." in text
    assert "settle each of them" in text


@pytest.mark.parametrize(("seeds", "size"), [(2, 1), (3, 2), (5, 6)])
def test_too_few_seeds_are_the_stated_reason(seeds, size):
    open_ones = [detail(level, "inconclusive", reason="too few") for level in LEVELS[:size]]
    text = plain(metric_comment(family(open_ones, seeds=seeds)))
    assert (
        f"the study cannot decide about accuracy: with {seeds} seeds even the most one-sided outcome is no proof"
        in text
    )
    assert (f"in a family of {size}." in text) == (size > 1)
    assert all(level in text for level in LEVELS[:size])


def test_one_seed_is_descriptive_only():
    alone = family([detail("32", "descriptive", low="", high="", p_holm="")], seeds=1)
    text = comment(alone, alone)
    assert text.startswith("One seed a point describes these runs and nothing else")
    assert metric_comment(alone) == ""
    lost = family([detail("32", "descriptive")], seeds=1, diverged={"32": "1"})
    assert plain(comment(lost, lost)).endswith(
        "Runs whose loss ceased to be a number: 1 of 1 at 32. They are scored as guessing."
    )


def test_a_sweep_of_the_baseline_alone_compares_nothing():
    text = comment(family([]), family([], "loss"))
    assert text == "The sweep holds only the baseline, so there is nothing to compare."


def test_diverged_runs_are_counted_and_what_they_change_is_said_for_both_metrics():
    lost = {"32": "2", "512": "1"}
    changed = detail("32", "inconclusive", verdict_without_diverged="worse")
    same = detail("32", "worse", verdict_without_diverged="worse")
    assert plain(diverged_sentence(family([same], diverged=lost), family([same], "loss", diverged=lost))) == (
        "Runs whose loss ceased to be a number: 2 of 10 at 32 and 1 of 10 at 512. They are scored as guessing."
    )
    text = plain(comment(family([same], diverged=lost), family([changed], "loss", diverged=lost)))
    assert text.endswith("Without them the verdict changes on loss at 32 from inconclusive to worse.")
    assert diverged_sentence(family([same])) == ""


def test_a_grid_of_names_is_named_in_words():
    rows = [
        {"level": f"optimizer={name},epochs={epochs}", "optimizer": name, "epochs": epochs, "n": "10", "diverged": "0"}
        for name in ("rmsprop", "adam")
        for epochs in ("1", "5")
    ]
    details = {row["level"]: detail(row["level"], "better", f"0.0{i}100") for i, row in enumerate(rows[1:], 1)}
    grid = Family("rule", "accuracy", ("optimizer", "epochs"), rows, details, "0.001", 10)
    assert plain(metric_comment(grid)) == (
        "Test accuracy is higher at every other point, by 0.0110 (rmsprop at 5 epochs) to 0.0310 (adam at 5 epochs)."
    )
    del details["optimizer=adam,epochs=5"]
    assert "is higher with rmsprop at 5 epochs and adam at 1 epoch, by" in plain(metric_comment(grid))
    assert "(#rule-adam-1)" in metric_comment(grid)


def test_optimizers_are_used_with_not_at():
    rows = [{"level": name, "n": "10", "diverged": "0"} for name in ("rmsprop", "adam")]
    sweep = Family("optimizer", "loss", ("optimizer",), rows, {"adam": detail("adam", "worse")}, "0.005", 10)
    assert plain(metric_comment(sweep)).startswith("Test loss is higher with adam, by ")


def random_details(generator, metric):
    """Comparisons with verdicts at random, and numbers that no other cell shares."""
    signs = {"better": 1, "worse": -1} if metric == "accuracy" else {"better": -1, "worse": 1}
    details = []
    for level in generator.permutation(LEVELS)[: generator.integers(1, 7)].tolist():
        verdict = str(generator.choice(["better", "worse", "negligible", "equivalent", "inconclusive"]))
        size = generator.uniform(0.00001, 0.3)
        difference = signs.get(verdict, generator.choice([-1, 1])) * size
        cells = {"difference": difference, "low": difference - size / 2, "high": difference + size / 2}
        if verdict == "inconclusive":
            cells["low"], cells["high"] = -size, size * generator.uniform(1, 3)
        cells |= {"detectable": generator.uniform(0, 1)}
        decimals = generator.integers(2, 8)
        texts = {name: f"{value:.{decimals}f}" for name, value in cells.items()}
        settle = "" if generator.random() < 0.3 else str(generator.integers(2, 5000))
        details.append(detail(level, verdict, seeds_to_settle=settle, **texts))
    return details


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("seed", range(60))
def test_no_sentence_says_more_than_its_verdicts(seed, metric):
    details = random_details(np.random.default_rng(seed), metric)
    compared = family(details, metric)
    text = metric_comment(compared)
    words = {"better": compared.better_word, "worse": compared.worse_word}
    said = {name: [] for name in ("better", "worse", "negligible", "equivalent", "inconclusive")}
    for sentence in sentences_of(text):
        named = [row["level"] for row in details if re.search(rf"(?<![\d.]){row['level']}(?![\d.]*\d)", sentence)]
        if "every other value" in sentence:
            named = [row["level"] for row in details]
        for verdict, word in words.items():
            if f"is {word}" in sentence:
                said[verdict] += named
        if "equivalent" in sentence:
            said["equivalent"] += named
        if "is certain" in sentence:
            said["negligible"] += named
        if re.search(r"cannot decide|^Nor|^The same holds", sentence):
            said["inconclusive"] += named
            assert not any(word in sentence for word in CERTAIN), sentence
    for verdict, named in said.items():
        assert sorted(named) == sorted(row["level"] for row in details if row["verdict"] == verdict), text
    evidence = Evidence([compared.rows, details], [f"{compared.margin}", f"{compared.seeds}", *LEVELS])
    evidence.check(text)
    assert numbers_in(plain(text))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10])
@pytest.mark.parametrize("diverged", [0, 1])
def test_sentences_of_real_tables_are_sound(tmp_path, recwarn, n, diverged):
    study = rich_study(tmp_path, n, diverged)
    tables = summarised(study)
    compared = families(study.read(), tables, MARGINS)
    for name, pair in compared.items():
        text = comment(pair["accuracy"], pair["loss"])
        assert not re.search(r"\bnan\b|\binf\b|None|–|  |\.\.", text), text
        assert ("ceased to be a number" in text) == (diverged > 0 and name == "learning_rate")
        if n == 1:
            assert text.startswith("One seed a point describes these runs and nothing else")
        if n < 6:
            assert "is higher" not in text
            assert "is lower" not in text
        if n in (2, 3, 5) and any(row["verdict"] == "inconclusive" for row in pair["accuracy"].details.values()):
            assert f"with {n} seeds even the most one-sided outcome is no proof" in text
        for metric in ("accuracy", "loss"):
            for level, row in pair[metric].details.items():
                if n > 1 and "every other" not in text:
                    assert pair[metric].name(level) in text, (row["verdict"], text)
        levels = [value for setting in study.read().settings for value in setting.levels.values()]
        settings = [value for value in levels if value.replace(".", "").isdigit()]
        Evidence(list(tables.values()), [*settings, "0.001", "0.005", f"{n}", "0"]).check(text)
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_the_learning_rate_that_is_not_shown_to_be_best_is_not_called_so(tmp_path):
    study = HandMade(tmp_path, {"learning_rate": ("learning_rate",)})
    noise = np.array([-2, -1, 0, 1, 2, -1, 0, 1, 2, -2]) * 0.001
    study.add("baseline learning_rate", 0.98 + noise, 0.07 + noise)
    study.add("learning_rate", 0.9801 - noise, 0.07 - noise, learning_rate="0.003")
    study.add("learning_rate", 0.95 + 2 * noise, 0.2 + noise, learning_rate="0.1")
    tables = summarised(study)
    compared = families(study.read(), tables, MARGINS)["learning_rate"]["accuracy"]
    assert compared.details["0.003"]["verdict"] == "inconclusive"
    text = plain(findings.rate_comment(tables["trends"], compared))
    assert text.startswith("The highest mean accuracy belongs to learning rate 0.003 (0.9801")
    assert "That it is more than the baseline's is not shown." in text
