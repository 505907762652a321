"""The errors for files that cannot be read as pictures: damaged, not supported, or no picture."""

import re
from pathlib import Path

from mediatrans.errors import InputError
from mediatrans.media.read.plugins import Plugin

__all__ = [
    "GET_COMPLETE",
    "damaged",
    "not_supported",
    "refused_by_decoder",
    "too_large",
    "unreadable",
]

GET_COMPLETE = "get a complete copy of the file"

# The words with which decoders tell what they lack.
_LACKING = re.compile(
    r"unsupported|not supported|cannot handle|not available|unknown \w+ (mode|orientation|map)"
    r"|unable to determine|unrecognized|unknown raw mode|MAX_TEXT|not implemented",
    re.IGNORECASE,
)
_OTHER_CODINGS = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical lossless",
    0xCB: "lossless arithmetic",
    0xCD: "hierarchical arithmetic",
    0xCE: "hierarchical arithmetic",
    0xCF: "hierarchical lossless arithmetic",
}
"""Codings of JPEG by their marker (ITU-T T.81, table B.1), besides those that are common."""
_EXPORT = "export it as PNG, TIFF or JPEG first"
_FOREIGN = (
    (b"8BPS", "a Photoshop document", _EXPORT),
    (b"v/1\x01", "an OpenEXR picture", _EXPORT),
    (b"#?RADIANCE", "a Radiance HDR picture", _EXPORT),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"%!PS", "a PostScript document", _EXPORT),
    (b"gimp xcf", "a GIMP document", _EXPORT),
    (b"DDS ", "a DDS texture", _EXPORT),
    (b"icns", "an icon of macOS", _EXPORT),
    (b"PF\n", "a floating-point picture", "save it with 16 bits per channel"),
    (b"PF ", "a floating-point picture", "save it with 16 bits per channel"),
    (b"SIMPLE  =", "a FITS picture", _EXPORT),
    (b"<svg", "an SVG drawing", _EXPORT),
    (b"<?xml", "an XML document, perhaps a drawing", _EXPORT),
    (b"FUJIFILMCCD-RAW", "a raw photograph", "develop it to TIFF or JPEG first"),
    (b"II\x1a\0\0\0HEAPCCDR", "a raw photograph", "develop it to TIFF or JPEG first"),
    (b"IIU\0", "a raw photograph", "develop it to TIFF or JPEG first"),
    (b"IIRO", "a raw photograph", "develop it to TIFF or JPEG first"),
    (b"<!DOCTYPE", "a web page", "download the picture itself"),
    (b"<html", "a web page", "download the picture itself"),
)
"""First bytes of files that are often taken for pictures that can be read."""


def damaged(path: Path, error: Exception) -> InputError:
    """The error of a damaged picture."""
    return InputError(f"the picture is damaged: {error}", path=path, remedy=GET_COMPLETE)


def not_supported(what: str, path: Path) -> InputError:
    """The error of a picture that is whole, but of a kind that is not supported.

    Args:
        what: The kind, with its article.
        path: The file.
    """
    return InputError(
        f"{what} is not supported",
        path=path,
        remedy="save it as PNG or TIFF with 8 or 16 bits per channel",
    )


def too_large(width: int, height: int, max_pixels: int, path: Path) -> InputError:
    """The error of a picture with more pixels than the limit."""
    return InputError(
        f"{width}x{height} pixels are more than the limit of {max_pixels:,}",
        path=path,
        remedy=f"use --max-pixels {width * height}, or scale the picture down",
    )


def refused_by_decoder(error: Exception, title: str, header: bytes, path: Path) -> InputError:
    """The error for a decoder's: either it lacks something, or the picture is damaged.

    Args:
        error: The decoder's error.
        title: The name of the format.
        header: The first bytes of the file.
        path: The file.
    """
    if title == "JPEG" and (coding := _jpeg_coding(header)) is not None:
        return not_supported(f"a {coding} JPEG", path)
    if isinstance(error, NotImplementedError) or _LACKING.search(str(error)):
        return not_supported(f"this kind of {title} ({error})", path)
    return damaged(path, error)


def _jpeg_coding(header: bytes) -> str | None:
    """The name of an uncommon coding of a JPEG; None for the common ones."""
    at = 2
    while at + 4 <= len(header) and header[at] == 0xFF:
        marker = header[at + 1]
        if marker in _OTHER_CODINGS:
            return _OTHER_CODINGS[marker]
        if marker == 0xDA:
            return None
        at += 2 + int.from_bytes(header[at + 2 : at + 4])
    return None


def unreadable(
    header: bytes, plugin: Plugin | None, refused: tuple[str, Exception] | None, path: Path
) -> InputError:
    """The error of a file that no decoder opens.

    Args:
        header: The first bytes of the file.
        plugin: The plugin that it may need, or None.
        refused: The format whose decoder knows the first bytes and its error, or None.
        path: The file.
    """
    for start, kind, remedy in _FOREIGN:
        if header.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(start):
            return InputError(f"this is {kind}, which cannot be read", path=path, remedy=remedy)
    if plugin is not None and not plugin.can_read(header):
        return InputError(
            f"reading {plugin.title} needs {plugin.package}, which is not installed",
            path=path,
            remedy=f"pip install {plugin.package}, or convert the picture to PNG or JPEG first",
        )
    if refused is not None:
        error = refused_by_decoder(refused[1], refused[0], header, path)
        is_damaged = error.remedy == GET_COMPLETE
        # Here Pillow's own words would be "not identified by this driver".
        return damaged(path, ValueError(f"not a whole {refused[0]}")) if is_damaged else error
    return InputError(
        "not a picture that can be read",
        path=path,
        remedy="check that the file is complete and really a picture",
    )
