"""The figure shows every published number once, at its distance, with a marker that tells its verdict."""

import io
import itertools

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from figures.published_figure import published_figure
from figures.style import BLUE, GREEN, ORANGE, STYLE
from published.rows import number_columns

NUMBER_COLUMNS = number_columns(["units", "learning_rate", "momentum", "batch_size", "optimizer", "epochs"])


def row(name, quantity="test_accuracy", published="0.9700", distance="-1.00", verdict="reproduced", **others):
    """A row of published.csv: runs of mean 0.98, SD 0.01, prediction interval ± 0.025."""
    settings = {"units": "512", "learning_rate": "0.001", "momentum": "0", "epochs": "5", "optimizer": "rmsprop"}
    runs = {"mean": "0.98000", "sd": "0.01000", "n": "10", "low": "0.95500", "high": "1.00500"}
    number = {"id": name, "quantity": quantity, "published": published, "distance_sd": distance, "verdict": verdict}
    return dict.fromkeys(NUMBER_COLUMNS, "") | settings | runs | number | others


UNKNOWN = {"verdict": "not in this study", "mean": "", "sd": "", "n": "0", "low": "", "high": "", "distance": ""}
ROWS = [
    row("a", "train_accuracy", epochs="1"),
    row("b", published="0.9900", distance="1.00"),
    row("b", published="0.9900", optimizer="rmsprop_keras2", mean="0.99500", low="0.98000", high="1.01000"),
    row("c", published="0.6800", distance="-30.0", verdict="not reproduced", learning_rate="0.0001"),
    row("b2", distance="1.00", repeats="b"),
    row("d", units="64", **UNKNOWN),
    row("e", "test_loss", published="0.1300", distance="7.0", verdict="not reproduced", momentum="0.9"),
]


@pytest.fixture
def drawn():
    figure = published_figure(pd.DataFrame(ROWS))
    figure.canvas.draw()
    yield figure
    plt.close(figure)


def points(panel, marker):
    """Places (x, y) of the points of one marker, from top to bottom."""
    places = [(*map(float, np.ravel(line.get_xydata())),) for line in panel.lines if line.get_marker() == marker]
    return sorted(places, key=lambda place: place[1])


def texts(panel):
    return [text.get_text() for text in panel.texts]


def test_accuracy_and_loss_are_apart_and_repeats_left_out(drawn):
    accuracy, loss = drawn.axes
    assert [panel.get_title(loc="left") for panel in drawn.axes] == ["Accuracy", "Loss"]
    names = ["training, epochs 1", "as usual", "learning rate 0.0001", "hidden units 64"]
    assert [label.get_text() for label in accuracy.get_yticklabels()] == names
    assert [label.get_text() for label in loss.get_yticklabels()] == ["momentum 0.9"]
    assert "hidden units 512, learning rate 0.001, momentum 0, epochs 5" in drawn.get_suptitle()
    assert accuracy.get_ylim()[0] > 3 > 0 > accuracy.get_ylim()[1]  # first row on top


def test_crosses_stand_at_their_distance_and_tell_the_verdict(drawn):
    accuracy, loss = drawn.axes
    assert points(accuracy, "P") == [(-1, 0), (1, 1)]
    assert points(accuracy, "X") == [(-30, 2)]
    assert (points(loss, "P"), points(loss, "X")) == ([], [(7, 0)])
    colours = {line.get_marker(): line.get_color() for line in accuracy.lines}
    assert (colours["P"], colours["X"]) == (BLUE, ORANGE)
    assert points(accuracy, "|") == [(0, 0), (0, 1), (0, 2)]


def test_bars_are_prediction_intervals_in_standard_deviations(drawn):
    bars = [c.get_segments()[0] for c in drawn.axes[0].collections if c.get_linewidth()[0] == 7]
    assert len(bars) == 3
    for place, bar in enumerate(bars):
        assert bar == pytest.approx(np.array([[-2.5, place], [2.5, place]]))


def test_the_keras_2_rule_is_an_open_marker_with_its_interval(drawn):
    [(x, y)] = points(drawn.axes[0], "D")
    assert x == pytest.approx(1.5)
    assert 1 < y < 1.5
    [line] = [line for line in drawn.axes[0].lines if line.get_marker() == "D"]
    assert line.get_markerfacecolor() == "white"
    green = matplotlib.colors.to_rgba(GREEN)
    [interval] = [c.get_segments()[0] for c in drawn.axes[0].collections if tuple(c.get_color()[0]) == green]
    assert interval[:, 0] == pytest.approx([0, 3])


def test_values_stand_beside_and_what_was_not_checked_is_said(drawn):
    accuracy, loss = drawn.axes
    assert "not in this study" in texts(accuracy)
    assert [text for text in texts(accuracy) if text.startswith("0.")] == [
        *("0.9700", "0.9800", "0.9900", "0.9800", "0.6800", "0.9800", "0.9700"),
    ]
    assert texts(loss) == ["0.1300", "0.9800", "published", "runs"]


def test_the_axis_is_linear_near_the_mean_and_logarithmic_beyond(drawn):
    across = drawn.axes[1].transData.transform([(x, 0) for x in (0, 1, 4, 5, 20, 35)])[:, 0]
    steps = np.diff(across)
    assert steps[1] == pytest.approx(3 * steps[0])
    assert steps[4] < steps[0]
    labels = {label.get_text() for label in drawn.axes[1].get_xticklabels()}
    assert labels == {"0"} | {f"{sign}{tick}" for sign in "+-" for tick in (1, 2, 3, 5, 10, 20)}
    low, high = drawn.axes[1].get_xlim()
    assert low < -30
    assert high > 7


def test_nothing_is_cut_off_or_overlaps(drawn):
    renderer = drawn.canvas.get_renderer()
    page = drawn.bbox
    accuracy, loss = drawn.axes
    for panel in drawn.axes:
        box = panel.get_tightbbox(renderer)
        assert box.x0 >= page.x0 - 1
        assert box.x1 <= page.x1 + 1
        labels = [label.get_window_extent(renderer) for label in panel.get_yticklabels()]
        assert all(upper.y0 >= lower.y1 - 1 for upper, lower in itertools.pairwise(labels))
        columns = [text.get_window_extent(renderer) for text in panel.texts if text.get_text() in ("published", "runs")]
        assert columns[0].x1 < columns[1].x0
    assert accuracy.get_tightbbox(renderer).y0 >= loss.get_tightbbox(renderer).y1 - 1
    [legend] = drawn.legends
    assert legend.get_window_extent(renderer).y1 <= loss.get_tightbbox(renderer).y0 + 1
    smallest = min(text.get_fontsize() for text in drawn.findobj(matplotlib.text.Text) if text.get_text())
    assert smallest >= 8  # 11 pixels of 800 in 8 inches
    assert drawn.get_size_inches()[0] == 8


def test_the_legend_names_what_is_drawn(drawn):
    labels = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert len(labels) == 4
    plain = published_figure(pd.DataFrame([ROWS[0]]))
    labels = [text.get_text() for text in plain.legends[0].get_texts()]
    assert labels == ["published, reproduced", "runs: mean, prediction interval of one more"]
    plt.close(plain)


def test_numbers_read_without_dtype_give_the_same_figure(tmp_path, drawn):
    pd.DataFrame(ROWS).to_csv(tmp_path / "published.csv", index=False)
    figure = published_figure(pd.read_csv(tmp_path / "published.csv"))
    for panel, other in zip(figure.axes, drawn.axes, strict=True):
        assert points(panel, "P") == points(other, "P")
        assert points(panel, "X") == points(other, "X")
        names = [[label.get_text() for label in shown.get_yticklabels()] for shown in (panel, other)]
        assert names[0] == names[1]
    plt.close(figure)


@pytest.mark.parametrize(
    ("rows", "panels"),
    [
        ([], 1),
        ([row("a", **UNKNOWN)], 1),
        ([row("a", "test_loss")], 1),
        ([row("a", distance="40000", verdict="not reproduced"), row("b", "test_loss", **UNKNOWN)], 2),
        ([row("a", verdict="cannot be checked", sd="", low="", high="", distance="", n="1")], 1),
        ([row(f"n{i}", units=str(i)) for i in range(80)], 1),
    ],
)
def test_any_table_can_be_drawn(rows, panels):
    figure = published_figure(pd.DataFrame(rows, columns=list(NUMBER_COLUMNS)))
    assert len(figure.axes) == panels
    figure.savefig(io.BytesIO(), dpi=40)
    plt.close(figure)


def test_the_same_table_gives_the_same_bytes():
    pictures = []
    with plt.rc_context(STYLE):
        for _ in range(2):
            figure, picture = published_figure(pd.DataFrame(ROWS)), io.BytesIO()
            figure.savefig(picture, format="svg", metadata={"Date": None, "Creator": None})
            pictures.append(picture.getvalue())
            plt.close(figure)
    assert pictures[0] == pictures[1]
