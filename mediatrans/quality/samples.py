"""Small pictures of the best, the median and the worst moment of a file, for a report to show."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.change import change_map
from mediatrans.quality.figures import FileFigures, Moment

__all__ = ["MOST_FILES", "Sample", "SampleKeeper", "Seen"]

MOST_FILES = 500
"""The most files of a run that are shown; pictures of more would fill the memory."""

_LONGER_SIDE = 320
_QUALITY = 80

Place = Literal["worst", "median", "best"]


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

    place: Place
    index: int
    time_s: float | None
    source: bytes
    result: bytes
    back: bytes | None
    change: bytes
    size: tuple[int, int]


class Seen(NamedTuple):
    """The pictures of a moment, uint8 [H, W, 3] RGB of one size.

    Attributes:
        source: The source.
        result: The translation.
        back: The translation back, or None.
    """

    source: NDArray[np.uint8]
    result: NDArray[np.uint8]
    back: NDArray[np.uint8] | None


class SampleKeeper:
    """Keeps small pictures of all moments that it is shown; a file has at most 64 of them."""

    def __init__(self) -> None:
        self._kept: dict[int, Sample] = {}

    def show(self, moment: Moment, seen: Seen) -> None:
        """Keep the pictures of a moment."""
        height, width = seen.source.shape[:2]
        factor = min(1.0, _LONGER_SIDE / max(height, width))
        size = max(1, round(width * factor)), max(1, round(height * factor))

        def packed(picture: NDArray[np.uint8]) -> bytes:
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            _, content = cv2.imencode(
                ".jpg", small[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY)
            )
            return content.tobytes()

        self._kept[moment.index] = Sample(
            place="median",
            index=moment.index,
            time_s=moment.time_s,
            source=packed(seen.source),
            result=packed(seen.result),
            back=None if seen.back is None else packed(seen.back),
            change=packed(change_map(seen.source, seen.result)),
            size=size,
        )

    def chosen(self, figures: FileFigures) -> tuple[Sample, ...]:
        """The worst, the median and the best moment; one of each if there are fewer moments."""
        ranked = figures.worst(len(figures.moments))
        places: dict[int, Place] = {}
        if ranked:
            places[ranked[len(ranked) // 2].index] = "median"
        if len(ranked) > 1:
            places[ranked[0].index] = "worst"
        if len(ranked) > 2:
            places[ranked[-1].index] = "best"
        order = ("worst", "median", "best")
        samples = [replace(self._kept[index], place=place) for index, place in places.items()]
        return tuple(sorted(samples, key=lambda sample: order.index(sample.place)))
