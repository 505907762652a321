"""Video from standard input, spooled where its container has to seek, and to standard output."""

import os
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import BinaryIO, Self

import av
from av.container import InputContainer

from mediatrans.errors import InputError, UsageError
from mediatrans.media.container import input_error, input_options, open_input
from mediatrans.media.limits import MAX_SPOOL_MB
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIN_NAME, STDIO
from mediatrans.media.publish import output_error
from mediatrans.media.video import VideoInfo
from mediatrans.media.video_sink import VideoSink

__all__ = ["InputPipe", "VideoPipe"]

_CHUNK = 1 << 16
_SEGMENT = 1 << 24
_MEGABYTE = 1_000_000
_TS_PACKET = 188
_SEQUENTIAL_STARTS = (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"YUV4MPEG2 ", b"nut/multimedia", b"DKIF")
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM")


class InputPipe:
    """Standard input as a video that can be opened twice: once to decode, once to copy from.

    Matroska, WebM, MPEG-TS, FLV, NUT, IVF and Y4M are read as they come, everything else is
    written to a temporary file first. Opened by its `with` block.

    Args:
        must_seek: The video is not read from its beginning, so it is spooled whatever it is.
        spool_mb: Most megabytes kept on disk at one time.
        stream: What to read; None takes standard input.
    """

    def __init__(
        self,
        *,
        must_seek: bool = False,
        spool_mb: int = MAX_SPOOL_MB,
        stream: BinaryIO | None = None,
    ) -> None:
        self._must_seek = must_seek
        self._limit = spool_mb * _MEGABYTE
        self._stream = stream or sys.stdin.buffer
        self._stack = ExitStack()
        self._spooled: Path | None = None
        self._tee: _Tee | None = None

    def __enter__(self) -> Self:
        """Look at the first bytes, and spool the rest where the container has to seek.

        Raises:
            UsageError: Nothing is piped in.
            InputError: It is empty, a picture, or larger than may be spooled.
        """
        if self._stream.isatty():
            raise UsageError("nothing is piped in", remedy="give a file, or pipe a video in")
        descriptor = self._stream.fileno()
        start = _read_start(descriptor)
        _refuse_pictures(start)
        with self._stack:
            if self._must_seek or not _is_sequential(start):
                self._spooled = self._spool(descriptor, start)
            else:
                self._tee = self._stack.enter_context(_Tee(descriptor, start, self._limit))
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
        """Open the video, from its beginning; at most twice.

        Raises:
            InputError: It is damaged or no video.
        """
        if self._spooled is not None:
            try:
                return open_input(self._spooled)
            except InputError as error:
                raise InputError(error.problem, path=STDIN_NAME, remedy=error.remedy) from error
        assert self._tee is not None
        try:
            container = av.open(
                self._tee.reader(),
                "r",
                container_options=input_options(),
                metadata_errors="replace",
            )
        except av.FFmpegError as error:
            raise input_error(STDIN_NAME, error, "not a video that can be read") from error
        if len(container.streams) == 1:
            self._tee.seal()
        return container

    def _spool(self, descriptor: int, start: bytes) -> Path:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mediatrans-"))
        path = Path(folder) / "stdin"
        size, chunk = 0, start
        try:
            with path.open("wb") as file:
                while chunk:
                    size += len(chunk)
                    if size > self._limit:
                        raise _too_large(self._limit)
                    file.write(chunk)
                    chunk = os.read(descriptor, _CHUNK)
        except OSError as error:
            raise InputError(
                f"cannot be spooled: {(error.strerror or str(error)).lower()}",
                path=STDIN_NAME,
                remedy="let TMPDIR name a folder with more room",
            ) from error
        return path


class VideoPipe(VideoSink):
    """Frames as a video on standard output, in Matroska or MPEG-TS.

    Nothing looks at the result a second time, and what went out stays out after an error.

    Args:
        info: The video that the frames come from.
        file_format: One of `PIPE_MUXERS`.
        stream: Where to write; None takes standard output.
    """

    def __init__(
        self, info: VideoInfo, file_format: str = "mkv", *, stream: BinaryIO | None = None
    ) -> None:
        super().__init__(STDIO, info)
        stream = stream or sys.stdout.buffer
        if stream.isatty():
            raise UsageError("a video is no text for a terminal", remedy="pipe it into a program")
        self._outlet = _Outlet(stream)
        self._muxer = PIPE_MUXERS[file_format]

    def _target(self) -> "_Outlet":
        return self._outlet

    def _publish(self, main_index: int, streams: Sequence[str]) -> None:
        """It has gone out already."""

    def _remove_part(self) -> None:
        """There is no file to take away."""


class _Outlet:
    """A stream that only ever moves forward, whatever it is underneath."""

    def __init__(self, stream: BinaryIO) -> None:
        self._descriptor = stream.fileno()
        self._is_closed = False

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


class _Tee:
    """What comes out of a pipe, for two readers, on disk until both have read it.

    Args:
        descriptor: The pipe.
        start: What was read of it already.
        limit: Most bytes kept.
    """

    def __init__(self, descriptor: int, start: bytes, limit: int) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._lock = Lock()
        self._segments: deque[BinaryIO] = deque()
        self._begin = self._end = 0
        self._is_over = False
        self._positions = [0, 0]
        self._opened = 0
        self._sealed_at: int | None = None
        self._append(start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for segment in self._segments:
            segment.close()

    def reader(self) -> "_Reader":
        """The next reader, at the beginning."""
        number = self._opened
        self._opened += 1
        return _Reader(self, number)

    def seal(self) -> None:
        """Let the second reader see what has been read by now and no more: the rest is not its."""
        with self._lock:
            if self._sealed_at is None:
                self._sealed_at = self._end

    def read(self, number: int, most: int) -> bytes:
        """Up to so many bytes for a reader; none at the end."""
        with self._lock:
            position = self._positions[number]
            if number == 1 and self._sealed_at is not None:
                most = min(most, self._sealed_at - position)
            elif position == self._end:
                self._fetch()
            data = self._stored(position, most)
            self._positions[number] += len(data)
            self._forget()
            return data

    def _fetch(self) -> None:
        if self._is_over:
            return
        chunk = os.read(self._descriptor, _CHUNK)
        self._is_over = not chunk
        self._append(chunk)
        if self._end - self._begin > self._limit + _SEGMENT:
            raise _too_large(self._limit)

    def _append(self, data: bytes) -> None:
        while data:
            room = self._begin + len(self._segments) * _SEGMENT - self._end
            if room == 0:
                self._segments.append(tempfile.TemporaryFile(prefix="mediatrans-"))  # noqa: SIM115
                room = _SEGMENT
            segment = self._segments[-1]
            segment.seek(0, os.SEEK_END)
            segment.write(data[:room])
            self._end += len(data[:room])
            data = data[room:]

    def _stored(self, position: int, most: int) -> bytes:
        index, offset = divmod(position - self._begin, _SEGMENT)
        if most <= 0 or position >= self._end:
            return b""
        segment = self._segments[index]
        segment.seek(offset)
        return segment.read(most)

    def _forget(self) -> None:
        needed = self._positions[0]
        if self._sealed_at is None or self._positions[1] < self._sealed_at:
            needed = min(self._positions)
        while self._segments and needed >= self._begin + _SEGMENT:
            self._segments.popleft().close()
            self._begin += _SEGMENT


class _Reader:
    """One reader of a tee; without a `seek`, so that no demuxer tries to."""

    def __init__(self, tee: _Tee, number: int) -> None:
        self._tee = tee
        self._number = number

    def read(self, most: int) -> bytes:
        return self._tee.read(self._number, most)


def _read_start(descriptor: int) -> bytes:
    start = b""
    while len(start) < _CHUNK and (chunk := os.read(descriptor, _CHUNK - len(start))):
        start += chunk
        if len(start) > 2 * _TS_PACKET:
            break
    if not start:
        raise InputError(
            "nothing came through the pipe", path=STDIN_NAME, remedy="check what feeds it"
        )
    return start


def _is_sequential(start: bytes) -> bool:
    is_ts = start[:1] == b"G" and start[_TS_PACKET : _TS_PACKET + 1] == b"G"
    return is_ts or start.startswith(_SEQUENTIAL_STARTS)


def _refuse_pictures(start: bytes) -> None:
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    if is_webp or start.startswith(_PICTURE_STARTS):
        raise InputError(
            "a picture, but only videos are piped", path=STDIN_NAME, remedy="name its file"
        )


def _too_large(limit: int) -> InputError:
    return InputError(
        f"more than {limit // _MEGABYTE:,} megabytes had to be spooled",
        path=STDIN_NAME,
        remedy="raise --spool-limit, or give the file by its name",
    )
