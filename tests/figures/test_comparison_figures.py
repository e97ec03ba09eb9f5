"""Figures of comparisons: every difference with its interval, every mean at its place, every rate once."""

import pandas as pd
import pytest

from figures.comparison_figures import (
    MOST_NUMBERS,
    MOST_ROWS,
    effective_rate_figure,
    forest,
    heat_map,
    is_heat_map,
    rate_points,
)
from helpers.hand_made import FACTORS, MARGINS, HandMade, grid_study, rich_study
from tables.comparisons import compare_with_baseline
from tables.runs import levels_of
from tables.study import BASELINE

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("styled")]


def compared(study):
    """The rows of every comparison with the baseline."""
    runs = study.runs()
    baseline = levels_of(runs, BASELINE)
    found = [compare_with_baseline(levels_of(runs, name), baseline, 0.05, MARGINS) for name in study.summaries]
    return pd.DataFrame([row for rows in found for row in rows])


def test_the_forest_shows_every_difference_with_its_interval(tmp_path):
    found = compared(rich_study(tmp_path, 10, 3))
    figure = forest(found, MARGINS, "95 %")
    for panel, metric in zip(figure.axes, MARGINS, strict=True):
        rows = found[found["metric"] == metric]
        drawn = [line.get_xdata()[0] for line in panel.lines if line.get_marker() not in ("None", None, "")]
        assert drawn == [float(text) for text in rows["difference"]]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[:2] == ["10", "20"]
    assert "optimizer rmsprop_keras2, epochs 5" in names
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert legend == set(found["verdict"])


def test_a_forest_too_tall_is_cut_and_says_so():
    row = {"difference": "0.001", "low": "-0.001", "high": "0.003", "verdict": "inconclusive", "summary": "units"}
    rows = [row | {"metric": metric, "level": f"{level}"} for metric in MARGINS for level in range(1, MOST_ROWS + 2)]
    figure = forest(pd.DataFrame(rows), MARGINS, "95 %")
    assert f"first {MOST_ROWS} of {MOST_ROWS + 1}" in figure.get_suptitle()
    assert len(figure.axes[0].get_yticks()) == MOST_ROWS


def test_the_heat_map_shows_each_mean_at_its_place(tmp_path):
    levels = levels_of(rich_study(tmp_path, 2).runs(), "shape")
    means = levels.groupby(["units", "batch_size"])["test_accuracy"].mean()
    panel = heat_map(levels, ("units", "batch_size")).axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["32", "512", "1024"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["128", "256"]
    shown = {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}
    assert shown == {
        (column, row): f"{means[units, batch_size]:.4f}"
        for column, units in enumerate(("32", "512", "1024"))
        for row, batch_size in enumerate(("128", "256"))
    }


def test_cells_too_narrow_for_numbers_get_a_scale_instead(tmp_path):
    for columns in (MOST_NUMBERS, MOST_NUMBERS + 1):
        factors = {"units": [f"{units}" for units in range(1, columns + 1)], "batch_size": ["64", "256"]}
        runs = grid_study(tmp_path / f"{columns}", "shape", **factors).runs()
        figure = heat_map(levels_of(runs, "shape"), ("units", "batch_size"))
        with_numbers = columns == MOST_NUMBERS
        assert len(figure.axes[0].texts) == (2 * columns if with_numbers else 0)
        assert [axes.get_ylabel() for axes in figure.axes[2:]] == ([] if with_numbers else ["test error", "test loss"])
        assert len(figure.axes[0].get_xticks()) == columns
        figure.canvas.draw()


def test_of_many_momenta_a_few_far_apart_are_drawn(tmp_path):
    for count, drawn in ((5, ["0", "0.1", "0.2", "0.3", "0.4"]), (9, ["0", "0.2", "0.4", "0.6", "0.8"])):
        momenta = ["0", *(f"{step / 10}" for step in range(1, count))]
        study = grid_study(tmp_path / f"{count}", "both", learning_rate=["0.01", "0.1"], momentum=momenta)
        figure = effective_rate_figure(study.runs(), FACTORS)
        assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == drawn
        assert figure.get_suptitle().endswith(" (5 of 9 momenta)" if count == 9 else "rate?")


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        *((("units", "batch_size"), True), (("learning_rate", "momentum"), True), (("optimizer", "units"), False)),
        *((("units", "epochs"), False), (("units", "batch_size", "momentum"), False)),
    ],
)
def test_heat_maps_are_for_two_numbers(factors, expected):
    assert is_heat_map({factor: FACTORS[factor] for factor in factors}) == expected


def test_effective_rates_take_points_that_differ_in_rate_and_momentum_alone(tmp_path):
    points = rate_points(rich_study(tmp_path, 2).runs(), FACTORS)
    assert points[["effective_rate", "momentum"]].to_numpy().tolist() == [
        *(["0.0001", "0"], ["0.001", "0"], ["0.002", "0.5"], ["0.01", "0"]),
        *(["0.01", "0.9"], ["0.1", "0"], ["0.1", "0.99"]),
    ]


def test_effective_rates_are_drawn_at_their_means(tmp_path):
    study = HandMade(tmp_path, {"momentum": ("momentum",), "learning_rate": ("learning_rate",)})
    study.add("baseline momentum learning_rate", [0.98, 0.97], [0.1, 0.2])
    study.add("momentum", [0.96, 0.97], [0.1, 0.2], momentum="0.9")
    study.add("learning_rate", [0.95, 0.94], [0.1, 0.2], learning_rate="0.01")
    panel = effective_rate_figure(study.runs(), FACTORS).axes[0]
    drawn = {line.get_label(): line.get_xydata().tolist() for line in panel.lines}
    assert drawn["0"] == [pytest.approx([0.001, 0.975]), pytest.approx([0.01, 0.945])]
    assert drawn["0.9"] == [pytest.approx([0.01, 0.965])]
