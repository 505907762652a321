"""The sections of single files on a page: pictures, figures over time, and a table of figures."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mediatrans.quality.change import WHITE
from mediatrans.quality.report.document import Column, FileEntry
from mediatrans.quality.report.plots import TimePlot, clock, draw_times
from mediatrans.quality.samples import Sample

__all__ = ["Card", "NumberedEntry", "build_card"]

_PLACES = {"worst": "Worst frame", "median": "Median frame", "best": "Best frame"}


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """A file with its place in the order from worst to best, from 1."""

    number: int
    entry: FileEntry
    has_card: bool


@dataclass(frozen=True, slots=True)
class _Moment:
    """The pictures of one frame, as data addresses; `back` is None if there is no way back."""

    title: str
    time: str
    size: tuple[int, int]
    source: str
    result: str
    back: str | None
    change: str


@dataclass(frozen=True, slots=True)
class _OverTime:
    column: Column
    plot: TimePlot
    description: str


@dataclass(frozen=True, slots=True)
class _FigureRow:
    column: Column
    value: str
    usual: str
    percentile: str
    is_unusual: bool


@dataclass(frozen=True, slots=True)
class _WorstRow:
    time: str
    values: str


@dataclass(frozen=True, slots=True)
class Card:
    """A file's section as the template takes it."""

    number: int
    entry: FileEntry
    moments: tuple[_Moment, ...]
    times: tuple[_OverTime, ...]
    worst: tuple[_WorstRow, ...]
    figures: tuple[_FigureRow, ...]
    has_usual: bool
    has_percentile: bool
    white: int = WHITE


def build_card(
    numbered: NumberedEntry,
    columns: Sequence[Column],
    samples: Sequence[Sample],
    *,
    with_plots: bool = True,
) -> Card:
    """A file's section.

    Args:
        numbered: The file.
        columns: The figures, in order.
        samples: Its pictures, those that fit into the page.
        with_plots: Whether its figures over time are drawn.
    """
    entry = numbered.entry
    measured = [column for column in columns if entry.figures.get(column.key) is not None]
    rows = tuple(_figure_row(entry, column) for column in measured)
    return Card(
        number=numbered.number,
        entry=entry,
        moments=tuple(_moment(sample, entry.kind) for sample in samples),
        times=tuple(_over_time(entry, columns)) if with_plots else (),
        worst=tuple(_worst(entry, columns)),
        figures=rows,
        has_usual=any(row.usual for row in rows),
        has_percentile=any(row.percentile for row in rows),
    )


def _moment(sample: Sample, kind: str) -> _Moment:
    title = _PLACES[sample.place] if kind == "video" else "Picture"
    time = ""
    if kind == "video":
        at = f"frame {sample.index + 1}"
        time = at if sample.time_s is None else f"{clock(sample.time_s)}, {at}"
    return _Moment(
        title,
        time,
        sample.size,
        _data(sample.source),
        _data(sample.result),
        None if sample.back is None else _data(sample.back),
        _data(sample.change),
    )


def _data(picture: bytes) -> str:
    kind = "webp" if picture.startswith(b"RIFF") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _over_time(entry: FileEntry, columns: Sequence[Column]) -> Iterator[_OverTime]:
    by_key = {series.key: series for series in entry.series}
    for column in _deciding(columns):
        series = by_key.get(column.key)
        if series is None or len(series.values) < 2:
            continue
        worst = [
            (one.time_s, one.values[column.key]) for one in entry.worst if column.key in one.values
        ]
        low, high = min(series.values), max(series.values)
        yield _OverTime(
            column,
            draw_times(series.times_s, series.values, worst, column.thresholds, column.digits),
            f"{column.title} over time: from {column.number(low)} to {column.text(high)} in "
            f"{len(series.values)} frames, {clock(series.times_s[0])} to "
            f"{clock(series.times_s[-1])}",
        )


def _deciding(columns: Sequence[Column]) -> Sequence[Column]:
    """The figures that decide the verdict; all where none does."""
    return [column for column in columns if column.limits is not None] or columns


def _worst(entry: FileEntry, columns: Sequence[Column]) -> Iterator[_WorstRow]:
    for one in entry.worst:
        values = [
            f"{column.title} {column.text(one.values[column.key])}"
            for column in _deciding(columns)
            if column.key in one.values
        ]
        yield _WorstRow(clock(one.time_s), ", ".join(values))


def _figure_row(entry: FileEntry, column: Column) -> _FigureRow:
    value, usual = entry.figures[column.key], column.usual
    percentile = entry.percentiles.get(column.key)
    return _FigureRow(
        column,
        column.text(value),
        "" if usual is None else f"{column.number(usual[0])} to {column.number(usual[1])}",
        "" if percentile is None else f"{percentile:.0f}",
        column.key in entry.unlike,
    )
