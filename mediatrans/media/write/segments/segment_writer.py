"""One segment of a video: its frames, encoded into a packet file of their own."""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av import Packet
from av.video.stream import VideoStream

from mediatrans.media.frames import Frame, Mark, Segment, VideoInfo
from mediatrans.media.write.codecs import Coding
from mediatrans.media.write.segments.packet_file import crc_of, read_packets, write_packet
from mediatrans.media.write.video_encoders import YuvEncoder

__all__ = ["SegmentWriter", "joined_packets"]

_TAIL = 16


class SegmentWriter:
    """Encodes the frames of one segment into a packet file.

    Args:
        first: Index of its first frame.
        path: The packet file.
        muxer: FFmpeg's name of the container that the packets will go into.
        coding: How the frames are encoded.
        info: The video that the frames come from.

    Attributes:
        first: Index of its first frame.
    """

    def __init__(self, first: int, path: Path, muxer: str, coding: Coding, info: VideoInfo) -> None:
        self.first = first
        self._path = path
        self._file = path.open("wb")
        # Nothing is written to it, but an encoder has to belong to a container.
        self._container = av.open(io.BytesIO(), "w", format=muxer)
        self._encoder = YuvEncoder(self._container, coding, info)
        self._times: list[int] = []

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: The encoder refuses.
        """
        assert frame.pts is not None
        self._times.append(frame.pts)
        for packet in self._encoder.encode(frame):
            write_packet(self._file, packet)

    def finish(self, mark: Mark | None, notes: Any) -> Segment:
        """Complete and sync the file.

        Args:
            mark: The source frame that the last frame was made from.
            notes: What else is to be kept with the frames.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: The encoder refuses.
        """
        for packet in self._encoder.flush():
            write_packet(self._file, packet)
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self.close()
        return Segment(
            first=self.first,
            frames=len(self._times),
            size=size,
            crc=crc_of(self._path),
            begin=self._times[0],
            tail=tuple(self._times[-_TAIL:]),
            mark=mark,
            notes=notes,
        )

    def abandon(self) -> None:
        """Close what is open and remove the file, which counts for nothing."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
        with suppress(OSError):
            self._file.close()
        self._container.close()


def joined_packets(
    segments: Iterable[tuple[Segment, Path]],
) -> "Iterator[Packet[VideoStream]]":
    """The packets of all segments of a video, as one encoder would have ordered them.

    Args:
        segments: The segments with their files, from the first frame on without a gap.

    Raises:
        OSError: A file cannot be read.
    """
    tail: Sequence[int] = ()
    for segment, path in segments:
        yield from _in_order(read_packets(path), segment.begin, tail)
        tail = segment.tail


def _in_order(
    packets: "Iterable[Packet[VideoStream]]", begin: int, tail: Sequence[int]
) -> "Iterator[Packet[VideoStream]]":
    """A segment's packets with the decoding times they would have had behind those before them.

    An encoder that reorders frames starts its decoding times before its first frame. Where it goes
    on instead, those packets have the times of the frames before.

    Args:
        packets: The packets of one segment, in decoding order.
        begin: Presentation time of its first frame.
        tail: Presentation times of the last frames before it, none before the first segment.
    """
    early: list[Packet[VideoStream]] = []
    rest = iter(packets)
    for packet in rest:
        assert packet.dts is not None
        if packet.dts >= begin:
            rest = chain([packet], rest)
            break
        early.append(packet)
    for packet, time in zip(reversed(early), reversed(tail), strict=False):
        packet.dts = time
    yield from early
    yield from rest
