"""The distributions of the figures over all files of a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from mediatrans.quality.report.document import STATES, Column, FileEntry
from mediatrans.quality.report.plots import Histogram, draw_histogram

__all__ = ["Distribution", "distributions"]

_LEAST_FILES = 3
"""Fewer values are read more easily in the table."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The plot of one figure, with what is written around it.

    Attributes:
        column: The figure.
        plot: The histogram.
        spread: Median and range, in words.
        description: The plot in words, for those who do not see it.
    """

    column: Column
    plot: Histogram
    spread: str
    description: str


def distributions(
    columns: Sequence[Column], entries: Sequence[FileEntry]
) -> Iterator[Distribution]:
    """The distributions of the figures that at least three files have.

    Args:
        columns: The figures, in order.
        entries: The files.
    """
    for column in columns:
        by_state: dict[str, list[float]] = {state: [] for state in reversed(STATES)}
        for entry in entries:
            value = entry.figures.get(column.key)
            if value is not None:
                by_state[entry.state].append(value)
        values = [value for part in by_state.values() for value in part]
        if len(values) < _LEAST_FILES:
            continue
        spread = (
            f"median {column.number(median(values))}, from {column.number(min(values))} to "
            f"{column.text(max(values))}"
        )
        yield Distribution(
            column,
            draw_histogram(by_state, column.thresholds, column.usual, column.digits),
            spread,
            f"Distribution of {column.title} over {len(values)} files: {spread}",
        )
