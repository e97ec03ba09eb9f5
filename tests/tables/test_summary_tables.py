"""A sweep's or grid's table: numbers against scipy, cells for reading, diverged runs, few seeds."""

import numpy as np
import pytest
import scipy.stats

from helpers.hand_made import MARGINS, HandMade, rich_study
from tables.comparisons import compare_with_baseline
from tables.runs import levels_of
from tables.study import BASELINE
from tables.summary_tables import (
    markdown_tables,
    reading_cells,
    shortened,
    signed,
    summarise,
    summary_columns,
    table_name,
)

BASE = np.array([0.9790, 0.9801, 0.9795, 0.9788, 0.9799, 0.9803])
OTHER = BASE - np.array([0.010, 0.012, 0.011, 0.009, 0.013, 0.010])


def tables_of(study, summary):
    runs, factors = study.runs(), study.summaries[summary]
    levels = levels_of(runs, summary)
    compared = compare_with_baseline(levels, levels_of(runs, BASELINE), 0.05, MARGINS)
    rows = summarise(levels, factors, 0.05, compared)
    return rows, markdown_tables(summary, factors, 0.05, rows), compared


def test_intervals_of_noisy_seeds_end_at_0_and_1(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97, 0.2], [0.06, 0.08, 3])
    study.add("units", [0.1, 0.97, 0.4], [5, 0.08, 3], units="64")
    (noisy, baseline), markdown, (accuracy, loss) = tables_of(study, "units")
    for row in (noisy, baseline):
        assert (float(row["low"]), float(row["high"]), float(row["loss_low"])) == (0, 1, 0)
        assert float(row["loss_high"]) > 5
    assert (float(accuracy["low"]), float(accuracy["high"])) == (-1, 1)
    assert float(loss["low"]) < -1
    assert "| 0.00 … 1.00     |" in markdown


def cells_of(markdown):
    """The body rows of each Markdown table."""
    bodies = []
    for part in markdown.split("*Table: ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")][2:]
        bodies.append([[cell.strip() for cell in line.strip("|").split("|")] for line in lines])
    return bodies


def test_mean_sd_and_interval_agree_with_scipy(tmp_path):
    rows, _, _ = tables_of(HandMade(tmp_path, {"units": ("units",)}).add("baseline units", BASE, 1 - BASE), "units")
    interval = scipy.stats.t.interval(0.95, 5, BASE.mean(), scipy.stats.sem(BASE))
    assert {name: rows[0][name] for name in ("mean", "sd", "low", "high")} == {
        "mean": f"{BASE.mean():.6f}",  # standard error 0.00024: five decimals, and one more
        "sd": f"{BASE.std(ddof=1):.6f}",
        "low": f"{interval[0]:.6f}",
        "high": f"{interval[1]:.6f}",
    }


def test_one_run_has_a_mean_and_nothing_else(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98], [0.1])
    (row,), _, _ = tables_of(study, "units")
    assert [row[name] for name in ("mean", "sd", "low", "high")] == ["0.9800000", "", "", ""]


def test_the_table_repeats_the_comparison_and_marks_the_baseline(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", BASE, 1 - BASE).add("units", OTHER, 1 - OTHER, units="64")
    rows, markdown, compared = tables_of(study, "units")
    assert [list(row) for row in rows] == [summary_columns(("units",))] * 2
    assert [row["level"] for row in rows] == ["64", "512"]
    assert (rows[0]["verdict"], rows[1]["verdict"]) == ("worse", "baseline")
    assert (rows[0]["difference"], rows[0]["difference_low"]) == (compared[0]["difference"], compared[0]["low"])
    assert rows[0]["loss_difference"] == compared[1]["difference"] == "0.010833"
    accuracy, loss = cells_of(markdown)
    assert accuracy[0] == [
        *("64", "6", f"{OTHER.mean():.5f} ± {OTHER.std(ddof=1):.5f}"),
        f"{shortened(rows[0]['low'])} … {shortened(rows[0]['high'])}",
        f"-0.01083 ({signed(compared[0]['low'])} … {signed(compared[0]['high'])})",
        *("0.0312", "0.000", "worse"),
    ]
    assert accuracy[1][4:] == ["", "", "", "baseline"]
    assert loss[0][0] == "64"
    assert loss[0][4].startswith("+0.01083 (+0.0")
    assert "| 95 % interval" in markdown


def test_a_grid_has_a_column_for_each_factor(tmp_path):
    study = HandMade(tmp_path, {"rule": ("optimizer", "epochs")})
    study.add("baseline rule", BASE, 1 - BASE).add("rule", OTHER, 1 - OTHER, optimizer="adam", epochs="20")
    rows, markdown, _ = tables_of(study, "rule")
    assert rows[1]["level"] == "optimizer=adam,epochs=20"
    assert (rows[1]["optimizer"], rows[1]["epochs"]) == ("adam", "20")
    assert cells_of(markdown)[0][1][:3] == ["adam", "20", "6"]
    assert "*Table: rule.*\n\n| optimizer" in markdown
    assert "*Table: rule_loss.*" in markdown


def test_diverged_runs_are_shown(tmp_path):
    accuracy, loss = OTHER.copy(), 1 - OTHER
    accuracy[0], loss[0] = 0.098, np.nan
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", BASE, 1 - BASE).add("units", accuracy, loss, units="64")
    rows, markdown, _ = tables_of(study, "units")
    assert [row["diverged"] for row in rows] == ["1", "0"]
    assert cells_of(markdown)[0][0][1] == "6 (1 diverged)"
    assert float(rows[0]["mean"]) == pytest.approx((0.1 + OTHER[1:].sum()) / 6, abs=0.005)
    assert float(rows[0]["loss_mean"]) == pytest.approx((np.log(10) + (1 - OTHER[1:]).sum()) / 6, abs=0.005)


def test_a_sweep_of_the_baseline_alone_has_one_row(tmp_path):
    rows, markdown, compared = tables_of(
        HandMade(tmp_path, {"units": ("units",)}).add("baseline units", BASE, 1 - BASE), "units"
    )
    assert ([row["verdict"] for row in rows], compared) == (["baseline"], [])
    assert len(cells_of(markdown)[0]) == 1


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10])
@pytest.mark.parametrize("diverged", [0, 1])
def test_every_number_of_seeds_gives_whole_tables(tmp_path, recwarn, n, diverged):
    study = rich_study(tmp_path, n, diverged)
    for summary in study.summaries:
        rows, markdown, _ = tables_of(study, summary)
        assert "nan" not in markdown.lower()
        assert not {"nan", "None"} & {cell for row in rows for cell in row.values()}
        others = {row["verdict"] for row in rows} - {"baseline"}
        if n == 1:
            assert others == {"descriptive"}
            assert "±" not in markdown.split("|\n", 2)[2].replace("± SD", "")
        if n in (2, 3, 5):
            assert others <= {"inconclusive", "equivalent"}
        for body in cells_of(markdown):
            assert all(row[-2] or row[-1] == "baseline" for row in body)
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


@pytest.mark.parametrize(
    ("text", "short", "with_sign"),
    [
        *(("0.979020", "0.97902", "+0.97902"), ("-0.00306", "-0.0031", "-0.0031"), ("-0.00004", "0.0000", "0.0000")),
        *(("12.3", "12", "+12"), ("7", "7", "+7"), ("0.0", "0", "0")),
    ],
)
def test_reading_drops_the_spare_digit(text, short, with_sign):
    assert shortened(text) == short
    assert signed(text) == with_sign
    assert shortened("") == "–"


def test_names_of_tables():
    assert (table_name("units", "accuracy"), table_name("units", "loss")) == ("units", "units_loss")


def test_a_level_without_a_spread_shows_dashes():
    row = dict.fromkeys(summary_columns(("units",)), "") | {"mean": "0.980000", "difference": "0.001000"}
    row |= {"p_better": "1.000", "verdict": "descriptive"}
    assert reading_cells(row, "") == ["0.98000", "–", "+0.00100", "–", "1.000", "descriptive"]
