"""Frames as still picture files, each published as soon as it is whole."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.files.publish import Fingerprint
from mediatrans.media.frames import Frame
from mediatrans.media.write.picture_writer import write_picture

__all__ = ["PictureSink"]

FailureHandler = Callable[[int, Exception], None]
"""Told the position of a file in its list and why it was passed over."""


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
