"""Video to standard output."""

import os
import sys
from typing import BinaryIO

from mediatrans.errors import UsageError
from mediatrans.files.publish import output_error
from mediatrans.media.frames import VideoInfo
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIO
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.verification import Written
from mediatrans.media.write.video_sink import VideoSink

__all__ = ["VideoPipe"]

_CHUNK = 1 << 16
_MEGABYTE = 1_000_000
_TS_PACKET = 188
_SEQUENTIAL_STARTS = (b"\x1a\x45\xdf\xa3", b"FLV\x01", b"YUV4MPEG2 ", b"nut/multimedia", b"DKIF")
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM")


class VideoPipe(VideoSink):
    """Frames as a video on standard output, in Matroska or MPEG-TS.

    Nothing looks at the result a second time, and what went out stays out after an error.

    Args:
        info: The video that the frames come from.
        file_format: One of `PIPE_MUXERS`.
        encoding: What is asked of the encoder.
        stream: Where to write; None takes standard output.
    """

    def __init__(
        self,
        info: VideoInfo,
        file_format: str = "mkv",
        encoding: Encoding | None = None,
        *,
        stream: BinaryIO | None = None,
    ) -> None:
        super().__init__(STDIO, info, encoding)
        stream = stream or sys.stdout.buffer
        if stream.isatty():
            raise UsageError("a video is no text for a terminal", remedy="pipe it into a program")
        self._outlet = _Outlet(stream)
        self.muxer = PIPE_MUXERS[file_format]

    def _target(self) -> "_Outlet":
        return self._outlet

    def _publish(self, written: Written) -> None:
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
