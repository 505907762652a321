"""The page of a conversion: the rows of its report as a document."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from mediatrans.quality.figures import FIGURES, FileFigures
from mediatrans.quality.report.document import (
    Column,
    Document,
    FileEntry,
    Series,
    WorstMoment,
)
from mediatrans.quality.report.file_names import common_folder, link_to, short_name
from mediatrans.quality.report.ranking import state_of, worst_first
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.quality.spread import Spread, read_spread
from mediatrans.quality.verdict import limits_of
from mediatrans.zoo.find import Generator

__all__ = ["conversion_page"]

_MOST_WORST = 5
_KINDS = {"image": "picture", "video": "video", None: ""}


def conversion_page(
    report: Report,
    generator: Generator | None,
    folder: Path,
    made: datetime,
    notice: str | None = None,
) -> Document:
    """The document of a conversion.

    Args:
        report: The report.
        generator: The generator that translated; None if it is not known.
        folder: Where the page will be: files are linked relative to it.
        made: The time that the page bears.
        notice: Why the report is incomplete, a sentence; None if it is complete.
    """
    domains = None if generator is None else (generator.origin, generator.to)
    spread = read_spread({} if generator is None else generator.percentiles)
    rows = worst_first(report.jobs)
    common = common_folder([row.input for row in rows])
    frames = sum(row.frames for row in rows)
    took = timedelta(seconds=round(sum(row.seconds for row in rows)))
    facts = [("Model", report.model or "none"), ("Files", str(len(rows))), ("Frames", str(frames))]
    if common is not None:
        facts.append(("Folder", str(common)))
    facts += [("Took", str(took)), ("Made", f"{made:%Y-%m-%d %H:%M}")]
    return Document(
        title=" \N{RIGHTWARDS ARROW} ".join(domains or ("source", "result")),
        domains=domains,
        facts=tuple(facts),
        columns=tuple(_columns(spread)),
        entries=tuple(_entry(row, common, folder) for row in rows),
        notice=notice,
        left_out=tuple((str(file.path), file.label) for file in report.left_out),
    )


def _columns(spread: Spread) -> Iterator[Column]:
    limits = limits_of(spread)
    for key, figure in FIGURES.items():
        yield Column(
            key=key,
            title=figure.label,
            unit=figure.unit,
            digits=figure.decimals,
            better=figure.better,
            meaning=figure.meaning,
            usual=(spread[key][1], spread[key][99]) if key in spread else None,
            limits=limits.get(key),
        )


def _entry(row: JobReport, common: Path | None, folder: Path) -> FileEntry:
    figures = row.figures
    statistics = {} if figures is None else figures.statistics
    means: dict[str, float | None] = {key: of.mean for key, of in statistics.items()}
    return FileEntry(
        name=short_name(row.input, common),
        kind=_KINDS[row.kind],
        state=state_of(row),
        reason=_reason(row),
        figures=means,
        percentiles={} if figures is None else figures.percentiles,
        unlike=() if figures is None else figures.unlike,
        samples=row.samples,
        series=tuple(_series(figures)),
        worst=tuple(_worst(figures)),
        facts=tuple(_facts(row)),
        source=link_to(row.input, folder),
        result=link_to(row.output, folder) if row.output and row.status != "failed" else None,
        notes=row.notes,
    )


def _reason(row: JobReport) -> str:
    """Why the file has its verdict, as a sentence."""
    verdict = "" if row.verdict is None else row.verdict.reason
    # The name stands beside it already.
    error = None if row.error is None else row.error.removeprefix(f"{row.input}: ")
    parts = (verdict[:1].upper() + verdict[1:], error, row.reason)
    return "; ".join(part for part in parts if part)


def _facts(row: JobReport) -> Iterator[tuple[str, str]]:
    if row.kind == "video":
        repeated = f" ({row.repeated_frames} repeated)" if row.repeated_frames else ""
        yield "Frames", f"{row.frames}{repeated}"
    if row.figures is not None:
        if row.kind == "video":
            yield "Measured frames", str(len(row.figures.moments))
        if row.figures.size is not None:
            yield "Measured at", "{}\N{MULTIPLICATION SIGN}{}".format(*row.figures.size)
    if row.seconds >= 1:
        yield "Took", str(timedelta(seconds=round(row.seconds)))


def _series(figures: FileFigures | None) -> Iterator[Series]:
    """The figures over time; those of a picture have none."""
    if figures is None:
        return
    for key in figures.statistics:
        points = [
            (moment.time_s, moment.values[key])
            for moment in figures.moments
            if moment.time_s is not None and key in moment.values
        ]
        if points:
            times_s, values = zip(*points, strict=True)
            yield Series(key, times_s, values)


def _worst(figures: FileFigures | None) -> Iterator[WorstMoment]:
    if figures is None:
        return
    count = min(_MOST_WORST, len(figures.moments) // 3)
    for moment in figures.worst(count):
        if moment.time_s is not None:
            yield WorstMoment(moment.time_s, moment.values)
