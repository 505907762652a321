"""The destinations of a container: a file that is verified and published, or a pipe."""

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
from mediatrans.media.write.copied_metadata import warn_of_lost_flags, warn_of_lost_tags
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
    """FFmpeg's name of the container format for an output's suffix."""
    return _MUXERS.get(output.suffix.lower(), "mp4")


class Writable(Protocol):
    """A stream that a muxer can write to sequentially."""

    def write(self, data: bytes, /) -> int:
        """Write bytes and return their number."""
        ...


class Destination(Protocol):
    """The destination of a container; its `with` block opens and publishes it.

    Attributes:
        name: The name in messages.
        muxer: FFmpeg's name of the container format.
    """

    name: Path
    muxer: str

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """Verify the container after it is closed.

        Args:
            written: The expected content.
            last_delay: The duration of an animation's last frame in seconds; 0 otherwise.

        Raises:
            OutputError: The content differs from the expected one.
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
    """A file that is written under a part name, verified, and then published.

    Args:
        output: The final name; its suffix determines the container format.
        verification: How the finished file is verified.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.
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
        """Create the part file.

        Raises:
            OutputError: The folder or the file cannot be created.
            UsageError: There is no ffmpeg to verify the result with.
        """
        find_ffmpeg()  # needed at the end; fail early if it is missing
        with self._stack:
            self._part = self._stack.enter_context(publishing(self.name, self._record))
            self._stack = self._stack.pop_all()
        return f"file:{self._part}"

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """Verify the finished file with a second FFmpeg build."""
        if last_delay > 0:
            set_last_delay(self._part, self.muxer, last_delay)
        verify_video(self._part, self.name, written, self._verification)
        warn_of_lost_tags(self._part, self.name, written.tags, written.stream_tags)
        warn_of_lost_flags(self._part, self.name, written.stream_flags)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Publish the file, or remove it after an error.

        Raises:
            OutputError: The file cannot be given its final name.
        """
        self._stack.__exit__(kind, error, traceback)


class StdoutPipe:
    """Standard output; it cannot be verified, and written data cannot be removed.

    Args:
        file_format: One of `PIPE_MUXERS`.
        stream: The stream to write to; None is standard output.

    Raises:
        UsageError: The stream is a terminal.
    """

    name = STDIO

    def __init__(self, file_format: str = "mkv", stream: BinaryIO | None = None) -> None:
        stream = stream or sys.stdout.buffer
        if stream.isatty():
            raise UsageError(
                "standard output is a terminal, which cannot show a video",
                remedy="pipe it into a program, or name a file with -o",
            )
        self.muxer = PIPE_MUXERS[file_format]
        self._descriptor = stream.fileno()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes, /) -> int:
        """Write all bytes without buffering, so that the pipe's reader gets them at once.

        Raises:
            OutputError: The pipe is closed at the other end.
        """
        rest = memoryview(data)
        while rest and not self._is_closed:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except OSError as error:
                # Closing the muxer writes again; that must not fail a second time.
                self._is_closed = True
                raise output_error(STDIO, error) from error
        return len(data)

    def complete(self, written: Written, last_delay: Fraction) -> None:
        """Does nothing: the data is already written."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Does nothing: standard output stays open."""
