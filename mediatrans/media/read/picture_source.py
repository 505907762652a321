"""The source that reads a still picture as one frame."""

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
    """A picture file as a source of one frame.

    Args:
        path: The file.
        max_pixels: A picture with more pixels is refused before decoding.

    Attributes:
        path: The file.
        decoded: 1 after the picture was read.
    """

    def __init__(self, path: Path, *, max_pixels: int = MAX_PIXELS) -> None:
        self.path = path
        self.decoded = 0
        self._max_pixels = max_pixels

    @property
    def info(self) -> MediaInfo:
        """One frame of unknown size; the size is known once it is read."""
        return MediaInfo(width=None, height=None, frame_count=1)

    def __iter__(self) -> Generator[Frame, None, None]:
        frame = read_picture(self.path, max_pixels=self._max_pixels)
        self.decoded = 1
        yield frame

    def restart(self, time_s: Fraction | None) -> None:
        """Does nothing: there is only one frame."""

    def check_whole(self) -> None:
        """Does nothing: reading a truncated picture fails."""

    def cancel(self) -> None:
        """Does nothing: the source never waits for input."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Does nothing: no file stays open."""
