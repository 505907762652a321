"""Small pictures of the best, the median and the worst moment of a file, for a report to show."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MOST_FILES", "Sample"]

MOST_FILES = 500
"""The most files of a run that are shown; pictures of more would fill the memory."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The pictures of one moment, as JPEGs whose longer side has at most 320 pixels.

    Attributes:
        place: Which moment it is; a picture has only a "median".
        index: The frame's index.
        time_s: Seconds from the beginning of the video; None for a picture.
        source: The source x.
        result: The translation G(x), as it was read back.
        back: The translation back F(G(x)); None without a reverse generator.
        change: The change map: black where nothing was changed.
        size: Width and height of the pictures.
    """

    place: Literal["worst", "median", "best"]
    index: int
    time_s: float | None
    source: bytes
    result: bytes
    back: bytes | None
    change: bytes
    size: tuple[int, int]
