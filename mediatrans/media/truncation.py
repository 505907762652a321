"""Whether a video file is whole: demuxers read one that is cut short without a word."""

import io
import os
from pathlib import Path
from typing import BinaryIO

__all__ = ["matroska_size", "missing_bytes"]

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def missing_bytes(path: Path) -> int:
    """Bytes that an MP4, MOV, Matroska or AVI file lacks at its end; 0 for a whole or other file.

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
    """How long a Matroska or WebM file says it is; None where it does not say, or is another.

    Args:
        start: The file's first bytes.
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
        if length < 8:  # 0 reaches to the end of the file, less is no box
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
        elif length == (1 << 7 * width) - 1:  # unknown, as live recordings have it
            return size
    return file.tell() + length


def _riff_end(start: bytes, size: int) -> int:
    """Where the RIFF chunk should end; recorders that stop early leave no length or the largest."""
    length = int.from_bytes(start[4:8], "little")
    return size if length >= 0xFFFF_0000 else 8 + length
