"""Published numbers and orderings against hand-made runs, with statistics worked by hand."""

import csv
import json
import math
from pathlib import Path

import pytest
import yaml

from check_published import main
from design.point_names import FACTORS
from files.records import write_record
from helpers.hand_made import ENGINES, put_on_record
from published.rows import NUMBER_COLUMNS, ORDERING_COLUMNS, rule_pairs, summary
from tables.study import read_study

DEFAULTS = {"units": 512, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop", "epochs": 5}
LEVELS = {name: str(value) for name, value in DEFAULTS.items()}
# Mean 0.98, SD 0.01, half a prediction interval t(2, 0.975) · 0.01 · √(4/3) = 4.302653 · 0.0115470 = 0.0496828.
SPREAD = [0.97, 0.98, 0.99]
LOSSES = [0.05, 0.06, 0.07]


class Study:
    """A results folder with hand-made runs: `add` a milestone, then `check` what was published."""

    def __init__(self, folder: Path):
        self.results = folder / "results"
        self.published = folder / "published.yaml"
        self.plan, self.runs = [], []
        (self.results / "tables").mkdir(parents=True)
        self.data = self.results / "data" / "mnist"
        write_record(self.data / "preprocess.json", [], dataset="mnist", classes=10)

    def add(self, accuracy=SPREAD, loss=LOSSES, training=SPREAD, wanted=True, history=(), **levels):
        """Add a milestone, seeds from 0; `history` holds rows of earlier epochs: (epoch, training, accuracy, loss)."""
        levels = LEVELS | {name: str(value) for name, value in levels.items()}
        point = ",".join(f"{name}={levels[name]}" for name in FACTORS[:-1])
        last = len(accuracy) - 1
        row = {"point": point, **levels, "first_seed": 0, "last_seed": last, "wanted_by": "sweep" if wanted else ""}
        self.plan.append(row)
        values = list(zip(training, accuracy, loss, strict=True))
        names = ("train_accuracy", "test_accuracy", "test_loss")
        if wanted:
            for seed, metrics in enumerate(values):
                self.runs.append(levels | {"seed": seed, "train_loss": 0.1} | dict(zip(names, metrics, strict=True)))
        epochs = [*history, (int(levels["epochs"]), *zip(*values, strict=True))]
        rows = [
            {"seed": seed, "epoch": epoch, "train_loss": 0.1} | dict(zip(names, metrics, strict=True))
            for epoch, *columns in epochs
            for seed, metrics in enumerate(zip(*columns, strict=True))
        ]
        folder = self.results / "runs" / point / f"seeds=0-{last}" / f"epochs={levels['epochs']}"
        write(folder / "history.csv", rows)
        put_on_record(folder, self.data, point=point, seeds=[0, last], epochs=int(levels["epochs"]))
        return self

    def check(self, numbers=(), orderings=(), dataset="mnist", margin_loss="0.005"):
        """Run the script; returns the rows of both tables."""
        write(self.results / "plan.csv", self.plan)
        if self.runs:
            write(self.results / "tables" / "runs.csv", self.runs)
        file = self.results / "study.json"
        content = {"dataset": "mnist", "baseline": {"units": "512"}, "summaries": {}, "alpha": 0.05} | ENGINES
        content["mixed_arithmetic"] = False
        file.write_text(json.dumps(content), encoding="utf-8")
        identity = read_study(file).identity
        write_record(self.results / "tables" / "aggregate.json", self.results.glob("tables/runs.csv"), **identity)
        rows = [{"source": "page 1", **row} for row in numbers]
        claims = [{"source": "page 1", "statement": "A beats B.", **row} for row in orderings]
        content = {"dataset": dataset, "source": "A paper.", "defaults": DEFAULTS, "numbers": rows, "orderings": claims}
        self.published.write_text(yaml.safe_dump(content), encoding="utf-8")
        arguments = ["--study", str(file), "--published", str(self.published)]
        main([*arguments, "--margin-accuracy", "0.001", "--margin-loss", margin_loss])
        return self.table("published"), self.table("orderings")

    def table(self, name):
        with (self.results / "tables" / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def text(self, name):
        return (self.results / "tables" / name).read_text(encoding="utf-8")


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def number(published, quantity="test_accuracy", **others):
    return {"id": "a", "quantity": quantity, "published": published, **others}


def ordering(metric="test_accuracy", name="claim", winner=None, loser=None, **others):
    return {"id": name, "metric": metric, "winner": winner or {}, "loser": loser or {"units": 16}, **others}


def test_a_number_worked_by_hand(study):
    [row], _ = study.add().check([number(0.9400)])
    assert row == {
        "id": "a",
        "quantity": "test_accuracy",
        "units": "512",
        "learning_rate": "0.001",
        "momentum": "0",
        "epochs": "5",
        "optimizer": "rmsprop",
        "published": "0.94",
        "mean": "0.98000",
        "sd": "0.01000",
        "n": "3",
        "low": "0.93032",
        "high": "1.02968",
        "distance_sd": "-4.0",
        "verdict": "reproduced",
        "repeats": "",
    }
    assert tuple(row) == NUMBER_COLUMNS


@pytest.mark.parametrize(
    ("published", "verdict"),
    [(0.9303, "not reproduced"), (0.9304, "reproduced")],  # the interval begins at 0.930317
)
def test_the_prediction_interval_decides(study, published, verdict):
    [row], _ = study.add().check([number(published)])
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("quantity", "mean"), [("test_accuracy", "0.98000"), ("test_loss", "0.06000"), ("train_accuracy", "0.90000")]
)
def test_each_quantity_has_its_own_column(study, quantity, mean):
    [row], _ = study.add(training=[0.89, 0.90, 0.91]).check([number(0.5, quantity)])
    assert row["mean"] == mean


@pytest.mark.parametrize(
    ("distance", "shown"),
    # Standard error of the distance: √(1/10 + d²/18), two digits of it are shown.
    [(0, "0.00"), (1.5, "1.50"), (-3.9, "-3.90"), (4.1, "4.1"), (40, "40.0"), (600, "600")],
)
def test_a_distance_has_the_digits_its_error_supports(study, distance, shown):
    sd = 1e-3
    values = [0.1 + sd * math.sqrt(0.9) * sign for sign in [1, -1] * 5]  # SD with n - 1: √(10 · 0.9/9) = 1
    [row], _ = study.add([0.9] * 10, values, [0.9] * 10).check([number(0.1 + distance * sd, "test_loss")])
    assert row["distance_sd"] == shown


def test_published_numbers_show_the_digits_of_their_quantity(study):
    numbers = [number(0.975) | {"id": "a"}, number(0.9778) | {"id": "b"}, number(0.1, "test_loss") | {"id": "c"}]
    rows, _ = study.add().check(numbers)
    assert [row["published"] for row in rows] == ["0.9750", "0.9778", "0.1"]


@pytest.mark.parametrize(
    "spelled",
    [{"learning_rate": "1e-4"}, {"learning_rate": 0.0001}, {"learning_rate": "0.00010"}],
)
def test_one_value_is_found_however_it_is_spelled(study, spelled):
    study.add([0.1, 0.2, 0.3]).add(learning_rate="0.0001")
    [row], _ = study.check([number(0.98, units=512.0, momentum=0.0, **spelled)])
    assert (row["learning_rate"], row["units"], row["momentum"], row["mean"]) == ("0.0001", "512", "0", "0.98000")


@pytest.mark.parametrize("factor", ["units", "learning_rate", "momentum", "batch_size", "optimizer", "epochs"])
def test_a_point_that_differs_in_any_setting_is_not_the_point(study, factor):
    other = {"momentum": 0.5, "optimizer": "adam"}.get(factor, 7)
    [row], [claim] = study.add().check([number(0.98, **{factor: other})], [ordering(loser={factor: other})])
    assert (row["verdict"], row["n"]) == ("not in this study", "0")  # 7 epochs were never reached
    assert {row[name] for name in ("mean", "sd", "low", "high", "distance_sd")} == {""}
    assert (claim["verdict"], claim["n"], claim["difference"], claim["opposite"]) == ("not in this study", "0", "", "")


def test_training_accuracy_of_the_first_epoch_comes_from_the_history(study):
    first = (1, [0.91, 0.92, 0.93], [0.1, 0.2, 0.3], [1.0, 2.0, 3.0])
    study.add(history=[first])
    rows, [claim] = study.check(
        [number(0.92, "train_accuracy", epochs=1), number(0.2, epochs=1) | {"id": "b"}],
        [ordering("train_accuracy", winner={"epochs": 5}, loser={"epochs": 1})],
    )
    assert [(row["mean"], row["epochs"]) for row in rows] == [("0.92000", "1"), ("0.2000", "1")]
    assert claim["difference"] == "0.0600000"


def test_an_epoch_on_the_way_comes_from_the_next_milestone(study):
    """5, 10 and 20 epochs: the history of each holds the epochs since the one before; 10 is not evaluated."""
    study.add(history=[(2, [0.2] * 3, [0.21, 0.22, 0.23], LOSSES)])
    study.add(epochs=20, history=[(12, [0.2] * 3, [0.41, 0.42, 0.43], LOSSES)])
    study.add([0.51, 0.52, 0.53], epochs=10, wanted=False, history=[(7, [0.2] * 3, [0.31, 0.32, 0.33], LOSSES)])
    numbers = [number(0.3, epochs=epochs) | {"id": f"e{epochs}"} for epochs in (2, 5, 7, 10, 12, 21)]
    rows, _ = study.check(numbers)
    assert [row["mean"][:4] for row in rows] == ["0.22", "0.98", "0.32", "0.52", "0.42", ""]
    assert rows[-1]["verdict"] == "not in this study"


def test_a_history_without_its_seeds_is_told_in_one_line(study):
    study.add(history=[(1, [0.91, 0.92], [0.1, 0.2], [1.0, 2.0])])
    with pytest.raises(SystemExit, match=r"^ERROR: .*epochs=5: expected the seeds 0 to 2 in history\.csv, epoch 1\."):
        study.check([number(0.92, "train_accuracy", epochs=1)])


@pytest.mark.parametrize(("runs", "sd"), [([0.98], ""), ([0.98, 0.98], "0.0000000")])
def test_runs_without_a_spread_cannot_check(study, runs, sd):
    [row], _ = study.add(runs, [0.1] * len(runs), runs).check([number(0.97)])
    assert (row["verdict"], row["distance_sd"], row["sd"], row["n"]) == ("cannot be checked", "", sd, str(len(runs)))


@pytest.mark.parametrize(
    ("quantity", "mean"),
    [("test_loss", (0.1 + 0.2 + math.log(10)) / 3), ("test_accuracy", 2.0 / 3), ("train_accuracy", 2.0 / 3)],
)
@pytest.mark.parametrize("lost", ["nan", "inf"])
def test_diverged_runs_are_scored_at_chance_and_counted(study, quantity, mean, lost):
    accuracy = [0.95, 0.95, 0.0987]
    study.add(accuracy, [0.1, 0.2, lost], [0.95, 0.95, "nan"])
    [row], _ = study.check([number(0.9, quantity)])
    assert float(row["mean"]) == pytest.approx(mean, abs=1e-3)
    assert "| 3 (1 diverged) |" in study.text("published.md")


def test_a_repeat_is_listed_but_counted_once(study):
    again = {"id": "b", "repeats": "a"}
    rows, _ = study.add().check([number(0.98), again, again | {"id": "c"}])
    assert [row["repeats"] for row in rows] == ["", "a", "a"]
    assert {name: rows[1][name] for name in NUMBER_COLUMNS[1:-1]} == {
        name: rows[0][name] for name in NUMBER_COLUMNS[1:-1]
    }
    found = summary(rows)
    assert (found.checked, found.repeats) == (1, 2)
    assert "0.98 (3 times)" in study.text("published.md")
    assert study.text("published.md").count("\n") == 3


def test_the_keras_2_rule_is_tried_where_the_study_holds_it(study):
    study.add().add(units=256).add([0.92, 0.93, 0.94], optimizer="rmsprop_keras2").add(units=64, optimizer="adam")
    study.add(units=64, optimizer="rmsprop_keras2")
    rows, _ = study.check(
        [number(0.93), number(0.98, units=256) | {"id": "b"}, number(0.98, units=64, optimizer="adam") | {"id": "c"}]
    )
    # `b` was not trained under the rule, and `c` never was about rmsprop.
    assert [(row["id"], row["optimizer"]) for row in rows] == [
        ("a", "rmsprop"),
        ("a", "rmsprop_keras2"),
        ("b", "rmsprop"),
        ("c", "adam"),
    ]
    assert rows[0]["verdict"] == "not reproduced"
    cells = {"mean": "0.93000", "sd": "0.01000", "low": "0.88032", "high": "0.97968", "distance_sd": "0.00"}
    assert rows[1] == rows[0] | cells | {"optimizer": "rmsprop_keras2", "verdict": "reproduced"}
    assert summary(rows).explained_by_keras2 == 1
    assert study.text("published.md").count("rmsprop_keras2") == 1


def test_a_repeat_is_listed_and_counted_under_both_rules(study):
    study.add().add([0.92, 0.93, 0.94], optimizer="rmsprop_keras2")
    rows, _ = study.check([number(0.93), {"id": "b", "repeats": "a"}])
    assert [(row["id"], row["optimizer"], row["repeats"], row["mean"]) for row in rows] == [
        ("a", "rmsprop", "", "0.98000"),
        ("a", "rmsprop_keras2", "", "0.93000"),
        ("b", "rmsprop", "a", "0.98000"),
        ("b", "rmsprop_keras2", "a", "0.93000"),
    ]
    assert (summary(rows).checked, summary(rows).repeats) == (1, 1)
    assert study.text("published.md").count("0.93 (2 times)") == 2


# Six pairs: all signs equal is the most extreme of 2^6 patterns, so p = 2/64 = 0.03125.
UP = [0.981, 0.982, 0.983, 0.984, 0.985, 0.986]
FLAT = [0.971, 0.970, 0.973, 0.972, 0.975, 0.974]  # UP - FLAT: 0.010, 0.012 in turn, mean 0.011


def six(study, accuracy=UP, loss=(0.1,) * 6, **levels):
    return study.add(accuracy, loss, accuracy, **levels)


def test_an_ordering_worked_by_hand(study):
    six(six(study), FLAT, units=16)
    _, [row] = study.check(orderings=[ordering(statement='Wider, "better", a|b.')])
    # SD of the differences 0.001 · √(6/5) = 0.00109545, standard error 0.00044721, t(5, 0.975) = 2.570582.
    # Wilson at 0 of 6: the upper bound is z²/(6 + z²) = 3.841459/9.841459 = 0.390334.
    assert row == {
        "id": "claim",
        "statement": 'Wider, "better", a|b.',
        "metric": "test_accuracy",
        "winner": "units=512",
        "loser": "units=16",
        "optimizer": "rmsprop",
        "n": "6",
        "difference": "0.011000",
        "low": "0.009850",
        "high": "0.012150",
        "p_holm": "0.0312",
        "verdict": "confirmed",
        "opposite": "0.00",
        "opposite_low": "0.00",
        "opposite_high": "0.39",
    }
    assert "a\\|b" in study.text("orderings.md")


@pytest.mark.parametrize(
    ("metric", "verdict", "difference", "opposite"),
    [("test_accuracy", "confirmed", 0.011, "0.00"), ("test_loss", "reversed", 0.011, "1.00")],
)
def test_higher_accuracy_wins_and_lower_loss(study, metric, verdict, difference, opposite):
    six(six(study, loss=UP), FLAT, FLAT, units=16)
    _, [row] = study.check(orderings=[ordering(metric)])
    assert (row["verdict"], row["opposite"]) == (verdict, opposite)
    assert float(row["difference"]) == pytest.approx(difference)


def test_one_seed_would_have_told_the_opposite_in_two_of_six_cases_and_a_tie(study):
    six(six(study), [0.982, 0.983, 0.983, 0.980, 0.980, 0.980], units=16)
    _, [row] = study.check(orderings=[ordering()])
    assert row["opposite"] == "0.42"  # (2 + 1/2)/6
    assert row["verdict"] == "undecided"


def test_orderings_of_one_metric_that_can_be_checked_are_one_family(study):
    six(six(six(study, loss=FLAT), FLAT, UP, units=16), FLAT, UP, units=8)
    claims = [
        ordering(name="one"),
        ordering(name="two", loser={"units": 8}),
        ordering(name="absent", loser={"units": 4}),
        ordering("test_loss", name="loss"),
    ]
    _, rows = study.check(orderings=claims)
    assert [row["id"] for row in rows] == ["one", "two", "absent", "loss"]
    assert [row["p_holm"] for row in rows] == ["0.0625", "0.0625", "", "0.0312"]
    # In a family of two, six seeds cannot reject.
    assert [row["verdict"] for row in rows] == ["undecided", "undecided", "not in this study", "confirmed"]


@pytest.mark.parametrize(("margin", "verdict"), [("0.02", "no difference that matters"), ("0.005", "confirmed")])
def test_each_metric_has_its_margin(study, margin, verdict):
    six(six(study, loss=FLAT), FLAT, UP, units=16)
    _, rows = study.check(orderings=[ordering("test_loss"), ordering(name="b")], margin_loss=margin)
    assert [row["verdict"] for row in rows] == [verdict, "confirmed"]


def test_an_ordering_is_checked_again_with_the_keras_2_rule(study):
    six(six(study), FLAT, units=16)
    six(six(study, FLAT, optimizer="rmsprop_keras2"), UP, optimizer="rmsprop_keras2", units=16)
    six(six(six(study, FLAT, units=8), optimizer="adam"), optimizer="adam", units=16)
    adam = ordering("test_loss", name="c", winner={"optimizer": "adam"}, loser={"optimizer": "adam", "units": 16})
    _, rows = study.check(orderings=[ordering(), ordering("test_loss", name="b", loser={"units": 8}), adam])
    assert [(row["id"], row["optimizer"]) for row in rows] == [
        ("claim", "rmsprop"),
        ("claim", "rmsprop_keras2"),
        ("b", "rmsprop"),  # not trained under the rule
        ("c", "adam"),  # never was about rmsprop
    ]
    assert (rows[0]["verdict"], rows[1]["verdict"]) == ("confirmed", "reversed")
    assert (rows[1]["difference"], rows[1]["opposite"], rows[1]["n"]) == ("-0.011000", "1.00", "6")
    names = ("statement", "metric", "winner", "loser")
    assert [rows[0][name] for name in names] == [rows[1][name] for name in names]
    assert study.text("orderings.md").count("rmsprop_keras2") == 1


def test_an_ordering_of_two_optimizers_names_them_as_winner_and_loser(study):
    six(six(study), FLAT, optimizer="adam")
    _, [row] = study.check(orderings=[ordering(loser={"optimizer": "adam"})])
    assert (row["winner"], row["loser"], row["optimizer"]) == ("optimizer=rmsprop", "optimizer=adam", "")
    assert "| – " in study.text("orderings.md")


def test_an_ordering_names_what_departs_from_the_defaults(study):
    claims = [
        ordering(winner={"learning_rate": 0.01}, loser={"learning_rate": "1e-3"}),
        ordering(name="b", winner={"units": 8, "momentum": 0.5}, loser={"units": 16, "momentum": 0.5}),
    ]
    _, rows = study.add().check(orderings=claims)
    assert [(row["winner"], row["loser"]) for row in rows] == [
        ("learning_rate=0.01", "learning_rate=0.001"),
        ("units=8,momentum=0.5", "units=16,momentum=0.5"),
    ]


def test_one_seed_cannot_check_an_ordering(study):
    study.add([0.98], [0.1], [0.98]).add([0.97], [0.1], [0.97], units=16)
    _, [row] = study.check(orderings=[ordering()])
    assert (row["verdict"], row["low"], row["p_holm"], row["opposite"]) == ("cannot be checked", "", "", "0.00")
    assert "| +0.010000 " in study.text("orderings.md")


def test_a_diverged_winner_is_scored_at_chance_and_counted(study):
    six(six(study, [*UP[:5], "0.0987"], [0.1] * 5 + ["nan"]), FLAT, units=16)
    _, [row] = study.check(orderings=[ordering()])
    assert float(row["difference"]) == pytest.approx(
        (0.010 + 0.012 + 0.010 + 0.012 + 0.010 + 0.1 - 0.974) / 6, abs=1e-3
    )
    assert row["opposite"] == "0.17"
    assert "6 (1 diverged)" in study.text("orderings.md")


def test_winner_and_loser_of_different_seeds_are_refused(study):
    study.add().add([0.9, 0.8], [0.1, 0.2], [0.9, 0.8], units=16)
    with pytest.raises(SystemExit, match=r"^ERROR: ordering claim: expected the same seeds of winner and loser$"):
        study.check(orderings=[ordering()])


def test_a_study_of_another_data_set_gets_headers_only(study):
    study.add()
    study.runs = []  # not even read
    rows, claims = study.check([number(0.98)], [ordering()], dataset="fashion_mnist")
    assert (rows, claims) == ([], [])
    assert study.text("published.csv") == ",".join(NUMBER_COLUMNS) + "\n"
    assert study.text("orderings.csv") == ",".join(ORDERING_COLUMNS) + "\n"
    assert study.text("published.md").startswith("| quantity")
    assert study.text("orderings.md").startswith("| claim")


def test_a_faulty_file_ends_with_a_line_for_each_problem(study):
    with pytest.raises(SystemExit) as caught:
        study.add().check([number(97.8)], [ordering("speed")])
    assert [line[: line.index("`")] for line in str(caught.value).splitlines()] == [f"ERROR: {study.published}: "] * 2
    assert not (study.results / "tables" / "published.csv").exists()


def test_tables_are_the_same_bytes_again(study):
    six(six(study), FLAT, units=16)
    study.check([number(0.98)], [ordering()])
    names = [f"{name}.{ending}" for name in ("published", "orderings") for ending in ("csv", "md")]
    before = {name: study.text(name) for name in names}
    study.check([number(0.98)], [ordering()])
    assert before == {name: study.text(name) for name in names}


def test_verdicts_are_counted():
    verdicts = [  # under the rule as published, under that of Keras 2, what is repeated
        ("reproduced", "reproduced", ""),
        ("reproduced", "not reproduced", ""),
        ("reproduced", "not reproduced", ""),
        ("reproduced", "", ""),
        ("not reproduced", "reproduced", ""),
        ("not reproduced", "reproduced", "a"),
        ("not reproduced", "not reproduced", ""),
        ("not reproduced", "cannot be checked", ""),
        ("cannot be checked", "reproduced", ""),
        ("not in this study", "", ""),
    ]
    rows = [
        {"id": f"n{place}", "optimizer": optimizer, "verdict": verdict, "repeats": repeats}
        for place, (*pair, repeats) in enumerate(verdicts)
        for optimizer, verdict in zip(("rmsprop", "rmsprop_keras2"), pair, strict=True)
        if verdict
    ]
    found = summary(rows)
    assert (found.checked, found.reproduced, found.not_reproduced) == (7, 4, 3)
    assert (found.explained_by_keras2, found.contradicted_by_keras2, found.checked_with_keras2) == (1, 2, 6)
    assert (found.cannot_be_checked, found.not_in_this_study, found.repeats) == (1, 1, 1)
    assert found.expected_by_chance == pytest.approx(0.35)
    assert summary(rows, alpha=0.1).expected_by_chance == pytest.approx(0.7)
    without = summary([{"id": "a", "optimizer": "rmsprop", "verdict": "not reproduced", "repeats": ""}])
    assert (without.not_reproduced, without.explained_by_keras2, without.checked_with_keras2) == (1, 0, 0)


def test_the_count_expected_by_chance_is_that_of_the_statistics(study):
    rows, _ = study.add().check([number(0.98), number(0.5) | {"id": "b"}, number(0.9, units=1) | {"id": "c"}])
    assert summary(rows).expected_by_chance == pytest.approx(0.1)


def test_rows_of_one_id_are_a_pair_and_the_stated_rule_comes_first():
    rows = [{"id": name, "optimizer": rule} for name, rule in ("a1", "a2", "b1", "c2")]
    assert rule_pairs(rows) == [(rows[0], rows[1]), (rows[2], None), (rows[3], None)]
