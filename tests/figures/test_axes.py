"""Axes that suit the values: scales, ticks, dots side by side."""

import itertools

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from figures.axes import MOST_TICKS, accuracy_scale, factor_axis, loss_scale


@pytest.fixture
def panel():
    figure, panel = plt.subplots()
    yield panel
    plt.close(figure)


@pytest.mark.parametrize(
    ("names", "scale"),
    [
        *((["32", "64", "512", "1024"], "log"), (["0.00001", "0.1"], "log"), (["5", "10", "20"], "linear")),
        *((["0", "0.5", "0.9", "0.95", "0.99"], "even"), (["rmsprop", "adam"], "even"), (["512"], "linear")),
        *((["1", "19.9"], "linear"), (["1", "20"], "log"), (["adam"], "even"), (["0", "100"], "linear")),
    ],
)
def test_scale_by_values(names, scale):
    axis = factor_axis(names)
    assert axis.scale == scale
    assert axis.numeric == (names[0] not in ("rmsprop", "adam"))
    if scale == "even":
        assert axis.positions == list(range(len(names)))
    else:
        assert axis.positions == [float(name) for name in names]


@pytest.mark.parametrize("names", [["32", "1024"], ["5", "10"], ["0", "0.9", "0.95"], ["adam"], ["512"]])
def test_dots_spread_around_their_level(names):
    axis = factor_axis(names)
    for count in (1, 2, 10):
        places = axis.spread(axis.positions[0], count)
        assert len(set(places.tolist())) == count
        centre = np.exp(np.log(places).mean()) if axis.scale == "log" else places.mean()
        assert centre == pytest.approx(axis.positions[0])
    assert axis.spread(axis.positions[0], 1)[0] == axis.positions[0]


@pytest.mark.parametrize(
    ("names", "rotation"),
    [
        (["5", "10", "20"], 0),
        (["rmsprop", "rmsprop_keras2", "adam"], 0),
        (["512"], 0),
        (["32", "64", "100", "128", "256", "1024"], 45),
    ],
)
def test_one_tick_a_level_turned_where_two_would_touch(panel, names, rotation):
    axis = factor_axis(names)
    axis.apply(panel)
    assert [label.get_text() for label in panel.get_xticklabels()] == names
    assert {label.get_rotation() for label in panel.get_xticklabels()} == {rotation}


@pytest.mark.parametrize(
    ("levels", "named"),
    [
        ([f"{level}" for level in range(MOST_TICKS)], MOST_TICKS),  # too close for a scale, so evenly spread
        ([f"{level}" for level in range(3 * MOST_TICKS)], MOST_TICKS),
        ([f"{level}" for level in range(3 * MOST_TICKS + 1)], MOST_TICKS * 3 // 4 + 1),
    ],
)
def test_of_too_many_levels_some_are_named(panel, levels, named):
    axis = factor_axis(levels)
    assert axis.scale == "even"
    axis.apply(panel)
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert len(labels) == named
    assert labels == levels[:: len(levels) // named + (len(levels) % named > 0)]


def test_too_many_values_on_a_scale_are_left_to_its_ticks(panel):
    axis = factor_axis([f"{level}" for level in range(1, 1_000)])
    axis.apply(panel)
    assert panel.get_xscale() == "log"
    panel.set_xlim(1, 1_000)
    assert {1, 10, 100} <= set(panel.get_xticks()) < set(range(100_000)) | {0.01, 0.1}
    assert len(panel.get_xticks()) < 10


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0.1, 0.98], "logit"), ([0.95, 0.98], "linear"), ([0.0, 0.9], "linear"), ([0.9, 1.0], "linear")],
)
def test_accuracies_are_stretched_near_1(panel, values, scale):
    accuracy_scale(panel, values)
    assert panel.get_yscale() == scale


@pytest.mark.parametrize(("values", "scale"), [([0.06, 2.3], "log"), ([0.06, 0.1], "linear"), ([0.0, 2.3], "linear")])
def test_losses_on_a_log_axis_where_they_span_much(panel, values, scale):
    loss_scale(panel, np.array(values))
    assert panel.get_yscale() == scale
    if scale == "log":
        assert panel.yaxis.get_majorticklocs().tolist() == pytest.approx([0.1, 0.2, 0.5, 1, 2])


@pytest.mark.parametrize(
    ("scale", "values", "bars", "low", "high"),
    [
        (accuracy_scale, [0.1, 0.98], [[0.0, 0.96], [1.0, 0.99]], 0.1, 0.99),
        (accuracy_scale, [0.5, 0.98], [[0.3, 0.96], [1.0, 0.99]], 0.3, 0.99),
        (loss_scale, [0.06, 2.3], [[0.0, 0.02], [9.0, 0.1]], 0.02, 9),
    ],
)
def test_a_bar_beyond_the_scale_runs_to_the_edge_and_the_others_end_within(panel, scale, values, bars, low, high):
    panel.plot([1, 2], values, "o")
    panel.vlines([1, 2], *bars)
    scale(panel, values, bars)
    panel.figure.canvas.draw()
    bottom, top = panel.get_ylim()
    assert 0 < bottom < low
    assert high < top < (1 if scale is accuracy_scale else 20)
    lines = panel.transData.transform(np.array([[1, bars[0][0]], [1, bars[1][0]]]))[:, 1]
    assert np.isfinite(lines).all()
    box = panel.get_window_extent()
    assert lines[0] <= box.y0 or bars[0][0] > 0
    assert lines[1] >= box.y1 or bars[1][0] not in (1.0,)


def test_without_such_a_bar_the_limits_are_matplotlibs(panel):
    other = panel.figure.add_subplot()
    for axes, bars in ((panel, ()), (other, [[0.05, 0.96], [0.99, np.nan]])):
        axes.plot([1, 2], [0.1, 0.98], "o")
        accuracy_scale(axes, [0.1, 0.98], bars)
    assert panel.get_ylim() == other.get_ylim()


def test_ticks_of_accuracy_stand_apart(panel):
    panel.plot([1, 2], [0.05, 0.995], "o")
    accuracy_scale(panel, [0.05, 0.995])
    panel.set_ylim(0.04, 0.996)
    panel.figure.set_size_inches(4, 3.4)
    panel.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in panel.get_yticklabels() if label.get_text()]
    assert len(boxes) > 5
    assert not any(below.overlaps(above) for below, above in itertools.pairwise(boxes))
