"""The detection of truncated video files, which demuxers read without an error."""

import io
import os
from pathlib import Path
from typing import BinaryIO

__all__ = ["matroska_size", "missing_bytes"]

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def missing_bytes(path: Path) -> int:
    """The number of bytes missing at the end of an MP4, MOV, Matroska or AVI file.

    It is 0 for a complete file and for other formats.

    Args:
        path: A video file.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(12)
        file.seek(0)
        if start[4:8] == b"ftyp":
            return max(0, _boxes_end(file, size) - size)
        if start[:4] == _EBML:
            return max(0, _segment_end(file, size) - size)
        if start[:4] == b"RIFF":
            return max(0, _riff_end(start, size) - size)
    return 0


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


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Where the last top-level box should end (ISO 14496-12, 4.2)."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(16)
        length = int.from_bytes(header[:4])
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:])
        if length < 8:  # 0 means up to the end of the file; less than 8 is invalid
            return size
        position += length
    return position


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


def _riff_end(start: bytes, size: int) -> int:
    """Where the RIFF chunk should end; interrupted recorders write no length or the largest."""
    length = int.from_bytes(start[4:8], "little")
    return size if length >= 0xFFFF_0000 else 8 + length
