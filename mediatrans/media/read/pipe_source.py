"""The source that reads a video from standard input, spooled to disk if its format must seek."""

import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
from av.container import InputContainer

from mediatrans.errors import InputError, UsageError
from mediatrans.media.container import (
    check_streams,
    check_whole,
    input_options,
    open_error,
    open_input,
)
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.pipe_formats import STDIN_NAME
from mediatrans.media.read.piped_pictures import picture_format
from mediatrans.media.read.tee import SEGMENT_BYTES, Tee, not_spooled, too_large
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.read.waiting import CancellableRead, Read
from mediatrans.media.read_options import MAX_SPOOL_MB

__all__ = ["InputPipe", "PipeSource"]

_CHUNK = 1 << 16
_MEGABYTE = 1_000_000
_TS_PACKET = 188
_SEQUENTIAL_STARTS = (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"YUV4MPEG2 ", b"nut/multimedia", b"DKIF")


class InputPipe:
    """A video on standard input that can be opened twice: to decode and to copy streams.

    Matroska, WebM, MPEG-TS, FLV, NUT, IVF and Y4M are read while they arrive. Other formats are
    written to a temporary file first. The `with` block opens it.

    Args:
        must_seek: Whether reading starts in the middle, so that every format is spooled.
        spool_mb: Megabytes that may be on disk at one time.
        whole: Whether a truncated video is refused before decoding, if it can be detected.
        stream: The stream to read; None is standard input.
        segment_bytes: The size of the files that buffer a video which is not spooled.
    """

    def __init__(
        self,
        *,
        must_seek: bool = False,
        spool_mb: int = MAX_SPOOL_MB,
        whole: bool = True,
        stream: BinaryIO | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._segment_bytes = segment_bytes
        self._must_seek = must_seek
        self._whole = whole
        self._limit = spool_mb * _MEGABYTE
        self._stream = stream or sys.stdin.buffer
        self._stack = ExitStack()
        self._read = CancellableRead(self._stream.fileno())
        self._spooled: Path | None = None
        self._tee: Tee | None = None

    def __enter__(self) -> Self:
        """Read the first bytes, and spool the rest if the format must seek.

        Raises:
            UsageError: Standard input is a terminal.
            InputError: The input is empty, a picture, or larger than the spool limit.
        """
        if self._stream.isatty():
            raise UsageError(
                "standard input is a terminal", remedy="name a file, or pipe a video in"
            )
        with self._stack:
            read = self._stack.enter_context(self._read)
            start = _read_start(read)
            _refuse_pictures(start)
            if self._must_seek or not _is_sequential(start):
                self._spooled = self._spool(read, start)
            else:
                tee = Tee(read, start, self._limit, self._segment_bytes, whole=self._whole)
                self._tee = self._stack.enter_context(closing(tee))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def open(self) -> InputContainer:
        """Open the video at its beginning; at most twice.

        Raises:
            InputError: It is damaged or not a video.
        """
        if self._spooled is not None:
            with _as_stdin():
                return open_input(self._spooled, whole=self._whole)
        assert self._tee is not None
        try:
            container = av.open(
                self._tee.reader(),
                "r",
                container_options=input_options(),
                metadata_errors="replace",
            )
        except av.FFmpegError as error:
            raise open_error(STDIN_NAME, error) from error
        check_streams(container, STDIN_NAME)
        if len(container.streams) == 1:
            self._tee.seal()
        return container

    def cancel(self) -> None:
        """End a wait for the pipe; may be called on another thread."""
        self._read.cancel()

    def check_whole(self) -> None:
        """Refuse a truncated video that has been read to its end.

        Raises:
            InputError: The video is truncated.
        """
        if self._spooled is not None:
            with _as_stdin():
                check_whole(self._spooled)
        elif self._tee is not None and self._tee.truncation is not None:
            raise self._tee.truncation

    def _spool(self, read: Read, start: bytes) -> Path:
        size, chunk = 0, start
        try:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mediatrans-"))
            path = Path(folder) / "stdin"
            with path.open("wb") as file:
                while chunk:
                    size += len(chunk)
                    if size > self._limit:
                        raise too_large(self._limit)
                    file.write(chunk)
                    chunk = read(_CHUNK)
        except OSError as error:
            raise not_spooled(error) from error
        return path


class PipeSource:
    """The frames of a video on standard input.

    There is no time limit, since the pipe may be fed by a camera.

    Args:
        start_s: Start in seconds after the beginning; timestamps then begin at 0.
        end_s: End in seconds after the beginning.
        limit: The maximum number of frames.
        whole: Whether a truncated video is refused before decoding, if it can be detected.
        video_stream: The index of the stream; None chooses the largest of the default ones.
        spool_mb: Megabytes that may be on disk at one time.
    """

    path = STDIN_NAME

    def __init__(
        self,
        *,
        start_s: Fraction | None = None,
        end_s: Fraction | None = None,
        limit: int | None = None,
        whole: bool = True,
        video_stream: int | None = None,
        spool_mb: int = MAX_SPOOL_MB,
    ) -> None:
        self._pipe = InputPipe(must_seek=start_s is not None, spool_mb=spool_mb, whole=whole)
        self._video = VideoSource(
            STDIN_NAME,
            start_s=start_s,
            end_s=end_s,
            limit=limit,
            whole=whole,
            stream=video_stream,
            opener=self._pipe.open,
        )
        self._stack = ExitStack()

    @property
    def info(self) -> VideoInfo:
        """The properties of the video; available inside the `with` block only."""
        return self._video.info

    @property
    def decoded(self) -> int:
        """Frames decoded so far."""
        return self._video.decoded

    def __iter__(self) -> Generator[Frame, None, None]:
        return iter(self._video)

    def restart(self, time_s: Fraction | None) -> None:
        """Always fails, since a pipe cannot seek; conversions from a pipe are never resumed."""
        raise InputError("a pipe cannot seek", path=STDIN_NAME, remedy="name the file instead")

    def check_whole(self) -> None:
        """Refuse a truncated video that has been read to its end.

        Raises:
            InputError: The video is truncated.
        """
        self._pipe.check_whole()

    def cancel(self) -> None:
        """End a wait for the pipe; may be called on another thread."""
        self._pipe.cancel()

    def __enter__(self) -> Self:
        """Open the video and decode its first frame.

        Raises:
            UsageError: Standard input is a terminal.
            InputError: The input is empty, damaged, not a video, or larger than the spool limit.
        """
        with self._stack:
            self._stack.enter_context(self._pipe)
            self._stack.enter_context(self._video)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()


@contextmanager
def _as_stdin() -> Iterator[None]:
    """Name standard input instead of the temporary file in errors."""
    try:
        yield
    except InputError as error:
        raise InputError(error.problem, path=STDIN_NAME, remedy=error.remedy) from error


def _read_start(read: Read) -> bytes:
    start = b""
    while len(start) < _CHUNK and (chunk := read(_CHUNK - len(start))):
        start += chunk
        if len(start) > 2 * _TS_PACKET:
            break
    if not start:
        raise InputError(
            "the pipe is empty", path=STDIN_NAME, remedy="check the program that feeds the pipe"
        )
    return start


def _is_sequential(start: bytes) -> bool:
    is_ts = start[:1] == b"G" and start[_TS_PACKET : _TS_PACKET + 1] == b"G"
    return is_ts or start.startswith(_SEQUENTIAL_STARTS)


def _refuse_pictures(start: bytes) -> None:
    if (name := picture_format(start)) is not None:
        raise InputError(
            f"it carries a {name} picture, and only videos can be read from a pipe",
            path=STDIN_NAME,
            remedy="save it to a file, and name that in place of -",
        )
