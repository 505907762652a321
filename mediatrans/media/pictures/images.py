"""Still picture files as a source of frames, and as a sink of them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.media.frames import Frame, MediaInfo
from mediatrans.media.limits import MAX_PIXELS
from mediatrans.media.pictures.reader import read_picture
from mediatrans.media.pictures.writer import write_picture
from mediatrans.media.publish import Fingerprint

__all__ = ["FailureHandler", "PictureSink", "PictureSource"]

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


class PictureSink:
    """Frames as picture files, each published as soon as it is whole.

    A file that cannot be written is reported and passed over. Files written before an error stay:
    each is complete in itself.

    Args:
        outputs: Where the frame of each index goes; the suffix names the format.
        on_failure: Told of each file that cannot be written, from the thread that writes.
        quality: 1 to 100 for lossy formats; None matches the source.
        record: Told of each whole file and its index before it takes its final name, from the
            thread that writes; None tells nobody.
    """

    def __init__(
        self,
        outputs: Sequence[Path],
        on_failure: FailureHandler,
        *,
        quality: int | None = None,
        record: Callable[[int, Fingerprint], None] | None = None,
    ) -> None:
        self._outputs = tuple(outputs)
        self._on_failure = on_failure
        self._quality = quality
        self._record = record

    def write(self, frame: Frame) -> None:
        """Write a frame to the output of its index."""
        try:
            output = self._outputs[frame.index]
            record = None if self._record is None else partial(self._record, frame.index)
            write_picture(frame, output, quality=self._quality, record=record)
        except Exception as error:  # as above
            self._on_failure(frame.index, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Every file is already published or reported."""
