"""The order of files from worst to best."""

from collections.abc import Iterable
from heapq import nsmallest

from mediatrans.quality.report.document import State
from mediatrans.quality.report.rows import JobReport

__all__ = ["state_of", "worst", "worst_first"]

_ORDER: dict[State, int] = {
    "failed": 0,
    "poor": 1,
    "doubtful": 2,
    "unjudged": 3,
    "good": 4,
    "skipped": 5,
}


def state_of(row: JobReport) -> State:
    """The verdict on a file, or what became of it without one."""
    if row.status == "failed":
        return "failed"
    if row.verdict is not None:
        return row.verdict.word
    return "skipped" if row.status == "skipped" else "unjudged"


def worst_first(rows: Iterable[JobReport]) -> list[JobReport]:
    """The files in order: failed, poor, doubtful, not judged, good, skipped.

    Files with the same verdict are ordered by their delivered round trip, the lowest first.

    Args:
        rows: The rows of a report.
    """
    return sorted(rows, key=_rank)


def worst(rows: Iterable[JobReport], count: int) -> list[JobReport]:
    """The first files of that order.

    Args:
        rows: The rows of a report, of which no more are held than are wanted.
        count: How many at most.
    """
    return nsmallest(count, rows, key=_rank)


def _rank(row: JobReport) -> tuple[int, float, str]:
    statistics = row.figures.statistics if row.figures is not None else {}
    cycle = statistics.get("psnr_db")
    mean = float("inf") if cycle is None else cycle.mean
    return _ORDER[state_of(row)], mean, str(row.input)
