"""Figures of the baseline: learning curves, confusion matrix, the most missed test images."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from figures.class_names import in_lines, is_right_to_left, width
from figures.style import GREY, SERIES
from tables.quantities import counted

TITLE_SIZE, TITLE_WIDTH = 7, 90  # points; of a line above an image
MOST_NUMBERED = 20  # classes; cells of more are too small for a number


def learning_curves(histories: pd.DataFrame, baseline_epochs: int) -> plt.Figure:
    """Draw loss and accuracy of the baseline by epoch: mean and ± 1 SD over seeds, training and test."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    for panel, quantity in zip(panels, ("loss", "accuracy"), strict=True):
        for subset, (colour, marker, dashes) in zip(("train", "test"), SERIES, strict=False):
            by_epoch = histories.groupby("epoch")[f"{subset}_{quantity}"].agg(["mean", "std"]).fillna({"std": 0})
            mean, sd = by_epoch["mean"], by_epoch["std"]
            name = "training (running mean)" if subset == "train" else "test"
            panel.plot(mean.index, mean, color=colour, marker=marker, linestyle=dashes, markersize=3, label=name)
            panel.fill_between(mean.index, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
        panel.axvline(baseline_epochs, color=GREY, linewidth=0.8, linestyle=":")
        panel.set(xlabel="epoch", ylabel=quantity)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.legend()
    seeds = histories["seed"].nunique()
    figure.suptitle(f"The baseline, epoch by epoch ({counted(seeds, 'seed')}, band: ± 1 SD)")
    return figure


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, names: list[str]) -> plt.Figure:
    """Draw how often the baseline takes one class for another, in images a seed.

    Args:
        labels: uint8 (n,).
        predicted: uint8 (seeds, n).
        names: of the classes.
    """
    classes = len(names)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (np.broadcast_to(labels, predicted.shape).ravel(), predicted.ravel()), 1 / len(predicted))
    errors = counts.copy()
    np.fill_diagonal(errors, np.nan)
    with_numbers = classes <= MOST_NUMBERED
    cell = 0.42 if with_numbers else 0.2  # inches
    widest = max(width(name, plt.rcParams["font.size"]) for name in names) / 72
    growth, room = max(0, cell * classes - 4.2), widest - 0.5 if widest > 0.9 else 0
    figure, panel = plt.subplots(figsize=(6.2 + growth + room, 5.4 + growth + 1.1 * room))
    highest = max(1.0, np.nanmax(errors))
    image = panel.imshow(np.where(errors > 0, errors, np.nan), cmap="Blues", norm=LogNorm(0.1, highest))
    for true, said in np.ndindex(counts.shape) if with_numbers else ():
        value = counts[true, said]
        if true == said:
            panel.text(
                said, true, f"{value:.0f}", ha="center", va="center", fontsize=7, color="black", fontweight="bold"
            )
        elif value > 0:
            dark = value > highest**0.72 * 0.1**0.28  # here black and white stand out as well as each other
            panel.text(
                said, true, f"{value:.1f}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )
    rotation = 0 if widest < 0.8 * cell else 90
    panel.set_xticks(range(classes), names, rotation=rotation, parse_math=False)
    panel.set_yticks(range(classes), names, parse_math=False)
    panel.set(xlabel="predicted class", ylabel="true class")
    panel.grid(False)
    figure.colorbar(image, label="misclassified images a seed", shrink=0.8)
    diagonal = "diagonal: correct" if with_numbers else "errors alone"
    figure.suptitle(f"Confusion matrix of the baseline (mean of {counted(len(predicted), 'seed')}, {diagonal})")
    return figure


def most_missed(
    images: np.ndarray, labels: np.ndarray, predicted: np.ndarray, losses: np.ndarray, names: list[str]
) -> plt.Figure:
    """Draw the test images that most seeds of the baseline get wrong, the highest mean loss first among equals.

    Args:
        images: uint8 or float32 (n, height, width, channels).
        labels: uint8 (n,).
        predicted: uint8 (seeds, n).
        losses: float32 (seeds, n).
        names: of the classes.
    """
    misses = (predicted != labels).sum(axis=0)
    order = np.lexsort((-losses.mean(axis=0), -misses))[:24]
    low, high = (0, 255) if images.dtype == np.uint8 else (images.min(), images.max())
    short = max(map(len, names)) < 3 and not any(map(is_right_to_left, names))
    titles = []
    for index in order:
        wrong = predicted[:, index][predicted[:, index] != labels[index]]
        said = f"seen as {names[np.bincount(wrong).argmax()] if len(wrong) else '–'}"
        true = names[labels[index]]
        # Two words and "seen as" are wider than an image.
        lines = [f"{true}, {said}"] if short else [in_lines(text, TITLE_SIZE, TITLE_WIDTH) for text in (true, said)]
        titles.append("\n".join([*lines, f"{misses[index]} of {len(predicted)} seeds"]))
    more_lines = max(0, max(title.count("\n") for title in titles) - 2)
    figure, panels = plt.subplots(4, 6, figsize=(8, 6.4 + 0.47 * more_lines))
    for panel in panels.flat[len(order) :]:
        panel.set_visible(False)
    for panel, index, title in zip(panels.flat, order, titles, strict=False):
        panel.imshow(as_picture(images[index], low, high), cmap="gray_r", vmin=low, vmax=high)
        panel.set_axis_off()
        panel.set_title(title, fontsize=TITLE_SIZE, parse_math=False)
    figure.suptitle("The most missed test images of the baseline: true class, most frequent error")
    return figure


def as_picture(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return what Matplotlib shows of an image: colours if it has three or four channels, else their mean in grey.

    Args:
        image: uint8 or float32 (height, width, channels).
        low: what is shown as black in colours, for floats.
        high: what is shown as full colour.

    Returns:
        (height, width, 3) or (height, width).
    """
    if image.shape[2] in (3, 4):
        colours = image[..., :3]
        return colours if image.dtype == np.uint8 else np.clip((colours - low) / ((high - low) or 1), 0, 1)
    return image[..., 0] if image.shape[2] == 1 else image.mean(axis=2)
