"""The source of an animated PNG with 16 bits and transparency, which FFmpeg does not compose."""

import io
import logging
from fractions import Fraction
from itertools import accumulate
from math import lcm
from pathlib import Path
from typing import BinaryIO, Final

from PIL import PngImagePlugin

from mediatrans.media.animation import png_chunks
from mediatrans.media.read.pillow_animation import AnimatedFile, PillowAnimation

__all__ = ["ApngSource", "is_deep_apng"]

_LOG = logging.getLogger(__name__)

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_WITH_ALPHA: Final = frozenset({4, 6})
_FINEST: Final = 1_000_000
"""The most ticks per second: two damaged delays could ask for billions."""


def is_deep_apng(path: Path) -> bool:
    """Whether a PNG has 16 bits per channel and transparency, which FFmpeg does not compose.

    Args:
        path: An animated PNG; False if it cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError:
        return False  # opening the source tells more
    with file:
        header = file.read(26)
        if not header.startswith(_SIGNATURE) or len(header) < 26 or header[24] != 16:
            return False
        if header[25] in _WITH_ALPHA:
            return True
        for name, _ in png_chunks(file):
            if name in (b"tRNS", b"IDAT"):
                return name == b"tRNS"
    return False


class ApngSource(PillowAnimation):
    """The composed frames of an animated PNG; the arguments are those of `PillowAnimation`."""

    def _opened(self) -> AnimatedFile:
        return PngImagePlugin.PngImageFile(io.BytesIO(self._path.read_bytes()))

    def _check(self, picture: AnimatedFile) -> None:
        # A picture for programs that know no animations is not part of this one.
        self._first = int(getattr(picture, "default_image", False))
        with self._path.open("rb") as file:
            delays = _delays(file)
        ticks = lcm(*(delay.denominator for delay in delays))
        self._time_base = Fraction(1, min(ticks, _FINEST))
        begins = accumulate(delays, initial=Fraction(0))
        self._times = [
            (round(begin / self._time_base), round(delay / self._time_base) or None)
            for begin, delay in zip(begins, delays, strict=False)
        ]
        _LOG.warning("%s: 16 bits per channel; converted with 8", self._path)

    def _time_of(self, picture: AnimatedFile, number: int) -> tuple[int, int | None]:
        return self._times[number - self._first]


def _delays(file: BinaryIO) -> list[Fraction]:
    """The durations of the frames in seconds, some of them 0."""
    delays = []
    for name, position in png_chunks(file):
        if name == b"fcTL":
            file.seek(position + 8 + 20)
            numbers = file.read(4)
            # Hundredths of a second where the file gives no unit.
            unit = int.from_bytes(numbers[2:]) or 100
            delays.append(Fraction(int.from_bytes(numbers[:2]), unit))
    return delays
