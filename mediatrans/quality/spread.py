"""The spread of the figures over the held-out pictures of a model's card, and places in it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mediatrans.quality.figures import FIGURES, FileFigures

__all__ = ["LEAST_PICTURES", "PERCENTS", "Spread", "place_in", "read_spread", "spread_of"]

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
"""The percentiles that a card has of each figure."""

LEAST_PICTURES = 10
"""Fewer pictures have no percentiles."""

Spread = Mapping[str, Mapping[int, float]]
"""Percentiles by the keys of `FIGURES`."""


def spread_of(pictures: Iterable[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The percentiles of figures over pictures, as a card has them.

    Args:
        pictures: The figures of each picture.

    Returns:
        For each figure p01, p05 and so on; empty for fewer than 10 pictures.
    """
    rows = list(pictures)
    table = {}
    for name in FIGURES:
        values = [row[name] for row in rows if name in row]
        if len(values) >= LEAST_PICTURES:
            found = np.percentile(values, PERCENTS)
            table[name] = {
                f"p{percent:02}": float(value)
                for percent, value in zip(PERCENTS, found, strict=True)
            }
    return table


def read_spread(table: Any) -> Spread:
    """The percentiles of a card; figures that are damaged or unknown are left out.

    Args:
        table: What `spread_of` made, read back from a card.
    """
    found: dict[str, dict[int, float]] = {}
    for name in FIGURES:
        entry = table.get(name) if isinstance(table, Mapping) else None
        if not isinstance(entry, Mapping):
            continue
        values = [entry.get(f"p{percent:02}") for percent in PERCENTS]
        numbers = [float(v) for v in values if isinstance(v, int | float) and np.isfinite(v)]
        if len(numbers) == len(PERCENTS) and numbers == sorted(numbers):
            found[name] = dict(zip(PERCENTS, numbers, strict=True))
    return found


def place_in(figures: FileFigures, spread: Spread) -> FileFigures:
    """The figures of a file with their places among the pictures of a card.

    A mean below the first percentile is at 0, one above the 99th at 100; in between the place is
    interpolated.

    Args:
        figures: The figures of a file.
        spread: The percentiles.
    """
    percentiles, unlike = {}, []
    for name, statistics in figures.statistics.items():
        if name not in spread:
            continue
        values = [spread[name][percent] for percent in PERCENTS]
        is_below, is_above = statistics.mean < values[0], statistics.mean > values[-1]
        place = 0.0 if is_below else 100.0 if is_above else _interpolated(statistics.mean, values)
        percentiles[name] = place
        if is_below or is_above:
            unlike.append(name)
    return replace(figures, percentiles=percentiles, unlike=tuple(unlike))


def _interpolated(value: float, values: list[float]) -> float:
    return float(np.interp(value, values, PERCENTS))
