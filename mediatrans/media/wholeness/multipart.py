"""Motion JPEG in a multipart document, as network cameras send it: its mark and its wholeness."""

import re
from typing import BinaryIO, Final

from mediatrans.media.wholeness.sizes import shortfall

__all__ = ["is_multipart_jpeg", "multipart_damage"]

_BOUNDARY: Final = re.compile(rb"\s*--([^\s-][^\r\n]{0,69}?)(--)?[ \t]*(\r?\n|$)")
_CLOSING: Final = re.compile(rb"\s*(--[^\r\n]*\s*)?")
_JPEG_PART: Final = re.compile(rb"content-type:[ \t]*image/jpe?g", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"content-length:[ \t]*(\d{1,12})", re.IGNORECASE)
_LONGEST_HEADER: Final = 4096


def is_multipart_jpeg(start: bytes) -> bool:
    """Whether a file begins with a boundary (RFC 2046, 5.1) and the header of a JPEG.

    Args:
        start: Its first bytes.
    """
    boundary = _BOUNDARY.match(start)
    if boundary is None:
        return False
    header, end = _header(start[boundary.end() :])
    return end > 0 and bool(_JPEG_PART.search(header))


def multipart_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a multipart document: a part that is not whole, or no boundary after it.

    Where parts declare no length, the file has to end with the end of a picture.

    Args:
        file: A file of which `is_multipart_jpeg` is true; its position moves.
        size: Its size.
    """
    position = 0
    while position < size:
        file.seek(position)
        block = file.read(_LONGEST_HEADER)
        boundary = _BOUNDARY.match(block)
        if boundary is None:
            return None if not block.strip() else f"the file is damaged at byte {position:,}"
        if boundary[2] or boundary.end() == size - position:
            return None
        header, length_of_header = _header(block[boundary.end() :])
        length = _LENGTH.search(header)
        if not length_of_header:
            return "the file is truncated"
        if length is None:
            return _end_damage(file, size)
        position += boundary.end() + length_of_header + int(length[1])
    return shortfall(position, size)


def _end_damage(file: BinaryIO, size: int) -> str | None:
    file.seek(max(0, size - _LONGEST_HEADER))
    _, end, rest = file.read().rpartition(b"\xff\xd9")
    return None if end and _CLOSING.fullmatch(rest) else "the file is truncated"


def _header(block: bytes) -> tuple[bytes, int]:
    """The header of a part, and its length with the empty line; 0 if that is missing."""
    found = re.search(rb"\r?\n\r?\n", block)
    return (block[: found.start()], found.end()) if found else (block, 0)
