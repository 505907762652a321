"""The picture size in a file's header, for formats whose readers check no limit before decoding."""

import re

__all__ = ["HEADER_BYTES", "declared_size"]

HEADER_BYTES = 65_536
"""The number of bytes at the beginning of a file that are searched for the size."""

_PAM = b"P7\n"
_GIF = (b"GIF87a", b"GIF89a")
_JXL_CODESTREAM = b"\xff\x0a"
_JXL_CONTAINER = b"\0\0\0\x0cJXL "
_JXL_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_JXL_WIDTHS = (9, 13, 18, 30)


def declared_size(header: bytes) -> tuple[int, int] | None:
    """Width and height of a PAM, GIF, HEIF, AVIF or JPEG XL picture; None if they are not found.

    Args:
        header: The file's first `HEADER_BYTES`, or the whole file.
    """
    if header.startswith(_PAM):
        return _pam_size(header)
    if header.startswith(_GIF) and len(header) >= 10:
        return int.from_bytes(header[6:8], "little"), int.from_bytes(header[8:10], "little")
    if header[4:8] == b"ftyp":
        return _heif_size(header)
    if header.startswith(_JXL_CODESTREAM):
        return _jxl_size(header)
    if header.startswith(_JXL_CONTAINER):
        start = header.find(_JXL_CODESTREAM, len(_JXL_CONTAINER))
        return _jxl_size(header[start:]) if start >= 0 else None
    return None


def _pam_size(header: bytes) -> tuple[int, int] | None:
    width, height = (
        int(match[1]) if (match := re.search(rb"^%s (\d{1,10})" % name, header, re.M)) else 0
        for name in (b"WIDTH", b"HEIGHT")
    )
    return (width, height) if width and height else None


def _heif_size(header: bytes) -> tuple[int, int] | None:
    """The size of the largest picture in the file (ISO 23008-12, 6.5.3)."""
    starts = [match.end() + 4 for match in re.finditer(b"ispe", header)]
    sizes = [
        (int.from_bytes(header[at : at + 4]), int.from_bytes(header[at + 4 : at + 8]))
        for at in starts
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _jxl_size(codestream: bytes) -> tuple[int, int]:
    """The size header of ISO 18181-1, D.2; the lowest bit comes first."""
    bits = int.from_bytes(codestream[2:18], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    def length(small: int) -> int:
        return 8 * (take(5) + 1) if small else take(_JXL_WIDTHS[take(2)]) + 1

    small = take(1)
    height = length(small)
    ratio = take(3)
    if ratio == 0:
        return length(small), height
    across, down = _JXL_RATIOS[ratio]
    return height * across // down, height
