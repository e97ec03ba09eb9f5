"""Figures of the baseline: counts in the confusion matrix, the most missed images, learning curves; all can be read."""

import itertools

import numpy as np
import pandas as pd
import pytest

from figures.baseline_figures import confusion_matrix, learning_curves, most_missed

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("styled")]

DIGITS = list("0123456789")
CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def test_the_confusion_matrix_counts_images_a_seed():
    labels = np.array([0, 0, 1, 1], dtype=np.uint8)
    predicted = np.array([[0, 1, 1, 1], [0, 0, 1, 1]], dtype=np.uint8)
    panel = confusion_matrix(labels, predicted, ["a", "b"]).axes[0]
    shown = {tuple(map(int, text.get_position())): text.get_text() for text in panel.texts}
    assert shown == {(0, 0): "2", (1, 0): "0.5", (1, 1): "2"}


def test_most_missed_images_come_first_and_a_small_test_set_draws():
    labels = np.array([3, 4, 5], dtype=np.uint8)
    predicted = np.array([[3, 9, 6], [3, 9, 5]], dtype=np.uint8)
    figure = most_missed(np.zeros((3, 28, 28, 1), np.uint8), labels, predicted, np.ones((2, 3)), DIGITS)
    titles = [panel.get_title() for panel in figure.axes if panel.get_visible()]
    assert titles == ["4, seen as 9\n2 of 2 seeds", "5, seen as 6\n1 of 2 seeds", "3, seen as –\n0 of 2 seeds"]


def test_names_of_two_letters_from_right_to_left_stand_on_lines_of_their_own():
    """On one line, the order of the two would be that of the letters: from right to left."""
    arguments = [np.zeros((1, 28, 28, 1), np.uint8), np.array([0], np.uint8), np.array([[1]]), np.ones((1, 1))]
    figure = most_missed(*arguments, ["אב", "גד"])
    assert figure.axes[0].get_title() == "אב\nseen as גד\n1 of 1 seeds"


NAMES = {
    "clothes": CLOTHES,
    "forty letters": ["W" * 38 + f"{number:02}" for number in range(10)],
    "47 classes": list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
    "47 numbers": [str(number) for number in range(47)],
    "47 long names": [f"A long name of a class, number {number:02}, yes" for number in range(47)],
    "right to left": ["سيارة", "بيت", "كلب", "قطة كبيرة جدا", "شجرة", "كتاب", "قلم", "باب", "شمس", "قمر"],
}


def boxes(figure, texts):
    """Return where texts stand, after a look at whether they stand apart and within the figure."""
    figure.canvas.draw()
    found = [text.get_window_extent() for text in texts]
    assert [pair for pair in itertools.combinations(found, 2) if pair[0].overlaps(pair[1])] == []
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in found)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in found)
    return found


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_names_of_classes_stay_apart(names):
    """Every image mistaken for the one of the longest name: no title reaches into the next."""
    labels = np.tile(np.arange(1, 10, dtype=np.uint8), 3)[:24]
    figure = most_missed(np.zeros((24, 28, 28, 1), np.uint8), labels, np.zeros((1, 24), int), np.ones((1, 24)), names)
    assert len(boxes(figure, [panel.title for panel in figure.axes])) == 24
    classes = np.arange(len(names))
    figure = confusion_matrix(classes, np.roll(classes, 1)[None], names)
    panel = figure.axes[0]
    for axis in (panel.xaxis, panel.yaxis):
        assert len(boxes(figure, [*axis.get_ticklabels(), axis.label])) == len(names) + 1
    assert len(boxes(figure, panel.texts)) == (2 * len(names) if len(names) <= 20 else 0)
    assert panel.get_window_extent().width > 200


@pytest.mark.parametrize(
    ("channels", "dtype", "shown"),
    [
        (1, np.uint8, (5, 9)),
        (2, np.uint8, (5, 9)),
        (3, np.uint8, (5, 9, 3)),
        (4, np.uint8, (5, 9, 3)),
        (1, np.float32, (5, 9)),
        (3, np.float32, (5, 9, 3)),
        (7, np.float32, (5, 9)),
    ],
)
def test_images_of_any_size_and_channels_are_shown(channels, dtype, shown):
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 9, channels)).astype(dtype)
    if dtype == np.float32:
        images = images / 64 - 1
    labels, predicted = np.zeros(4, np.uint8), np.array([[1, 0, 0, 0]])
    figure = most_missed(images, labels, predicted, np.arange(4)[None], ["a", "b"])
    figure.draw_without_rendering()
    (picture,) = figure.axes[0].images
    array = np.asarray(picture.get_array())
    assert array.shape == shown
    if channels in (3, 4):
        expected = images[0, ..., :3]
        if dtype == np.float32:
            expected = (expected - images.min()) / np.ptp(images)
        np.testing.assert_allclose(array, expected, rtol=1e-5)
    else:
        np.testing.assert_allclose(array, images[0].mean(axis=2))
        limits = (0, 255) if dtype == np.uint8 else (images.min(), images.max())
        assert picture.get_clim() == limits


def test_images_without_any_contrast_are_shown():
    for channels in (1, 3):
        images = np.ones((2, 3, 3, channels), np.float32)
        most_missed(
            images, np.zeros(2, int), np.ones((1, 2), int), np.ones((1, 2)), ["a", "b"]
        ).draw_without_rendering()


def test_counts_of_errors_can_be_read_on_every_blue():
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    times = np.round(np.geomspace(1, 500, 100)).astype(int)  # each pair of classes once, more and more often
    labels, predicted = (np.repeat(classes.ravel(), times) for classes in np.indices((10, 10)))
    figure = confusion_matrix(labels, predicted[None], CLOTHES)
    panel = figure.axes[0]
    (image,) = panel.images
    blues = image.cmap(image.norm(image.get_array()))
    errors = [text for text in panel.texts if text.get_fontweight() != "bold"]
    assert {text.get_color() for text in errors} == {"black", "white"}
    for text in errors:
        said, true = text.get_position()
        light, dark = sorted((luminance(blues[true, said]), float(text.get_color() == "white")), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4.4


def test_learning_curves_show_mean_and_sd_of_every_epoch():
    rows = [(0, 1, 0.90, 0.4), (1, 1, 0.94, 0.2), (0, 2, 0.97, 0.1), (1, 2, 0.98, 0.2)]
    histories = pd.DataFrame(rows, columns=["seed", "epoch", "test_accuracy", "test_loss"])
    histories[["train_accuracy", "train_loss"]] = 0.5
    figure = learning_curves(histories, 2)
    panel = figure.axes[1]
    test = next(line for line in panel.lines if line.get_label() == "test")
    assert test.get_xydata().tolist() == [[1, pytest.approx(0.92)], [2, pytest.approx(0.975)]]
    heights = panel.collections[1].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.92 - 0.0008**0.5, 0.975 + 0.00005**0.5))
    assert "2 seeds" in figure.get_suptitle()
