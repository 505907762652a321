"""The sizes that the headers of video files declare, compared with the sizes of the files."""

import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

__all__ = [
    "asf_damage",
    "box_damage",
    "boxes",
    "matroska_damage",
    "matroska_size",
    "riff_damage",
    "shortfall",
]

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_BOX_HEADER = 16
_BOX_NAME = re.compile(rb"[\x20-\x7e\xa9]{4}")
# More than this many times the size of a file is no part of it that was lost: the size is damaged.
_MOST_TIMES = 100
_ASF_PACKET = b"\x82\0\0"
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


def shortfall(end: int, size: int) -> str | None:
    """The damage of a file that should be longer; None if it is long enough.

    Args:
        end: Where its last part should end.
        size: Its size in bytes.
    """
    if end <= size:
        return None
    if end > _MOST_TIMES * size:
        return "the file is damaged: a size in it leads far beyond its end"
    missing = end - size
    return f"the file is truncated: {missing:,} byte{' is' if missing == 1 else 's are'} missing"


def box_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an MP4 or MOV by its top-level boxes (ISO 14496-12, 4.2)."""
    end = 0
    for name, end in boxes(file, size):
        if not _BOX_NAME.match(name):
            return f"the file is damaged before byte {end:,}"
    return shortfall(end, size)


def boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """The type and the end of each top-level box of an MP4 or MOV, up to an invalid one."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(_BOX_HEADER)
        length = int.from_bytes(header[:4])
        if length == 1 and len(header) == _BOX_HEADER:
            length = int.from_bytes(header[8:])
        if length < 8:  # 0 means up to the end of the file; less than 8 is invalid
            return
        position += length
        yield header[4:8], position


def matroska_size(start: bytes) -> int | None:
    """The size that the header of a Matroska or WebM file declares.

    Args:
        start: The file's first bytes.

    Returns:
        The size in bytes; None if it is not declared or the file has another format.
    """
    if not start.startswith(_EBML):
        return None
    return _segment_end(io.BytesIO(start), 0) or None


def matroska_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a Matroska or WebM file by the size of its segment."""
    return shortfall(_segment_end(file, size), size)


def _segment_end(file: BinaryIO, size: int) -> int:
    """Where the Matroska segment should end (RFC 8794, 4 and 6)."""
    for identifier in (_EBML, _SEGMENT):
        if file.read(4) != identifier:
            return size
        first = file.read(1)
        if not first or first == b"\0":
            return size
        width = 9 - first[0].bit_length()
        digits = bytes([first[0] & (0x7F >> (width - 1))]) + file.read(width - 1)
        length = int.from_bytes(digits)
        if identifier == _EBML:
            file.seek(length, os.SEEK_CUR)
        elif length == (1 << 7 * width) - 1:  # unknown size, as in live recordings
            return size
    return file.tell() + length


def riff_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an AVI by its RIFF chunks; a long AVI has several (OpenDML)."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "little")
        # Interrupted recorders write no length or the largest.
        if header[:4] != b"RIFF" or length >= 0xFFFF_0000 or length == 0:
            return None
        position += 8 + length + length % 2
    return shortfall(position - 1, size)  # the last padding byte may be missing


def asf_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an ASF or WMV file by its objects and the starts of its data packets.

    ASF specification, sections 2, 3.2 and 5.
    """
    position = packet_bytes = 0
    while position < size:
        file.seek(position)
        header = file.read(24)
        length = int.from_bytes(header[16:], "little")
        if length < 24:  # not written yet, as in live recordings
            return None
        if header[:16] == _ASF_HEADER:
            packet_bytes = _asf_packet_bytes(file.read(min(length, size)))
        if header[:16] == _ASF_DATA:
            file.seek(position + 40)
            count = int.from_bytes(file.read(8), "little")
            first, end = position + 50, position + length
            if end > size:
                return shortfall(end, size)
            return _asf_packet_damage(file, first, packet_bytes, count)
        position += length
    return None


def _asf_packet_bytes(header: bytes) -> int:
    """The length of every data packet; 0 if it is unknown."""
    at = header.find(_ASF_PROPERTIES)
    return int.from_bytes(header[at + 92 : at + 96], "little") if at >= 0 else 0


def _asf_packet_damage(file: BinaryIO, first: int, length: int, count: int) -> str | None:
    file.seek(first)
    start = file.read(3)
    # Without error correction data, packets need not begin alike.
    if not length or start != _ASF_PACKET:
        return None
    for position in range(first, first + count * length, length):
        file.seek(position)
        if file.read(3) != start:
            return f"the file is damaged at byte {position:,}"
    return None
