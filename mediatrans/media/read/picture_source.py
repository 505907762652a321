"""A still picture file as a source of one frame."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.media.frames import Frame, MediaInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.read_options import MAX_PIXELS

__all__ = ["PictureSource"]


class PictureSource:
    """A picture file as a medium of one frame.

    Args:
        path: The file.
        max_pixels: A larger picture is refused before it is decoded.

    Attributes:
        path: The file.
        decoded: 1 once it was read.
    """

    def __init__(self, path: Path, *, max_pixels: int = MAX_PIXELS) -> None:
        self.path = path
        self.decoded = 0
        self._max_pixels = max_pixels

    @property
    def info(self) -> MediaInfo:
        """One frame, of a size that only reading it tells."""
        return MediaInfo(width=None, height=None, frame_count=1)

    def __iter__(self) -> Generator[Frame, None, None]:
        frame = read_picture(self.path, max_pixels=self._max_pixels)
        self.decoded = 1
        yield frame

    def restart(self, time_s: Fraction | None) -> None:
        """There is no other place to begin at."""

    def check_whole(self) -> None:
        """Reading it tells."""

    def cancel(self) -> None:
        """It never waits for anybody."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing stays open."""
