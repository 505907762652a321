"""The writer of a segment: encodes its frames into a packet file; and the joining of segments."""

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
from mediatrans.media.write.coding import Coding
from mediatrans.media.write.segments.packet_file import crc_of, read_packets, write_packet
from mediatrans.media.write.video_encoders import YuvEncoder

__all__ = ["SegmentWriter", "joined_packets"]

_TAIL = 16


class SegmentWriter:
    """Encodes the frames of one segment into a packet file.

    Args:
        first: Index of its first frame.
        path: The packet file.
        muxer: FFmpeg's name of the container that will hold the packets.
        coding: The encoder and its parameters.
        info: The video that the frames come from.

    Attributes:
        first: Index of its first frame.
    """

    def __init__(self, first: int, path: Path, muxer: str, coding: Coding, info: VideoInfo) -> None:
        self.first = first
        self._path = path
        self._file = path.open("wb")
        # An encoder needs a container; nothing is written to this one.
        self._container = av.open(io.BytesIO(), "w", format=muxer)
        self._coding = coding
        self._encoder = YuvEncoder(self._container, coding, info)
        self._times: list[int] = []

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: The encoder fails.
        """
        assert frame.pts is not None
        assert frame.time_base is not None
        self._times.append(self._coding.ticks(frame.pts, frame.time_base))
        for packet in self._encoder.encode(frame):
            write_packet(self._file, packet)

    def finish(self, mark: Mark | None, notes: Any) -> Segment:
        """Complete and sync the file.

        Args:
            mark: The mark of the last source frame.
            notes: Notes to store with the frames.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: The encoder fails.
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
        """Close and remove the unfinished file."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file and the encoder."""
        with suppress(OSError):
            self._file.close()
        self._container.close()


def joined_packets(
    segments: Iterable[tuple[Segment, Path]],
) -> "Iterator[Packet[VideoStream]]":
    """The packets of all segments of a video, with the timestamps of an uninterrupted encoding.

    Args:
        segments: The segments and their files, from the first frame on without gaps.

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
    """A segment's packets with corrected decoding timestamps.

    An encoder that reorders frames begins with decoding timestamps before its first frame. In an
    uninterrupted encoding these packets have the timestamps of the preceding frames.

    Args:
        packets: The packets of one segment, in decoding order.
        begin: Presentation timestamp of its first frame.
        tail: Presentation timestamps of the last frames before it; empty for the first segment.
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
