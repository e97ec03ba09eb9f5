"""Figures of sweeps and grids: every seed a dot, means at their places, lines where they mean something."""

import numpy as np
import pytest

from figures.sweep_figures import MOST_LINES, grid_figure, sweep_figure, train_and_test
from helpers.hand_made import FACTORS, HandMade, grid_study, rich_study
from tables.runs import levels_of

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("styled")]


def test_every_seed_is_a_dot_and_means_stand_where_they_should(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", [0.98, 0.982, 0.984], [0.1, 0.1, 0.13])
    study.add("units", [0.97, 0.098, 0.974], [0.1, np.nan, 0.13], units="64")
    levels = levels_of(study.runs(), "units")
    panel = sweep_figure(levels, 0.05, show_seeds=True).axes[0]
    dots = [collection.get_offsets() for collection in panel.collections if len(collection.get_offsets()) == 3]
    assert sorted(dots[0][:, 1]) == [0.1, 0.97, 0.974]  # the diverged run is shown, at chance
    assert sorted(dots[1][:, 1]) == [0.98, 0.982, 0.984]
    lines = [line.get_ydata()[0] for line in panel.lines if len(line.get_ydata()) == 1]
    assert lines == pytest.approx([(0.97 + 0.1 + 0.974) / 3, 0.982])
    without = sweep_figure(levels, 0.05, show_seeds=False).axes[0]
    assert not [collection for collection in without.collections if len(collection.get_offsets()) == 3]
    assert "dots" not in without.figure.get_suptitle()


def test_names_are_not_joined_by_a_line_but_numbers_are(tmp_path):
    runs = rich_study(tmp_path, 2).runs()
    for factor, joined in (("optimizer", False), ("units", True)):
        levels = levels_of(runs, factor)
        panel = sweep_figure(levels, 0.05, show_seeds=True).axes[0]
        lines = [line for line in panel.lines if len(line.get_xdata()) == levels["position"].nunique()]
        assert bool(lines) == joined


def test_a_grids_means_and_intervals_stand_on_its_lines(tmp_path):
    study = HandMade(tmp_path, {"rule": ("optimizer", "epochs")})
    study.add("baseline rule", [0.98, 0.982, 0.984], [0.1, 0.1, 0.13])
    study.add("rule", [0.99, 0.992, 0.997], [0.1, 0.1, 0.1], epochs="10")
    study.add("rule", [0.97, 0.97, 0.97], [0.2, 0.2, 0.2], optimizer="adam")
    study.add("rule", [0.96, 0.96, 0.96], [0.2, 0.2, 0.2], optimizer="adam", epochs="10")
    panel = grid_figure(
        levels_of(study.runs(), "rule"), {name: FACTORS[name] for name in ("optimizer", "epochs")}, 0.05
    ).axes[0]
    drawn = {container.get_label(): container for container in panel.containers}
    assert list(drawn) == ["rmsprop", "adam"]
    assert drawn["rmsprop"][0].get_xydata().tolist() == [[5, pytest.approx(0.982)], [10, pytest.approx(0.993)]]
    ((_, low), (_, high)), _ = drawn["rmsprop"][2][0].get_segments()
    assert high - low == pytest.approx(2 * 4.302653 * 0.002 / 3**0.5)  # t(2, 0.975)


def test_of_many_lines_of_a_grid_the_most_accurate_are_drawn(tmp_path):
    units = [f"{units}" for units in range(1, MOST_LINES + 2)]
    for lines in (units[:-1], units):
        runs = grid_study(tmp_path / f"{len(lines)}", "lengths", units=lines, epochs=["2", "4"]).runs()
        figure = grid_figure(levels_of(runs, "lengths"), {name: FACTORS[name] for name in ("units", "epochs")}, 0.05)
        legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert legend == lines[-MOST_LINES:]
        part = f"; of {len(units)} lines the {MOST_LINES} most accurate)" if lines == units else "mean)"
        assert figure.get_suptitle().endswith(part)
        figure.canvas.draw()


def test_the_title_over_a_single_panel_is_whole(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])
    study.add("units", [0.9, 0.92], [0.3, 0.4], units="64")
    figure = train_and_test(study.runs(), ["units"])
    figure.canvas.draw()
    title = figure.findobj(lambda artist: getattr(artist, "get_text", str)().startswith("Training ("))[0]
    assert title.get_window_extent().x0 >= 0
    assert title.get_window_extent().x1 <= figure.bbox.x1


def test_bars_of_noisy_seeds_stay_on_the_logit_axis(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",), "rule": ("optimizer", "units")})
    study.add("baseline units rule", [0.98, 0.5, 0.97], [0.06, 1.2, 0.08])
    study.add("units rule", [0.97, 0.975, 0.972], [0.1, 0.11, 0.1], units="64")
    runs = study.runs()
    drawn = {
        "sweep": sweep_figure(levels_of(runs, "units"), 0.05, show_seeds=False),
        "grid": grid_figure(levels_of(runs, "rule"), {name: FACTORS[name] for name in ("optimizer", "units")}, 0.05),
        "gap": train_and_test(runs, ["units"]),
    }
    for name, figure in drawn.items():
        panel = figure.axes[0]
        assert panel.get_yscale() == "logit"
        segments = [segment for found in panel.collections for segment in getattr(found, "get_segments", list)()]
        upper = [max(segment[:, 1]) for segment in segments if len(segment)]
        assert max(upper) == pytest.approx(1), name  # of the point whose runs differ most
        assert min(min(segment[:, 1]) for segment in segments) >= 0
        figure.canvas.draw()
        assert 0.97 < panel.get_ylim()[1] < 1
        assert panel.transData.transform([512, 1])[1] > panel.get_window_extent().y1


def test_a_long_name_of_a_grid_fits_above_the_figure(tmp_path):
    name = "w" * 40
    runs = grid_study(tmp_path, name, units=["1", "2", "3", "4", "5", "6"], epochs=["2", "4"]).runs()
    figure = grid_figure(levels_of(runs, name), {name: FACTORS[name] for name in ("units", "epochs")}, 0.05)
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent()
    assert (box.x0 >= 0, box.x1 <= figure.bbox.x1) == (True, True)


def test_training_and_test_accuracy_have_their_means_and_sds(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])
    study.add("units", [0.9, 0.92], [0.3, 0.4], units="64")
    training, test = train_and_test(study.runs(), ["units"]).axes[0].containers
    assert test[0].get_ydata().tolist() == pytest.approx([0.91, 0.975])
    assert training[0].get_ydata().tolist() == pytest.approx([0.98395] * 2)  # of the hand-made history
    bars = [np.ptp(segment[:, 1]) for segment in test[2][0].get_segments()]  # twice the SD: 0.02 / √2 and 0.01 / √2
    assert bars == pytest.approx([0.02 * 2**0.5, 0.01 * 2**0.5])
