"""Axes that suit the values: which scale a factor, an accuracy or a loss is drawn on."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

MOST_TICKS = 30  # on a panel 3 inches wide; more levels than these are not all named


@dataclass(frozen=True)
class FactorAxis:
    """Where the levels of a factor stand on the horizontal axis.

    Attributes:
        names: canonical texts of the levels.
        positions: their places in data coordinates.
        scale: `log` where the values span decades, `linear` where they are far enough apart to be read, `even` for
            names and for values that would crowd (a momentum of 0.9, 0.95 and 0.99).
    """

    names: list[str]
    positions: list[float]
    scale: str

    @property
    def numeric(self) -> bool:
        """Whether a line between two levels has a meaning."""
        return all(_is_number(name) for name in self.names)

    def spread(self, position: float, count: int) -> np.ndarray:
        """Return `count` places around a position, so that dots of equal height do not hide each other."""
        steps = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
        if self.scale == "log":
            ratio = self.positions[-1] / self.positions[0]
            return position * ratio ** (0.012 * steps)
        width = (self.positions[-1] - self.positions[0]) or 1
        return position + 0.012 * width * steps

    def apply(self, panel) -> None:
        """Set scale and ticks: one tick a level, labels turned where two would touch on a panel 3 inches wide.

        Of too many levels, names stand at every second, third, …; values are left to the ticks of their scale.
        """
        if self.scale == "log":
            panel.set_xscale("log")
        else:
            panel.margins(x=0.08)
        if len(self.names) > MOST_TICKS and self.scale != "even":
            return
        panel.xaxis.set_minor_locator(NullLocator())
        places = np.log(self.positions) if self.scale == "log" else np.array(self.positions)
        nearest = min(np.diff(places)) / (places[-1] - places[0]) if len(places) > 1 else 1
        crowded = nearest < 0.035 * max(map(len, self.names))
        step = math.ceil(len(self.names) / MOST_TICKS)
        panel.set_xticks(self.positions[::step], self.names[::step], rotation=45 if crowded else 0, fontsize=8)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def factor_axis(names: list[str]) -> FactorAxis:
    """Choose the scale for a factor's levels, given in ascending order."""
    if not all(_is_number(name) for name in names):
        return FactorAxis(names, [float(place) for place in range(len(names))], "even")
    values = [float(name) for name in names]
    if values[0] > 0 and values[-1] / values[0] >= 20:
        return FactorAxis(names, values, "log")
    if len(values) < 2 or min(np.diff(values)) >= 0.06 * (values[-1] - values[0]):
        return FactorAxis(names, values, "linear")
    return FactorAxis(names, [float(place) for place in range(len(names))], "even")


def accuracy_scale(panel, values, bars=()) -> None:
    """Stretch an accuracy axis near 1 where the values need it: equal steps are equal ratios of errors to hits.

    Args:
        panel: the panel, its values and bars drawn.
        values: what decides about the scale.
        bars: ends of the bars around them, any shape, within 0 and 1.
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low < 0.04 or low <= 0 or high >= 1:
        return
    ticks = [0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999, 0.9995]
    panel.set_yscale("logit", nonpositive="clip")
    _keep_in_view(panel, values, bars, 0, 1)
    shown = [tick for tick in ticks if low * 0.98 <= tick <= high + 0.3 * (1 - high)]
    panel.yaxis.set_major_locator(FixedLocator(_apart(panel, shown)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_minor_locator(NullLocator())


def loss_scale(panel, values, bars=()) -> None:
    """Draw losses on a log axis where they span half a decade or more; arguments as of `accuracy_scale`."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low <= 0 or high / low < 3:
        return
    panel.set_yscale("log")
    _keep_in_view(panel, values, bars, 0, math.inf)
    ticks = [mantissa * 10.0**power for power in range(-4, 7) for mantissa in (1, 2, 5)]
    panel.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low * 0.9 <= tick <= high * 1.1]))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_formatter(NullFormatter())


def _apart(panel, ticks: list[float]) -> list[float]:
    """Return ticks without those too close, for their labels, to the one before; the panel's scale is set."""
    places = panel.yaxis.get_transform().transform(ticks)
    kept = []
    for tick, place in zip(ticks, places, strict=True):
        if not kept or place - kept[-1][1] > 0.055 * (places[-1] - places[0]):
            kept.append((tick, place))
    return [tick for tick, _ in kept]


def _keep_in_view(panel, values, bars, lowest: float, highest: float) -> None:
    """Where a bar ends at a value that the scale has no place for, let it run to the edge, and the others end within.

    Elsewhere the limits are Matplotlib's.
    """
    ends = np.ravel(bars)
    ends = ends[np.isfinite(ends)]
    inside = ends[(ends > lowest) & (ends < highest)]
    if len(inside) == len(ends):
        return
    everything = np.concatenate([np.ravel(values), inside])
    scale = panel.yaxis.get_transform()
    low, high = scale.transform([everything.min(), everything.max()])
    margin = 0.08 * (high - low)
    panel.set_ylim(*scale.inverted().transform([low - margin, high + margin]))
