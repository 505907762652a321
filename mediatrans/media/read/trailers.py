"""Data that is appended to a picture's file, behind the end of its format."""

import os
import re
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from typing import BinaryIO, Final

from mediatrans.media.animation import GIF_TRAILER, gif_blocks, png_chunks

__all__ = ["has_trailer"]

# A marker in the coded data of a JPEG that ends them: neither a stuffed byte nor a restart.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FILLING: Final = b"\0\r\n \xff"


def has_trailer(file_format: str, file: BinaryIO) -> bool:
    """Whether a JPEG, PNG, GIF or WebP has data behind its end, other than filling.

    Args:
        file_format: Pillow's name of the format; False for others.
        file: The whole file; its position moves.
    """
    end_of = _ENDS.get(file_format)
    end = end_of(file) if end_of else None
    if end is None:
        return False
    file.seek(end)
    while block := file.read(1 << 20):
        if block.strip(_FILLING):
            return True
    return False


def _jpeg_end(file: BinaryIO) -> int | None:
    """Behind the first EOI marker that is not in a segment (ITU-T T.81, B.1)."""
    if not file.seek(0, os.SEEK_END):
        return None
    with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF:
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
            elif marker in _ALONE:
                at += 2
            elif marker == _END:
                return at + 2
            else:
                at += 2 + int.from_bytes(data[at + 2 : at + 4])
                if marker == _START_OF_SCAN:
                    found = _MARKER.search(data, at)
                    if found is None:
                        return None
                    at = found.start()
        return at + 2 if data[at : at + 2] == bytes((0xFF, _END)) else None


def _png_end(file: BinaryIO) -> int | None:
    return next((at + 12 for name, at in png_chunks(file) if name == b"IEND"), None)


def _gif_end(file: BinaryIO) -> int | None:
    for _ in gif_blocks(file):
        pass
    end = file.tell()
    file.seek(end - 1)
    return end if file.read(1) == GIF_TRAILER else None


def _webp_end(file: BinaryIO) -> int | None:
    file.seek(4)
    length = int.from_bytes(file.read(4), "little")
    return 8 + length + length % 2


_ENDS: Final[dict[str, Callable[[BinaryIO], int | None]]] = {
    "JPEG": _jpeg_end,
    "MPO": _jpeg_end,
    "PNG": _png_end,
    "GIF": _gif_end,
    "WEBP": _webp_end,
}
