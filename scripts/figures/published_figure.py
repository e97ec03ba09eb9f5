"""Figure of the published numbers: each against the runs of its point, in standard deviations of these runs."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from design.labels import label_of
from figures.style import BLUE, GREEN, GREY, ORANGE

# Colour and cross of each verdict; upright or slanted tells them apart in grey.
VERDICTS = {"reproduced": (BLUE, "P"), "not reproduced": (ORANGE, "X")}
CROSS = {"markersize": 8, "markeredgecolor": "white"}
INTERVAL = {"color": GREY, "alpha": 0.35, "linewidth": 7}
MEAN = {"color": "black", "linestyle": "none", "marker": "|", "markersize": 8, "markeredgewidth": 1.4}
KERAS2 = {"color": GREEN, "marker": "D", "markerfacecolor": "white", "markersize": 5}
VALUE_PLACES = (1.085, 1.165)  # right ends of the two columns of values, in widths of the panel
LINEAR_UP_TO = 5  # SDs; beyond, the axis is logarithmic
TICKS, FAR_TICKS = (1, 2, 3, 5, 10, 20, 50, 100), (2, 5, 20, 100, 1000, 10_000)
INCHES_PER_ROW = 0.27


def published_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw every published number, repeats left out, as its distance from the mean of the runs of its point.

    Args:
        table: `published.csv`, cells as text or as numbers.

    Returns:
        One panel for accuracy, one for loss, a row a number: its cross, mean and prediction interval of the runs, the
        same with the Keras 2 rule where it was tried, all in SDs of the runs; on the right the values themselves.
    """
    printed = table[table["repeats"].fillna("").astype(str) == ""]
    again = printed["id"].duplicated()  # a number's second row is that under the update rule of Keras 2
    numbers, keras2 = printed[~again], printed[again].set_index("id").to_dict("index")
    is_loss = numbers["quantity"] == "test_loss"
    groups = [(name, rows) for name, rows in (("Accuracy", numbers[~is_loss]), ("Loss", numbers[is_loss])) if len(rows)]
    if not groups:
        figure, panel = plt.subplots(figsize=(8, 1.5), layout="constrained")
        panel.set_axis_off()
        panel.text(0.5, 0.5, "No published number to compare with", ha="center", va="center")
        return figure
    columns = list(numbers.columns)
    factors = columns[columns.index("quantity") + 1 : columns.index("optimizer")]
    usual = {factor: numbers[factor].astype(str).mode()[0] for factor in factors}
    heights = [len(rows) + 0.9 for _, rows in groups]  # 0.9 rows for a group's name
    figure, panels = plt.subplots(
        len(groups),
        sharex=True,
        squeeze=False,
        figsize=(8, INCHES_PER_ROW * sum(heights) + 1.6),
        height_ratios=heights,
        layout="constrained",
    )
    for panel, (name, rows) in zip(panels.flat, groups, strict=True):
        _draw_group(panel, name, rows, keras2, usual)
    _distance_axis(panels.flat[-1])
    settings = ", ".join(f"{label_of(factor)} {value}" for factor, value in usual.items())
    figure.suptitle(f"Published numbers against the runs of this study\n(unless a row says otherwise: {settings})")
    legend = _legend(numbers, bool(keras2))
    figure.legend(list(legend.values()), list(legend), loc="outside lower center", ncols=2, fontsize=8.5)
    return figure


def _draw_group(panel, name: str, rows: pd.DataFrame, keras2: dict[str, dict], usual: dict[str, str]) -> None:
    """Draw the rows of one group from top to bottom, and their values in two columns beside the panel."""
    decimals = max(len(str(value).partition(".")[2]) for value in rows["published"])
    beside = {"ha": "right", "va": "center", "fontsize": 8, "transform": panel.get_yaxis_transform()}
    records = rows.to_dict("records")
    for place, row in enumerate(records):
        if row["verdict"] in VERDICTS:
            _draw_number(panel, place, row, keras2.get(row["id"], {}))
        else:
            panel.text(0, place, row["verdict"], ha="center", va="center", fontsize=8, color=GREY, style="italic")
        for column, key in zip(VALUE_PLACES, ("published", "mean"), strict=True):
            value = _number(row, key)
            panel.text(column, place, f"{value:.{decimals}f}" if pd.notna(value) else "–", **beside)
    for column, text in zip(VALUE_PLACES, ("published", "runs"), strict=True):
        panel.text(column, -0.95, text, **beside)
    panel.set_title(name, loc="left", fontsize=9.5, fontweight="bold")
    panel.set_yticks(range(len(rows)), [_label(row, usual) for row in records], fontsize=8.5)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)


def _draw_number(panel, place: int, row: dict, keras2: dict) -> None:
    """Draw one number: the runs' interval and mean, the Keras 2 rule's a little below, the cross on top."""
    mean, sd, distance = (_number(row, key) for key in ("mean", "sd", "distance_sd"))
    low, high = ((_number(row, key) - mean) / sd for key in ("low", "high"))
    keras2_mean, keras2_low, keras2_high = ((_number(keras2, key) - mean) / sd for key in ("mean", "low", "high"))
    colour, cross = VERDICTS[row["verdict"]]
    panel.hlines(place, low, high, zorder=1, **INTERVAL)
    panel.hlines(place, 0, distance, color=colour, linewidth=0.9, linestyle=":", zorder=2)
    panel.plot(0, place, zorder=3, **MEAN)
    if pd.notna(keras2_mean):
        panel.hlines(place + 0.3, keras2_low, keras2_high, color=GREEN, linewidth=1.2, zorder=2)
        panel.plot(keras2_mean, place + 0.3, zorder=4, **KERAS2)
    panel.plot(distance, place, marker=cross, color=colour, zorder=5, **CROSS)


def _label(row: dict, usual: dict[str, str]) -> str:
    """Return what sets a row apart: training metrics, and settings other than the usual ones."""
    settings = [f"{label_of(factor)} {row[factor]}" for factor, value in usual.items() if str(row[factor]) != value]
    return ", ".join([*(["training"] if row["quantity"] == "train_accuracy" else []), *settings]) or "as usual"


def _number(row: dict, column: str) -> float:
    """Return a cell as a number, NaN where it is empty or its column missing."""
    return float(pd.to_numeric(row.get(column), errors="coerce"))


def _distance_axis(panel) -> None:
    """Set the axis of distances: linear near the mean, logarithmic far from it."""
    low, high = panel.get_xlim()
    limits = [limit * (1.15 if abs(limit) > LINEAR_UP_TO else 1) for limit in (min(low, -3), max(high, 3))]
    furthest = max(map(abs, limits))
    ticks = [tick for tick in TICKS if tick <= furthest] if furthest <= TICKS[-1] else FAR_TICKS
    panel.set_xscale("symlog", linthresh=LINEAR_UP_TO, linscale=1.3)
    panel.set_xlim(limits)
    panel.xaxis.set_major_locator(FixedLocator([*(-tick for tick in ticks), 0, *ticks]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    panel.set_xlabel("published number minus mean of the runs, in SDs of the runs")


def _legend(numbers: pd.DataFrame, with_keras2: bool) -> dict[str, Line2D | tuple[Line2D, ...]]:
    """Return the legend's handles by label: only what is drawn."""
    entries: dict[str, Line2D | tuple[Line2D, ...]] = {}
    for verdict, (colour, cross) in VERDICTS.items():
        if (numbers["verdict"] == verdict).any():
            entries[f"published, {verdict}"] = Line2D([], [], marker=cross, color=colour, linestyle="none", **CROSS)
    if entries:
        entries["runs: mean, prediction interval of one more"] = (Line2D([], [], **INTERVAL), Line2D([], [], **MEAN))
    if with_keras2:
        entries["the same with the update rule of Keras 2"] = Line2D([], [], linewidth=1.2, **KERAS2)
    return entries
