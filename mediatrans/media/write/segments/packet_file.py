"""Packet files: encoded packets, stored exactly.

Containers do not preserve packets exactly: Matroska rounds timestamps to milliseconds, others
recalculate durations or decoding timestamps.
"""

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

from av import Packet
from av.video.stream import VideoStream

__all__ = ["crc_of", "read_packets", "write_packet"]

_BLOCK = 1 << 20
# pts, dts, duration, time base (numerator and denominator), size, whether it is a keyframe.
_HEADER = struct.Struct("<qqqqqq?")


def write_packet(file: BinaryIO, packet: "Packet[VideoStream]") -> None:
    """Append a packet.

    Args:
        file: The file.
        packet: A packet with both timestamps.

    Raises:
        OSError: The disk is full.
    """
    assert packet.pts is not None
    assert packet.dts is not None
    base = Fraction(packet.time_base)
    data = bytes(packet)
    header = _HEADER.pack(
        packet.pts,
        packet.dts,
        packet.duration or 0,
        base.numerator,
        base.denominator,
        len(data),
        packet.is_keyframe,
    )
    file.write(header + data)


def read_packets(path: Path) -> "Iterator[Packet[VideoStream]]":
    """The packets of a file, in the order they were written.

    Args:
        path: A complete file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        while header := file.read(_HEADER.size):
            pts, dts, duration, numerator, denominator, size, is_keyframe = _HEADER.unpack(header)
            packet = cast("Packet[VideoStream]", Packet(file.read(size)))
            packet.pts, packet.dts, packet.duration = pts, dts, duration
            packet.time_base = Fraction(numerator, denominator)
            packet.is_keyframe = is_keyframe
            yield packet


def crc_of(path: Path) -> int:
    """CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            crc = zlib.crc32(block, crc)
    return crc
