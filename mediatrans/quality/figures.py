"""The figures of a translation: their names, and their values over the moments of a file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mediatrans.files.records import to_table
from mediatrans.quality.cycle import Statistics

__all__ = ["FIGURES", "Figure", "FileFigures", "Moment"]


@dataclass(frozen=True, slots=True)
class Figure:
    """What a figure is.

    Attributes:
        label: Its name in tables.
        unit: "dB", "of 255", or "" for shares and ratios.
        better: Which end is good: "high", "low", or "" for neither.
        decimals: The number of decimals that are shown.
        meaning: What it says, in one sentence.
    """

    label: str
    unit: str
    better: Literal["high", "low", ""]
    decimals: int
    meaning: str

    def shown(self, value: float) -> str:
        """A value with its unit, for tables and sentences."""
        return f"{value:.{self.decimals}f} {self.unit}".rstrip()


FIGURES: dict[str, Figure] = {
    "psnr_db": Figure(
        "delivered cycle",
        "dB",
        "high",
        2,
        "How near the picture translated back from the written file is to its source (PSNR).",
    ),
    "ssim": Figure(
        "delivered cycle SSIM",
        "",
        "high",
        3,
        "The same as structural similarity, at most 1.",
    ),
    "raw_psnr_db": Figure(
        "raw cycle",
        "dB",
        "high",
        2,
        "The same before the translation was written to a file.",
    ),
    "gap_db": Figure(
        "gap",
        "dB",
        "low",
        2,
        "What the round trip loses by writing the file: raw less delivered cycle.",
    ),
    "hidden_db": Figure(
        "hidden signal",
        "dB",
        "low",
        2,
        "What the round trip owes to details that a small disturbance destroys.",
    ),
    "change": Figure(
        "change",
        "of 255",
        "",
        1,
        "How far the result is from its source: the mean absolute difference.",
    ),
    "change_low": Figure(
        "change of colour",
        "of 255",
        "",
        1,
        "The same in low frequencies, where texture and noise do not count.",
    ),
    "domain": Figure(
        "domain",
        "",
        "high",
        2,
        "The share of the picture that the classifier puts into the target domain.",
    ),
    "structure": Figure(
        "structure",
        "",
        "high",
        2,
        "How well the edges of source and result agree where they agree least.",
    ),
    "flicker": Figure(
        "flicker",
        "",
        "low",
        2,
        "The change from frame to frame that motion does not explain, over that of the source.",
    ),
}
"""The figures in the order in which they are shown; the keys are those of the JSON."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A measured frame of a video, or a picture.

    Attributes:
        index: The frame's index; 0 for a picture.
        time_s: Seconds from the beginning of the video; None for a picture.
        values: The figures by the keys of `FIGURES`. One that was not measured is absent.
    """

    index: int
    time_s: float | None = None
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileFigures:
    """The figures of a file.

    Attributes:
        moments: The measured moments in order.
        statistics: The figures over all moments, by the keys of `FIGURES`.
        percentiles: Where the means lie among the held-out pictures of the model's card, 0 to 100.
        unlike: The figures outside the first and the 99th percentile of those pictures.
        size: Width and height of the pictures at which they were measured; None if they differ.
    """

    moments: tuple[Moment, ...]
    statistics: dict[str, Statistics]
    percentiles: dict[str, float] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    size: tuple[int, int] | None = None

    @classmethod
    def of(
        cls, moments: Sequence[Moment], size: tuple[int, int] | None = None
    ) -> "FileFigures | None":
        """Collect moments; None if there are none."""
        if not moments:
            return None
        statistics = {}
        for name in FIGURES:
            values = [moment.values[name] for moment in moments if name in moment.values]
            if values:
                statistics[name] = Statistics.of(values)
        return cls(tuple(moments), statistics, size=size)

    def mean(self, name: str) -> float | None:
        """The mean of a figure; None if it was not measured."""
        found = self.statistics.get(name)
        return None if found is None else found.mean

    def worst(self, count: int = 3) -> list[Moment]:
        """The worst moments, those of the highest flicker, else of the worst round trip, first.

        Args:
            count: How many at most.
        """
        for name, sign in (("flicker", -1), ("psnr_db", 1), ("structure", 1)):
            if name in self.statistics:
                held = [moment for moment in self.moments if name in moment.values]
                return sorted(held, key=lambda moment: sign * moment.values[name])[:count]
        return []

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        table: dict[str, Any] = {"size": None if self.size is None else list(self.size)}
        for name, statistics in self.statistics.items():
            percentile = self.percentiles.get(name)
            table[name] = {
                **_rounded(to_table(statistics)),
                "percentile": None if percentile is None else round(percentile, 1),
                "unlike": name in self.unlike,
            }
        return table

    def moments_to_list(self) -> list[dict[str, Any]]:
        """The moments of a video as JSON values; none for a picture."""
        return [
            {
                "index": moment.index,
                "time_s": round(moment.time_s, 3),
                **_rounded(moment.values),
            }
            for moment in self.moments
            if moment.time_s is not None
        ]


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Values with six significant digits, which JSON can hold."""
    return {name: float(f"{value:.6g}") for name, value in values.items() if math.isfinite(value)}
