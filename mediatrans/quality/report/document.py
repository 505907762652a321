"""What a page shows, as data: columns of figures, one entry a file, and words around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mediatrans.quality.samples import Sample

__all__ = [
    "STATES",
    "Column",
    "Document",
    "FileEntry",
    "Link",
    "Series",
    "State",
    "WorstMoment",
]


State = Literal["poor", "doubtful", "good", "unjudged", "failed", "skipped"]

STATES: dict[State, str] = {
    "poor": "poor",
    "doubtful": "doubtful",
    "good": "good",
    "unjudged": "not judged",
    "failed": "failed",
    "skipped": "skipped",
}
"""What a file can be called, with its words, in the order in which they are counted."""


@dataclass(frozen=True, slots=True)
class Column:
    """One figure: how it is written, and what is good.

    Attributes:
        key: Its name in the entries.
        title: Its heading.
        unit: The unit behind a value, or "".
        digits: Digits behind the point.
        better: Which values are good; "" if neither end is.
        meaning: What it says, in one sentence.
        usual: The range of the card's held-out pictures, p01 to p99; None if the card has none.
        limits: Where a file begins to be doubtful, and to be poor; None if this decides nothing.
    """

    key: str
    title: str
    unit: str
    digits: int
    better: Literal["high", "low", ""]
    meaning: str
    usual: tuple[float, float] | None = None
    limits: tuple[float, float] | None = None

    @property
    def better_words(self) -> str:
        """Which values are better, in words."""
        return {"high": "higher is better", "low": "lower is better", "": ""}[self.better]

    @property
    def thresholds(self) -> dict[str, float]:
        """The limits by the verdict that begins there."""
        if self.limits is None:
            return {}
        return {"doubtful": self.limits[0], "poor": self.limits[1]}

    def number(self, value: float | None) -> str:
        """A value with its digits; a dash where nothing was measured."""
        if value is None:
            return "\N{EN DASH}"
        return f"{value:z.{self.digits}f}".replace("-", "\N{MINUS SIGN}")

    def text(self, value: float | None) -> str:
        """A value with its digits and its unit."""
        number = self.number(value)
        has_unit = self.unit and value is not None
        return f"{number}\N{NO-BREAK SPACE}{self.unit}" if has_unit else number


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over the measured frames of a video."""

    key: str
    times_s: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WorstMoment:
    """A place in a video that is worth a look, and its figures by the columns' keys."""

    time_s: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A file beside the page: its name, and its address relative to the page."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file.

    Attributes:
        name: Its name, short enough to be shown.
        kind: "picture" or "video", or "" if unknown.
        state: The verdict, or what became of it without one.
        reason: Why, in one sentence.
        figures: The figures by the columns' keys.
        percentiles: Where the figures are among the card's held-out pictures, 0 to 100, likewise.
        unlike: The keys of the figures that are outside the usual range.
        samples: The pictures of its best, median and worst frame.
        series: The figures over time.
        worst: The worst moments.
        facts: Further pairs of a word and a text.
        domains: The domains of its source and of its result, if they are not those of the page.
        source: The input.
        result: The output, if there is one.
        notes: Remarks.
    """

    name: str
    kind: str
    state: State
    reason: str
    figures: Mapping[str, float | None]
    percentiles: Mapping[str, float] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    series: tuple[Series, ...] = ()
    worst: tuple[WorstMoment, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    domains: tuple[str, str] | None = None
    source: Link | None = None
    result: Link | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page.

    Attributes:
        title: The heading.
        domains: The names of the source's and of the result's domain; None if they are not known,
            or not the same for all files.
        facts: Pairs of a word and a text about the run.
        headline: The first sentence; None counts the verdicts.
        notice: Why the page is incomplete, a sentence; None if it is complete.
        columns: The figures, in order.
        entries: The files, the worst first.
        left_out: Files that were no inputs, and why.
    """

    title: str
    domains: tuple[str, str] | None
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    entries: tuple[FileEntry, ...]
    headline: str | None = None
    notice: str | None = None
    left_out: tuple[tuple[str, str], ...] = ()
