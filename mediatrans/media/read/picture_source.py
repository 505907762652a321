"""Still picture files as a source of frames."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.media.frames import Frame, MediaInfo
from mediatrans.media.limits import MAX_PIXELS
from mediatrans.media.read.picture_reader import read_picture

__all__ = ["FailureHandler", "PictureSource"]

FailureHandler = Callable[[int, Exception], None]
"""Told the position of a file in its list and why it was passed over."""


class PictureSource:
    """Picture files as frames, in the order given; an unreadable file is reported and passed over.

    Args:
        paths: The files; a frame's index is its file's position here.
        on_failure: Told of each file that cannot be read, from the thread that iterates.
        max_pixels: Larger pictures are refused before they are decoded.
    """

    def __init__(
        self, paths: Sequence[Path], on_failure: FailureHandler, *, max_pixels: int = MAX_PIXELS
    ) -> None:
        self._paths = tuple(paths)
        self._on_failure = on_failure
        self._max_pixels = max_pixels

    @property
    def info(self) -> MediaInfo:
        """As many frames as files, of no common size."""
        return MediaInfo(width=None, height=None, frame_count=len(self._paths))

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self._paths):
            try:
                frame = read_picture(path, index=index, max_pixels=self._max_pixels)
            except Exception as error:  # a bug in one file's reading must not take the others along
                self._on_failure(index, error)
            else:
                yield frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing stays open between frames."""
