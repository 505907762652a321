"""The parts of a picture's file that are neither its picture nor metadata of a known kind."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from mediatrans.media.animation import (
    GIF_APPLICATION,
    WEBP_CHUNKS,
    gif_blocks,
    png_chunks,
    riff_chunks,
)

__all__ = [
    "gif_xmp",
    "pam_comments",
    "pnm_comments",
    "unknown_extensions",
    "unknown_png_chunks",
    "unknown_segments",
    "unknown_sgi_name",
    "unknown_tga_parts",
    "unknown_webp_chunks",
]

# Segments that are read elsewhere, or describe the coding of the source.
_SEGMENTS: Final = (
    ("APP0", (b"JFIF\0", b"JFXX\0", b"AVI1")),
    ("APP1", (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/")),
    ("APP2", (b"ICC_PROFILE\0", b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0")),
    ("APP11", (b"JP",)),
    ("APP12", (b"Ducky\0",)),
    ("APP13", (b"Photoshop 3.0\0", b"Adobe_CM")),
    ("APP14", (b"Adobe",)),
)
# PNG specification, third edition, 11; the last ones describe how bytes are stored.
_PNG_CHUNKS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI tEXt zTXt iTXt bKGD hIST "
    b"pHYs sPLT eXIf tIME acTL fcTL fdAT caBX iDOT CgBI vpAg".split()
)
_XMP_IN_GIF: Final = b"XMP DataXMP"
_GIF_APPLICATIONS: Final = frozenset({_XMP_IN_GIF, b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_XMP_END_IN_GIF: Final = b"\x01\xff\xfe\xfd"
_LARGEST_XMP: Final = 16_000_000
_PLAIN_TEXT: Final = b"\x21\x01"
_BEGIN_OF_NAME: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,23}")
_PNM_PART: Final = re.compile(rb"\s*(?:#([^\r\n]*)|([^\s#]+))")
_LARGEST_PNM_HEADER: Final = 1 << 16
_SGI_NAME: Final = slice(24, 104)
_TGA_FOOTER: Final = b"TRUEVISION-XFILE.\0"


def unknown_segments(segments: Iterable[tuple[str, bytes]]) -> set[str]:
    """What a JPEG holds in segments of applications that are not known.

    Args:
        segments: The names and the contents of its segments.
    """
    known = dict(_SEGMENTS)
    names = {
        " ".join(filter(None, (name, _begin_of(content))))
        for name, content in segments
        if name.startswith("APP") and not content.startswith(known.get(name, ()))
    }
    return _listed("data of applications", names)


def unknown_png_chunks(file: BinaryIO) -> set[str]:
    """What a PNG holds in chunks that are not known.

    Args:
        file: The file; its position moves.
    """
    names = {name for name, _ in png_chunks(file)} - _PNG_CHUNKS
    return _listed("chunks", {_begin_of(name) or "of an invalid name" for name in names})


def unknown_webp_chunks(file: BinaryIO) -> set[str]:
    """What a WebP holds in chunks that are not known.

    Args:
        file: The file; its position moves.
    """
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    names = {name for name, _ in riff_chunks(file) if file.tell() <= end} - WEBP_CHUNKS
    return _listed("chunks", {_begin_of(name) or "of an invalid name" for name in names})


def unknown_extensions(file: BinaryIO) -> set[str]:
    """What a GIF holds in extensions that are not known.

    Args:
        file: The file; its position moves.
    """
    applications, lost = set(), set()
    for kind, position in gif_blocks(file):
        if kind == GIF_APPLICATION:
            file.seek(position + 3)
            applications.add(file.read(11))
        elif kind == _PLAIN_TEXT:
            lost.add("plain text")
    names = {_begin_of(name) or "of an invalid name" for name in applications - _GIF_APPLICATIONS}
    return lost | _listed("data of applications", names)


def gif_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet of a GIF, or None (XMP specification, part 3, 1.1.2).

    Args:
        file: The file; its position moves.
    """
    for kind, position in gif_blocks(file):
        if kind != GIF_APPLICATION:
            continue
        file.seek(position + 3)
        if file.read(11) == _XMP_IN_GIF:
            packet, end, _ = file.read(_LARGEST_XMP).partition(_XMP_END_IN_GIF)
            return packet if end else None
    return None


def pnm_comments(file: BinaryIO) -> list[bytes]:
    """The comments in the header of a PNM file.

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    header = file.read(_LARGEST_PNM_HEADER)
    numbers = 2 if header[:2] in (b"P1", b"P4") else 3
    comments, at = [], 2
    while numbers and (part := _PNM_PART.match(header, at)):
        at = part.end()
        if part[1] is None:
            numbers -= 1
        else:
            comments.append(part[1].strip())
    return comments


def pam_comments(header: bytes) -> list[bytes]:
    """The comments in the header of a PAM file; none if it is another file.

    Args:
        header: The first bytes of the file.
    """
    if not header.startswith(b"P7\n"):
        return []
    lines = header.partition(b"\nENDHDR")[0].split(b"\n")
    return [line[1:].strip() for line in lines if line.startswith(b"#")]


def unknown_tga_parts(file: BinaryIO) -> set[str]:
    """What a TGA holds beside its picture (Truevision TGA specification 2.0).

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    parts = {"image ID"} if file.read(1) not in (b"", b"\0") else set()
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - 26))
    footer = file.read()
    if footer.endswith(_TGA_FOOTER) and any(footer[:8]):
        parts.add("extension area")
    return parts


def unknown_sgi_name(file: BinaryIO) -> set[str]:
    """The name in the header of an SGI picture, unless it is that of the file or stands for none.

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    name = file.read(_SGI_NAME.stop)[_SGI_NAME].partition(b"\0")[0].strip()
    own = Path(os.fsdecode(file.name))
    is_told = name.lower() in (b"", b"no name", *map(os.fsencode, (own.name, own.stem)))
    return set() if is_told else {"the name in its header"}


def _begin_of(content: bytes) -> str:
    """The name at the beginning of some data, or ""."""
    found = _BEGIN_OF_NAME.match(content)
    return found[0].decode().strip() if found else ""


def _listed(what: str, names: set[str]) -> set[str]:
    return {f"{what} ({', '.join(sorted(names))})"} if names else set()
