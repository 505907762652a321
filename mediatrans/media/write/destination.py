"""Where a finished container goes: a part file that is checked and published, or a pipe."""

import os
import sys
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from mediatrans.errors import UsageError
from mediatrans.files.publish import Record, output_error, publishing
from mediatrans.media.ffmpeg import find_ffmpeg
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIO
from mediatrans.media.write.animation_encoders import set_last_delay
from mediatrans.media.write.verification import Written, verify_video
from mediatrans.media.write_options import Verification

__all__ = ["Destination", "PublishedFile", "StdoutPipe", "Writable", "muxer_of"]

_MUXERS = {
    ".mkv": "matroska",
    ".webm": "webm",
    ".gif": "gif",
    ".mov": "mov",
    ".apng": "apng",
    ".png": "apng",
}


def muxer_of(output: Path) -> str:
    """FFmpeg's name of the container that an output's suffix names."""
    return _MUXERS.get(output.suffix.lower(), "mp4")


class Writable(Protocol):
    """A stream that a muxer can write to, from front to back."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes; gives how many."""
        ...


class Destination(Protocol):
    """Where a container is written, inside its `with` block.

    Attributes:
        name: What messages call it.
        muxer: FFmpeg's name of the container.
    """

    name: Path
    muxer: str

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """Look at the container once it is closed.

        Args:
            written: What it should hold.
            last_delay: Seconds that the last picture of an animation is shown; 0 for none.

        Raises:
            OutputError: It does not hold it.
        """
        ...

    def __enter__(self) -> str | Writable: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class PublishedFile:
    """A file that has a part name until it is whole, checked and published.

    Args:
        output: The final name; its suffix names the container.
        verification: How closely the result is looked at.
        record: Is given the finished file's fingerprint just before it is published.
    """

    def __init__(
        self, output: Path, verification: Verification = "fast", record: Record | None = None
    ) -> None:
        self.name = output
        self.muxer = muxer_of(output)
        self._verification = verification
        self._record = record
        self._stack = ExitStack()
        self._part = output

    def __enter__(self) -> str:
        """Make the part file.

        Raises:
            OutputError: The folder or the file cannot be made.
            UsageError: There is no ffmpeg to verify the result with.
        """
        find_ffmpeg()  # needed at the end, better missed now
        with self._stack:
            self._part = self._stack.enter_context(publishing(self.name, self._record))
            # Fails now, not after the first second of frames.
            self._part.open("xb").close()
            self._stack = self._stack.pop_all()
        return f"file:{self._part}"

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """Look at the finished file with a second FFmpeg build."""
        if last_delay > 0:
            set_last_delay(self._part, self.muxer, last_delay)
        verify_video(self._part, self.name, written, self._verification)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Publish the file, or remove it after an error.

        Raises:
            OutputError: It cannot take its final name.
        """
        self._stack.__exit__(kind, error, traceback)


class StdoutPipe:
    """Standard output; nothing looks at it a second time, and what went out stays out.

    Args:
        file_format: One of `PIPE_MUXERS`.
        stream: Where to write; None takes standard output.

    Raises:
        UsageError: It is a terminal.
    """

    name = STDIO

    def __init__(self, file_format: str = "mkv", stream: BinaryIO | None = None) -> None:
        stream = stream or sys.stdout.buffer
        if stream.isatty():
            raise UsageError(
                "a video cannot be written to a terminal", remedy="pipe it into a program"
            )
        self.muxer = PIPE_MUXERS[file_format]
        self._descriptor = stream.fileno()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes, /) -> int:
        """Hand over all bytes at once: the reader is waiting for them.

        Raises:
            OutputError: Nobody reads any more.
        """
        rest = memoryview(data)
        while rest and not self._is_closed:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except OSError as error:
                # The muxer will try again when it is closed.
                self._is_closed = True
                raise output_error(STDIO, error) from error
        return len(data)

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """It has gone out already."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """It stays open, for whatever else writes to it."""
