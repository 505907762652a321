"""The picture formats that a pipe may carry, told by their first bytes."""

import re
from typing import Final

__all__ = ["picture_format"]

# The file signatures of the formats, most of them as Wikipedia's list of file signatures has them.
_STARTS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "Photoshop"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"\0\0\1\0", "ICO"),
    (b"FUJIFILMCCD-RAW", "RAW"),
)
_NETPBM: Final = re.compile(rb"P[1-7Ff]\s")
# Brands of single pictures (ISO 23008-12, AV1 Image File Format); "avis" and "hevc" are sequences.
_BRANDS: Final = {
    b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC", b"heis": "HEIC", b"mif1": "HEIC",
    b"avif": "AVIF", b"crx ": "RAW",
}  # fmt: skip


def picture_format(start: bytes) -> str | None:
    """The name of the picture format that a file begins with; None if it may be a video.

    GIF counts as a video; so do sequences in the containers of HEIC and AVIF.

    Args:
        start: The first bytes, at least 16.
    """
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if start[4:8] == b"ftyp" and start[8:12] in _BRANDS:
        return _BRANDS[start[8:12]]
    if _NETPBM.match(start):
        return "Netpbm"
    return next((name for begin, name in _STARTS if start.startswith(begin)), None)
