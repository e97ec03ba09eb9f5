"""Every figure of a study draws without a warning, with the same bytes twice, and only from tables of this study."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

import plot
from figures.class_names import drawable
from figures.style import STYLE
from helpers.hand_made import MARGINS, HandMade, rich_study
from helpers.written_report import DELTAS, finish

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error")]


@pytest.fixture(autouse=True)
def styled():
    """Figures look as in a study, and none stays open."""
    with matplotlib.rc_context(STYLE):
        yield
    plt.close("all")


def figures_of(study):
    """Name -> function that draws it, of a study whose tables are not made yet."""
    finish(study)
    return plot.all_figures(study.read(), MARGINS, drawable(list("0123456789")), True)


@pytest.mark.parametrize(("n", "diverged"), [(1, 1), (2, 0), (10, 3)])
def test_every_figure_draws(tmp_path, n, diverged):
    study = rich_study(tmp_path, n, diverged)
    figures = figures_of(study)
    assert set(figures) == {
        *("learning_curves", "confusion_matrix", "most_missed", "train_and_test", "forest", "published"),
        *("effective_rate", *study.summaries),
    }
    for draw in figures.values():
        draw().draw_without_rendering()


@pytest.mark.parametrize("n", [1, 2])
def test_a_sweep_of_one_value_draws(tmp_path, n):
    study = HandMade(tmp_path, {name: (name,) for name in ("units", "optimizer", "momentum", "learning_rate")})
    study.summaries |= {"grid": ("units", "batch_size"), "rule": ("optimizer", "epochs")}
    study.add("baseline units optimizer momentum learning_rate grid rule", [0.98, 0.97][:n], [0.1, 0.2][:n])
    for draw in figures_of(study).values():
        draw().draw_without_rendering()


@pytest.mark.parametrize(("accuracy", "loss"), [(0.1, np.nan), (1.0, 0.01), (0.98, 0.1)])
def test_equal_perfect_and_diverged_runs_draw(tmp_path, accuracy, loss):
    study = HandMade(tmp_path, {"units": ("units",), "grid": ("units", "batch_size")})
    for units in ("512", "64"):
        for batch_size in ("128", "64"):
            wanted_by = "baseline units grid" if (units, batch_size) == ("512", "128") else "grid"
            study.add(wanted_by, [accuracy] * 3, [loss] * 3, units=units, batch_size=batch_size)
    for draw in figures_of(study).values():
        draw().draw_without_rendering()


def test_a_study_of_vectors_shows_no_images(tmp_path):
    study = HandMade(tmp_path, {}, shape=(13,)).add("baseline", [0.98, 0.97], [0.1, 0.2])
    assert set(figures_of(study)) == {"learning_curves", "confusion_matrix", "published"}


def test_classes_without_names_are_called_by_their_labels(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98, 0.97], [0.1, 0.2])
    finish(study)
    plot.main([*study.arguments(), *DELTAS, "--dpi", "50", "--show-seeds", "true"])
    drawn = (tmp_path / "figures" / "confusion_matrix.svg").read_text()
    assert all(drawn.count(f">{label}</text>") >= 2 for label in range(10))


def test_a_study_of_the_baseline_alone_has_its_three_figures_and_the_published(tmp_path):
    figures = figures_of(HandMade(tmp_path, {}).add("baseline", [0.98, 0.97], [0.1, 0.2]))
    assert set(figures) == {"learning_curves", "confusion_matrix", "most_missed", "published"}


def test_histories_score_a_diverged_run_at_chance(tmp_path):
    histories = plot.scored_histories(HandMade(tmp_path, {}).add("baseline", [0.98, 0.1], [0.1, np.inf]).read())
    assert np.isfinite(histories["test_loss"]).all()
    last = histories[histories["epoch"] == 5]
    assert last["test_accuracy"].tolist() == [0.98, 0.1]
    assert last["test_loss"].tolist() == pytest.approx([0.1, np.log(10)])


def test_the_same_study_gives_the_same_bytes_and_no_temporary_file_stays(tmp_path):
    study = HandMade(tmp_path / "study", {"units": ("units",), "shape": ("units", "batch_size")})
    study.add("baseline units shape", [0.98, 0.982, 0.984], [0.1, 0.1, 0.13])
    study.add("units shape", [0.97, 0.098, 0.974], [0.1, np.nan, 0.13], units="64")
    figures = figures_of(study)
    names = ("confusion_matrix", "forest", "shape", "units")
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        for name in names:
            plot.save(figures[name](), folder, name, 40)
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert written[0] == written[1]
    assert list(written[0]) == [f"{name}.{kind}" for name in names for kind in ("png", "svg")]
    assert not plt.get_fignums()
    assert b"<dc:date>" not in written[0]["units.svg"]


def test_a_figure_that_fails_to_draw_leaves_nothing(tmp_path):
    figure = plt.figure()
    figure.text(0.5, 0.5, "$\\frac{$")  # no formula
    with pytest.raises(ValueError, match=r"\S"):
        plot.save(figure, tmp_path, "broken", 40)
    assert list(tmp_path.iterdir()) == []
