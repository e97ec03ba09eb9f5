"""Every figure draws without a warning, shows what it should, and gives the same bytes twice."""

import itertools
import warnings
from functools import lru_cache

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import aggregate
import plot
from figures import baseline_figures, sweep_figures
from figures.comparison_figures import (
    MOST_NUMBERS,
    MOST_ROWS,
    effective_rate_figure,
    forest,
    heat_map,
    is_heat_map,
    rate_settings,
)
from figures.style import STYLE
from helpers.hand_made import IMAGES, LABELS, MARGINS, HandMade, rich_study

DIGITS = list("0123456789")


@pytest.fixture(autouse=True)
def strict():
    """No warning passes, and no figure stays open."""
    with warnings.catch_warnings(), matplotlib.rc_context(STYLE):
        warnings.simplefilter("error")
        yield
    plt.close("all")


def opened(study):
    """The plan, the runs and the comparisons of a study, as `plot.main` reads them."""
    aggregate.aggregate(study.read(), MARGINS)
    runs = sweep_figures.read_runs(study.folder / "tables" / "runs.csv")
    compared = pd.read_csv(study.folder / "tables" / "comparisons.csv", dtype=str, keep_default_na=False)
    return study.read(), runs, compared[compared["summary"].isin(study.summaries)]


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """Return the rich study of some seeds, opened once."""
    return lru_cache(lambda n, diverged: opened(rich_study(tmp_path_factory.mktemp("rich"), n, diverged)))


def all_figures(plan, runs, compared):
    """Name -> figure, every function once for every sweep and grid."""
    figures = {"forest": forest(compared, MARGINS, "95 %")}
    for name, factors in plan.summaries.items():
        if factors == (name,):
            figures[name] = sweep_figures.sweep_figure(name, plan, runs, True)
        elif is_heat_map(factors):
            figures[name] = heat_map(name, plan, sweep_figures.grid_means(name, plan, runs))
        else:
            figures[name] = sweep_figures.grid_figure(name, plan, runs)
    sweeps = [name for name, factors in plan.summaries.items() if factors == (name,)]
    if sweeps:
        figures["train_and_test"] = sweep_figures.train_and_test(plan, runs, sweeps)
    figures["effective_rate"] = effective_rate_figure(plan, sweep_figures.setting_means(plan, runs))
    figures["learning_curves"] = baseline_figures.learning_curves(plot.scored_histories(plan), 5)
    losses, predicted = plot.read_outcomes(plan)
    figures["confusion_matrix"] = baseline_figures.confusion_matrix(LABELS, predicted, DIGITS)
    images = np.zeros((IMAGES, 784), np.uint8)
    figures["most_missed"] = baseline_figures.most_missed(images, LABELS, predicted, losses, DIGITS)
    return figures


@pytest.mark.parametrize(("n", "diverged"), [(1, 1), (2, 0), (10, 3)])
def test_every_figure_draws(rich, n, diverged):
    for figure in all_figures(*rich(n, diverged)).values():
        figure.draw_without_rendering()


@pytest.mark.parametrize("n", [1, 2])
def test_a_sweep_of_one_value_draws(tmp_path, n):
    study = HandMade(tmp_path, {name: (name,) for name in ("units", "optimizer", "momentum")})
    study.summaries |= {"grid": ("units", "batch_size"), "rule": ("optimizer", "epochs")}
    study.add("baseline units optimizer momentum grid rule", [0.98, 0.97][:n], [0.1, 0.2][:n])
    for figure in all_figures(*opened(study)).values():
        figure.draw_without_rendering()


@pytest.mark.parametrize(("accuracy", "loss"), [(0.1, np.nan), (1.0, 0.01), (0.98, 0.1)])
def test_equal_perfect_and_diverged_runs_draw(tmp_path, accuracy, loss):
    study = HandMade(tmp_path, {"units": ("units",), "grid": ("units", "batch_size")})
    for units in ("512", "64"):
        for batch_size in ("128", "64"):
            wanted_by = "baseline units grid" if (units, batch_size) == ("512", "128") else "grid"
            study.add(wanted_by, [accuracy] * 3, [loss] * 3, units=units, batch_size=batch_size)
    for figure in all_figures(*opened(study)).values():
        figure.draw_without_rendering()


def test_every_seed_is_a_dot_and_means_stand_where_they_should(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)})
    study.add("baseline units", [0.98, 0.982, 0.984], [0.1, 0.1, 0.13])
    study.add("units", [0.97, 0.098, 0.974], [0.1, np.nan, 0.13], units="64")
    plan, runs, _ = opened(study)
    panel = sweep_figures.sweep_figure("units", plan, runs, True).axes[0]
    dots = [collection.get_offsets() for collection in panel.collections if len(collection.get_offsets()) == 3]
    assert sorted(dots[0][:, 1]) == [0.1, 0.97, 0.974]  # the diverged run is shown, at chance
    assert sorted(dots[1][:, 1]) == [0.98, 0.982, 0.984]
    lines = [line.get_ydata()[0] for line in panel.lines if len(line.get_ydata()) == 1]
    assert lines == pytest.approx([(0.97 + 0.1 + 0.974) / 3, 0.982])
    without = sweep_figures.sweep_figure("units", plan, runs, False).axes[0]
    assert not [collection for collection in without.collections if len(collection.get_offsets()) == 3]
    assert "dots" not in without.figure.get_suptitle()


def test_names_are_not_joined_by_a_line_but_numbers_are(rich):
    plan, runs, _ = rich(2, 0)
    for factor, joined in (("optimizer", False), ("units", True)):
        panel = sweep_figures.sweep_figure(factor, plan, runs, True).axes[0]
        lines = [line for line in panel.lines if len(line.get_xdata()) == len(plan.levels(factor))]
        assert bool(lines) == joined


def test_the_forest_shows_every_difference_with_its_interval(rich):
    _, _, compared = rich(10, 3)
    figure = forest(compared, MARGINS, "95 %")
    for panel, metric in zip(figure.axes, MARGINS, strict=True):
        rows = compared[compared["metric"] == metric]
        drawn = [line.get_xdata()[0] for line in panel.lines if line.get_marker() not in ("None", None, "")]
        assert drawn == [float(text) for text in rows["difference"]]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[:2] == ["10", "20"]
    assert "optimizer rmsprop_keras2, epochs 5" in names
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert legend == set(compared["verdict"])


def test_a_forest_too_tall_is_cut_and_says_so():
    row = {"difference": "0.001", "low": "-0.001", "high": "0.003", "verdict": "inconclusive", "summary": "units"}
    rows = [row | {"metric": metric, "level": f"{level}"} for metric in MARGINS for level in range(1, MOST_ROWS + 2)]
    figure = forest(pd.DataFrame(rows), MARGINS, "95 %")
    assert f"first {MOST_ROWS} of {MOST_ROWS + 1}" in figure.get_suptitle()
    assert len(figure.axes[0].get_yticks()) == MOST_ROWS


def test_the_heat_map_shows_each_mean_at_its_place(rich):
    plan, runs, _ = rich(2, 0)
    means = sweep_figures.grid_means("shape", plan, runs)
    panel = heat_map("shape", plan, means).axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["32", "512", "1024"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["128", "256"]
    shown = {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}
    assert shown == {
        (column, row): f"{means['accuracy'][units, batch_size]:.4f}"
        for column, units in enumerate(("32", "512", "1024"))
        for row, batch_size in enumerate(("128", "256"))
    }


def grid_study(folder, name, **factors):
    """The study of one grid, opened; the accuracy rises by 0.0001 from each point to the next."""
    study = HandMade(folder, {name: tuple(factors)})
    study.add("baseline", [0.9, 0.9], [0.5, 0.5])
    for place, values in enumerate(itertools.product(*factors.values())):
        levels = dict(zip(factors, values, strict=True))
        study.add(name, [0.97 + 0.0001 * place] * 2, [0.1, 0.11], **levels)
    return opened(study)[:2]


def test_cells_too_narrow_for_numbers_get_a_scale_instead(tmp_path):
    for columns in (MOST_NUMBERS, MOST_NUMBERS + 1):
        factors = {"units": [f"{units}" for units in range(1, columns + 1)], "batch_size": ["64", "256"]}
        plan, runs = grid_study(tmp_path / f"{columns}", "shape", **factors)
        figure = heat_map("shape", plan, sweep_figures.grid_means("shape", plan, runs))
        with_numbers = columns == MOST_NUMBERS
        assert len(figure.axes[0].texts) == (2 * columns if with_numbers else 0)
        assert [axes.get_ylabel() for axes in figure.axes[2:]] == ([] if with_numbers else ["test error", "test loss"])
        assert len(figure.axes[0].get_xticks()) == columns
        figure.canvas.draw()


def test_of_many_lines_of_a_grid_the_most_accurate_are_drawn(tmp_path):
    units = [f"{units}" for units in range(1, sweep_figures.MOST_LINES + 2)]
    for lines in (units[:-1], units):
        plan, runs = grid_study(tmp_path / f"{len(lines)}", "lengths", units=lines, epochs=["2", "4"])
        figure = sweep_figures.grid_figure("lengths", plan, runs)
        legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert legend == lines[-sweep_figures.MOST_LINES :]
        part = f"; of {len(units)} lines the {sweep_figures.MOST_LINES} most accurate)" if lines == units else "mean)"
        assert figure.get_suptitle().endswith(part)
        figure.canvas.draw()


def test_of_many_momenta_some_far_apart_are_drawn(tmp_path):
    for count, drawn in ((5, ["0", "0.1", "0.2", "0.3", "0.4"]), (9, ["0", "0.2", "0.4", "0.6", "0.8"])):
        momenta = ["0", *(f"{step / 10}" for step in range(1, count))]
        plan, runs = grid_study(tmp_path / f"{count}", "both", learning_rate=["0.01", "0.1"], momentum=momenta)
        figure = effective_rate_figure(plan, sweep_figures.setting_means(plan, runs))
        assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == drawn
        assert figure.get_suptitle().endswith(" (5 of 9 momenta)" if count == 9 else "rate?")


@pytest.mark.parametrize(
    ("factors", "is_one"),
    [
        *((("units", "batch_size"), True), (("learning_rate", "momentum"), True), (("optimizer", "units"), False)),
        *((("units", "epochs"), False), (("units", "batch_size", "momentum"), False)),
    ],
)
def test_heat_maps_are_for_two_numbers(factors, is_one):
    assert is_heat_map(factors) == is_one


def test_effective_rates_take_points_that_differ_in_rate_and_momentum_alone(tmp_path):
    plan = rich_study(tmp_path, 1).read()
    told = [(m.levels["learning_rate"], m.levels["momentum"]) for m in rate_settings(plan)]
    assert sorted(told) == sorted(
        [
            ("0.001", "0"),
            ("0.0001", "0"),
            ("0.01", "0"),
            ("0.1", "0"),
            ("0.001", "0.5"),
            ("0.001", "0.9"),
            ("0.001", "0.99"),
        ]
    )


def test_the_confusion_matrix_counts_images_a_seed():
    labels = np.array([0, 0, 1, 1], dtype=np.uint8)
    predicted = np.array([[0, 1, 1, 1], [0, 0, 1, 1]], dtype=np.uint8)
    panel = baseline_figures.confusion_matrix(labels, predicted, ["a", "b"]).axes[0]
    shown = {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}
    assert shown == {(0, 0): "2", (1, 0): "0.5", (1, 1): "2"}


def test_most_missed_images_come_first_and_a_small_test_set_draws():
    labels = np.array([3, 4, 5], dtype=np.uint8)
    predicted = np.array([[3, 9, 6], [3, 9, 5]], dtype=np.uint8)
    figure = baseline_figures.most_missed(np.zeros((3, 784), np.uint8), labels, predicted, np.ones((2, 3)), DIGITS)
    titles = [panel.get_title() for panel in figure.axes if panel.get_visible()]
    assert titles == ["4, seen as 9\n2 of 2 seeds", "5, seen as 6\n1 of 2 seeds", "3, seen as –\n0 of 2 seeds"]


CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def test_long_names_of_classes_stay_apart():
    """Every image mistaken for the one of the longest name: no title reaches into the next."""
    labels = np.tile(np.arange(1, 10, dtype=np.uint8), 3)[:24]
    figure = baseline_figures.most_missed(
        np.zeros((24, 784), np.uint8), labels, np.zeros((1, 24), int), np.ones((1, 24)), CLOTHES
    )
    figure.canvas.draw()
    titles = [panel.title.get_window_extent() for panel in figure.axes]
    assert len(titles) == 24
    assert [pair for pair in itertools.combinations(titles, 2) if pair[0].overlaps(pair[1])] == []


def test_counts_of_errors_can_be_read_on_every_blue():
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    times = np.round(np.geomspace(1, 500, 100)).astype(int)  # each pair of classes once, more and more often
    labels, predicted = (np.repeat(classes.ravel(), times) for classes in np.indices((10, 10)))
    figure = baseline_figures.confusion_matrix(labels, predicted[None], CLOTHES)
    panel = figure.axes[0]
    (image,) = panel.images
    blues = image.cmap(image.norm(image.get_array()))
    errors = [text for text in panel.texts if text.get_fontweight() != "bold"]
    assert {text.get_color() for text in errors} == {"black", "white"}
    for text in errors:
        said, true = text.get_position()
        light, dark = sorted((luminance(blues[true, said]), float(text.get_color() == "white")), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4.4


def test_the_title_over_a_single_panel_is_whole(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])
    plan, runs, _ = opened(study.add("units", [0.9, 0.92], [0.3, 0.4], units="64"))
    figure = sweep_figures.train_and_test(plan, runs, ["units"])
    figure.canvas.draw()
    title = figure.findobj(lambda artist: getattr(artist, "get_text", str)().startswith("Training ("))[0]
    assert title.get_window_extent().x0 >= 0
    assert title.get_window_extent().x1 <= figure.bbox.x1


def test_learning_curves_score_a_diverged_run_at_chance(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98, 0.1], [0.1, np.inf])
    histories = plot.scored_histories(study.read())
    assert np.isfinite(histories["test_loss"]).all()
    panel = baseline_figures.learning_curves(histories, 5).axes[1]
    test = next(line for line in panel.lines if line.get_label() == "test")
    assert test.get_ydata()[-1] == pytest.approx((0.98 + 0.1) / 2)
    assert len(test.get_ydata()) == 5


def test_the_same_study_gives_the_same_bytes_and_no_temporary_file_stays(tmp_path):
    study = HandMade(tmp_path / "study", {"units": ("units",), "shape": ("units", "batch_size")})
    study.add("baseline units shape", [0.98, 0.982, 0.984], [0.1, 0.1, 0.13])
    study.add("units shape", [0.97, 0.098, 0.974], [0.1, np.nan, 0.13], units="64")
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        plan, runs, compared = opened(study)
        _, predicted = plot.read_outcomes(plan)
        plot.save(sweep_figures.sweep_figure("units", plan, runs, True), folder, "units", 40)
        plot.save(forest(compared, MARGINS, "95 %"), folder, "forest", 40)
        plot.save(heat_map("shape", plan, sweep_figures.grid_means("shape", plan, runs)), folder, "shape", 40)
        plot.save(baseline_figures.confusion_matrix(LABELS, predicted, DIGITS), folder, "confusion", 40)
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert written[0] == written[1]
    assert sorted(written[0]) == sorted(
        f"{name}.{ending}" for name in ("units", "forest", "shape", "confusion") for ending in ("png", "svg")
    )
    assert not plt.get_fignums()
    assert b"<dc:date>" not in written[0]["units.svg"]


def test_a_figure_that_fails_to_draw_leaves_nothing(tmp_path):
    figure = plt.figure()
    figure.text(0.5, 0.5, "$\\frac{$")  # no formula
    with pytest.raises(ValueError, match=r"\S"):
        plot.save(figure, tmp_path, "broken", 40)
    assert list(tmp_path.iterdir()) == []
