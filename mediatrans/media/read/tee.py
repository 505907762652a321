"""A tee: lets two readers read the same pipe, with a buffer on disk."""

import os
import tempfile
import weakref
from collections import deque
from threading import Lock
from typing import BinaryIO

from mediatrans.errors import InputError, OutputError
from mediatrans.media.pipe_formats import STDIN_NAME
from mediatrans.media.read.waiting import Read
from mediatrans.media.wholeness import matroska_size, y4m_missing

__all__ = ["SEGMENT_BYTES", "Tee", "TeeReader", "not_spooled", "too_large"]

_CHUNK = 1 << 16
SEGMENT_BYTES = 1 << 24
"""Bytes in each of the files that a tee keeps, which are removed one by one."""

_MEGABYTE = 1_000_000


class Tee:
    """Two readers for one pipe; data stays on disk until both have read it.

    Args:
        read: Reads from the pipe.
        start: The bytes already read from the pipe.
        limit: The maximum number of buffered bytes.
        segment_bytes: The size of the buffer files.
        whole: Whether truncated data is an error of the reading; else `truncation` alone tells.

    Attributes:
        truncation: The error of a video that has ended too early, or None.
    """

    def __init__(
        self,
        read: Read,
        start: bytes,
        limit: int,
        segment_bytes: int = SEGMENT_BYTES,
        *,
        whole: bool = True,
    ) -> None:
        self.truncation: InputError | None = None
        self._whole = whole
        self._segment = segment_bytes
        self._read = read
        self._limit = limit
        self._start = start
        self._lock = Lock()
        self._segments: deque[BinaryIO] = deque()
        self._begin = self._end = 0
        self._is_over = False
        self._positions = [0, 0]
        self._opened = 0
        self._sealed_at: int | None = None
        self._gone: set[int] = set()
        self._error: InputError | OutputError | None = None
        self._raised: set[int] = set()
        self._append(start)

    def close(self) -> None:
        """Remove the buffer files."""
        for segment in self._segments:
            segment.close()

    def reader(self) -> "TeeReader":
        """The next reader, at the beginning; once it is garbage, nothing is buffered for it."""
        number = self._opened
        self._opened += 1
        reader = TeeReader(self, number)
        # Demuxers drop their input without closing it.
        weakref.finalize(reader, self._gone.add, number)
        return reader

    def seal(self) -> None:
        """End the second reader's data at what has been read so far; it needs only the header."""
        with self._lock:
            if self._sealed_at is None:
                self._sealed_at = self._end

    def read(self, number: int, most: int) -> bytes:
        """At most `most` bytes for a reader; empty at the end.

        Raises:
            InputError: The data is truncated or exceeds the limit. It is raised once per reader,
                since demuxers read on after an error.
        """
        with self._lock:
            position = self._positions[number]
            if number == 1 and self._sealed_at is not None:
                most = min(most, self._sealed_at - position)
            elif position == self._end:
                self._fetch_for(number)
            data = self._stored(position, most)
            self._positions[number] += len(data)
            self._forget()
            return data

    def _fetch_for(self, number: int) -> None:
        if self._error is None:
            try:
                self._fetch()
            except (InputError, OutputError) as error:
                self._error = error
        if self._error is not None and number not in self._raised:
            self._raised.add(number)
            raise self._error

    def _fetch(self) -> None:
        if self._is_over:
            return
        chunk = self._read(_CHUNK)
        self._is_over = not chunk
        if self._is_over and (missing := self._missing()) > 0:
            self.truncation = InputError(
                f"the video is truncated: {missing:,} bytes are missing",
                path=STDIN_NAME,
                remedy="check the program that feeds the pipe",
            )
            if self._whole:
                raise self.truncation
        self._append(chunk)
        if self._end - self._begin > self._limit + self._segment:
            raise too_large(self._limit)

    def _missing(self) -> int:
        declared = matroska_size(self._start)
        return declared - self._end if declared else y4m_missing(self._start, self._end)

    def _append(self, data: bytes) -> None:
        while data:
            room = self._begin + len(self._segments) * self._segment - self._end
            try:
                if room == 0:
                    file = tempfile.TemporaryFile(prefix="mediatrans-", buffering=0)  # noqa: SIM115
                    self._segments.append(file)
                    room = self._segment
                segment = self._segments[-1]
                segment.seek(0, os.SEEK_END)
                room = segment.write(data[:room])
            except OSError as error:
                raise not_spooled(error) from error
            self._end += len(data[:room])
            data = data[room:]

    def _stored(self, position: int, most: int) -> bytes:
        index, offset = divmod(position - self._begin, self._segment)
        if most <= 0 or position >= self._end:
            return b""
        segment = self._segments[index]
        segment.seek(offset)
        return segment.read(most)

    def _forget(self) -> None:
        needed = self._positions[0]
        is_behind = self._sealed_at is None or self._positions[1] < self._sealed_at
        if is_behind and 1 not in self._gone:
            needed = min(self._positions)
        while self._segments and needed >= self._begin + self._segment:
            self._segments.popleft().close()
            self._begin += self._segment


class TeeReader:
    """One reader of a tee. It has no `seek`, so demuxers do not try to seek."""

    def __init__(self, tee: Tee, number: int) -> None:
        self._tee = tee
        self._number = number

    def read(self, most: int) -> bytes:
        """At most `most` bytes; empty at the end."""
        return self._tee.read(self._number, most)


def too_large(limit: int) -> InputError:
    """The error for more data from a pipe than may be buffered.

    Args:
        limit: The maximum number of bytes.
    """
    return InputError(
        f"spooling it needs more than the limit of {limit // _MEGABYTE:,} megabytes",
        path=STDIN_NAME,
        remedy="raise --spool-limit, or name the file instead",
    )


def not_spooled(error: OSError) -> OutputError:
    """The error for a failure to write data from a pipe to disk.

    Args:
        error: The error of the operating system.
    """
    return OutputError(
        f"cannot be spooled: {(error.strerror or str(error)).lower()}",
        path=STDIN_NAME,
        remedy="set TMPDIR to a folder with more free space",
    )
