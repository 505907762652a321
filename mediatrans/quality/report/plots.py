"""The geometry of the page's plots: histograms, and figures over time. The template draws them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Bar", "Histogram", "Mark", "Tick", "TimePlot", "clock", "draw_histogram", "draw_times"]

WIDTH = 360
"""Width of a plot in the units of its drawing; the page scales it."""

_MARGIN = 8
_BAR_HEIGHT = 84
_TIME_HEIGHT = 110
_TIME_LEFT = 44
_MOST_BINS = 24
_MOST_POINTS = 160


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis, at a position in the drawing."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column of a histogram: the files of one state."""

    x: float
    y: float
    width: float
    height: float
    state: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point or a line in a plot with a meaning of its own; `name` is that of its style."""

    at: float
    name: str
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """How a figure is distributed over the files.

    Attributes:
        bars: The columns, stacked by state.
        ticks: The labels below.
        marks: The thresholds.
        band: Left edge and width of the usual range, or None.
        base: The height of the axis.
        most: The files in the highest column.
    """

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    band: tuple[float, float] | None
    base: float
    most: int


@dataclass(frozen=True, slots=True)
class TimePlot:
    """A figure over the time of a video.

    Attributes:
        points: The line, as the `points` of an SVG polyline.
        ticks: The labels below: times.
        levels: The labels at the left: values.
        marks: The worst moments, in their order.
        lines: The thresholds; `at` is their height.
        base: The height of the axis.
        left: Where the axis begins.
    """

    points: str
    ticks: tuple[Tick, ...]
    levels: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    lines: tuple[Mark, ...]
    base: float
    left: float


def draw_histogram(
    values: Mapping[str, Sequence[float]],
    thresholds: Mapping[str, float],
    usual: tuple[float, float] | None,
    digits: int,
) -> Histogram:
    """Lay out the histogram of one figure.

    Args:
        values: The values by state, in the order in which they are stacked; at least one value.
        thresholds: The values at which lines are drawn, by the name of their style.
        usual: The range that is shaded, or None.
        digits: The decimals that mean something.
    """
    everything = [value for part in values.values() for value in part]
    edges = _edges(everything, digits)
    low, high = float(edges[0]), float(edges[-1])
    counts = {state: np.histogram(part, edges)[0] for state, part in values.items()}
    most = int(np.sum(list(counts.values()), axis=0).max())
    column = (WIDTH - 2 * _MARGIN) / (len(edges) - 1)
    bars = []
    for place in range(len(edges) - 1):
        top = float(_BAR_HEIGHT)
        for state, count in counts.items():
            height = float(count[place]) / most * (_BAR_HEIGHT - _MARGIN)
            if height:
                top -= height
                left = _MARGIN + place * column
                bars.append(
                    Bar(_short(left), _short(top), _short(column - 1), _short(height), state)
                )

    def across(value: float) -> float:
        return _short(_MARGIN + (value - low) / (high - low) * (WIDTH - 2 * _MARGIN))

    return Histogram(
        bars=tuple(bars),
        ticks=tuple(Tick(across(value), _label(value)) for value in _round_values(low, high, 5)),
        marks=tuple(
            Mark(across(value), name) for name, value in thresholds.items() if low <= value <= high
        ),
        band=_band(usual, low, high, across),
        base=float(_BAR_HEIGHT),
        most=most,
    )


def draw_times(
    times_s: Sequence[float],
    values: Sequence[float],
    worst: Sequence[tuple[float, float]],
    thresholds: Mapping[str, float],
    digits: int,
) -> TimePlot:
    """Lay out a figure over time.

    Args:
        times_s: The times of the measured frames, ascending; at least one.
        values: The figure at these times.
        worst: The time and the value of the worst moments.
        thresholds: The values at which lines are drawn, by the name of their style.
        digits: The decimals that mean something.
    """
    low, high = _widened(min(values), max(values), digits)
    first, last = times_s[0], max(times_s[-1], times_s[0] + 0.001)

    def across(time_s: float) -> float:
        part = (time_s - first) / (last - first)
        return _short(_TIME_LEFT + part * (WIDTH - _TIME_LEFT - _MARGIN))

    def up(value: float) -> float:
        part = (value - low) / (high - low)
        return _short(_TIME_HEIGHT - part * (_TIME_HEIGHT - _MARGIN))

    shown = _extremes(times_s, values)
    return TimePlot(
        points=" ".join(f"{across(time_s):g},{up(value):g}" for time_s, value in shown),
        ticks=tuple(
            Tick(across(time_s), clock(time_s).removesuffix(".0"))
            for time_s in _round_times(first, last)
        ),
        levels=tuple(Tick(up(value), _label(value)) for value in _round_values(low, high, 3)),
        marks=tuple(Mark(across(time_s), "worst", up(value)) for time_s, value in worst),
        lines=tuple(
            Mark(up(value), name) for name, value in thresholds.items() if low <= value <= high
        ),
        base=float(_TIME_HEIGHT),
        left=float(_TIME_LEFT),
    )


def clock(time_s: float) -> str:
    """A time in a video as players show it: "0:07.4", "1:02:03.0".

    Args:
        time_s: Seconds from the beginning.
    """
    tenths = max(0, round(time_s * 10))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def _edges(values: Sequence[float], digits: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    low, high = _widened(min(values), max(values), digits)
    bins = min(_MOST_BINS, max(6, round(2 * math.sqrt(len(values)))))
    return np.linspace(low, high, bins + 1)


def _widened(low: float, high: float, digits: int) -> tuple[float, float]:
    """A range with a little room, so that differences which nobody is shown look small.

    A figure that is nowhere below 0 has no room there: it cannot be.
    """
    room = max((high - low) * 0.04, 5 * 10.0**-digits)
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _band(
    usual: tuple[float, float] | None, low: float, high: float, across: Callable[[float], float]
) -> tuple[float, float] | None:
    if usual is None or usual[1] < low or usual[0] > high:
        return None
    left, right = across(max(usual[0], low)), across(min(usual[1], high))
    return left, _short(right - left)


def _round_values(low: float, high: float, most: int) -> list[float]:
    """At most so many round values in a range: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * by for by in (1, 2, 5, 10) if power * by >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def _round_times(first: float, last: float) -> list[float]:
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    step = next((step for step in steps if (last - first) / step <= 5), 7200)
    return [n * step for n in range(math.ceil(first / step), math.floor(last / step) + 1)]


def _extremes(times_s: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """At most `_MOST_POINTS` points: the lowest and the highest of each part of a long series."""
    points = list(zip(times_s, values, strict=True))
    if len(points) <= _MOST_POINTS:
        return points
    length = -(-2 * len(points) // _MOST_POINTS)
    kept = []
    for start in range(0, len(points), length):
        part = points[start : start + length]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(ends)
    return kept


def _label(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _short(value: float) -> float:
    return round(value, 1)
