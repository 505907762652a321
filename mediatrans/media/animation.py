"""The detection of animated GIF, PNG and WebP files, and of the number of their plays.

Imports no media library, so that planning a job loads none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mediatrans.files.bounded import READER_LIMIT_S, result_within

__all__ = [
    "ANIMATION_SUFFIXES",
    "FOREVER",
    "GIF_APPLICATION",
    "GIF_CONTROL",
    "GIF_PICTURE",
    "GIF_TRAILER",
    "WEBP_CHUNKS",
    "Animation",
    "animation_of",
    "gif_blocks",
    "is_lossless_webp",
    "is_regular_picture",
    "metadata_names",
    "png_chunks",
    "riff_chunks",
]

ANIMATION_SUFFIXES = frozenset({".gif", ".png", ".apng", ".webp"})
"""Suffixes of files that may hold one picture or an animation."""

FOREVER = 0
"""The number of plays of an animation that loops forever."""

GIF_PICTURE = b"\x2c"
GIF_CONTROL = b"\x21\xf9"
GIF_APPLICATION = b"\x21\xff"
GIF_TRAILER = b"\x3b"

WEBP_CHUNKS = frozenset(
    {b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L", b"EXIF", b"XMP "}
)
"""The names of the chunks of WebP (RFC 9649, section 2.7)."""

_METADATA = {
    b"iCCP": "colour profile", b"eXIf": "EXIF", b"tEXt": "text", b"zTXt": "text", b"iTXt": "text",
    b"ICCP": "colour profile", b"EXIF": "EXIF", b"XMP ": "XMP",
}  # fmt: skip
_ENOUGH = 2
_PNG = b"\x89PNG\r\n\x1a\n"
_WEBP_ANIMATED = 0x02


@dataclass(frozen=True, slots=True)
class Animation:
    """The properties of an animated picture file.

    Attributes:
        plays: How often it plays; `FOREVER` for an endless loop.
        frames: The number of its pictures; None if they would have to be counted.
    """

    plays: int
    frames: int | None = None


def animation_of(path: Path, limit_s: float = READER_LIMIT_S) -> Animation | None:
    """The animation in a file, or None for a still picture or an unreadable file.

    Args:
        path: A file with one of the `ANIMATION_SUFFIXES`; other files give None.
        limit_s: Seconds after which the file counts as unreadable.
    """
    if path.suffix.lower() not in ANIMATION_SUFFIXES:
        return None
    return result_within(limit_s, partial(_found_in, path), None)


def _found_in(path: Path) -> Animation | None:
    try:
        with path.open("rb") as file:
            start = file.read(12)
            if start[:6] in (b"GIF87a", b"GIF89a"):
                return _gif(file)
            if start[:8] == _PNG:
                return _png(file)
            if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
                return _webp(file)
    except OSError:
        pass
    return None


def metadata_names(path: Path) -> list[str]:
    """What an animated PNG or WebP holds beside its frames, which FFmpeg does not read.

    Args:
        path: A file with one of the `ANIMATION_SUFFIXES`; other files give nothing.
    """
    if path.suffix.lower() not in ANIMATION_SUFFIXES or not path.is_file():
        return []
    with path.open("rb") as file:
        start = file.read(12)
        if start[:8] == _PNG:
            names = {name for name, _ in png_chunks(file)}
        elif start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            names = {name for name, _ in riff_chunks(file)}
        else:
            return []
    return sorted({_METADATA[name] for name in names & _METADATA.keys()})


def _gif(file: BinaryIO) -> Animation | None:
    frames, plays = 0, 1
    is_looped, is_regular = False, True
    for kind, position in gif_blocks(file):
        if kind == GIF_PICTURE:
            frames += 1
            is_regular = is_regular and is_regular_picture(file, position)
        if frames == _ENOUGH:
            return Animation(plays)
        if kind == GIF_APPLICATION:
            file.seek(position)
            content = file.read(18)
            if content[3:14] == b"NETSCAPE2.0":
                is_looped = True
                repeats = int.from_bytes(content[16:18], "little")
                plays = FOREVER if repeats == 0 else repeats + 1
    # Damage may hide the other pictures; whoever reads it as an animation notices.
    is_damaged = _is_invalid_block(file) or (is_looped and not is_regular)
    return Animation(plays) if is_damaged else None


def _is_invalid_block(file: BinaryIO) -> bool:
    """Whether a walk through a GIF has ended at a block that is none."""
    position = file.tell()
    if file.read(1) == b"" or position == 0:
        return False
    file.seek(position - 1)
    return file.read(1) != GIF_TRAILER


def is_regular_picture(file: BinaryIO, position: int) -> bool:
    """Whether all parts of a picture but the last have one length (GIF89a, section 22).

    Args:
        file: A GIF; its position moves.
        position: Where the picture begins.
    """
    file.seek(position + 9)
    flags = file.read(1)
    if not flags:
        return True
    _skip_colour_table(file, flags[0])
    file.seek(1, 1)  # LZW minimum code size
    lengths: list[int] = []
    while (length := file.read(1)) not in (b"", b"\0"):
        lengths.append(length[0])
        file.seek(length[0], 1)
    return len(set(lengths[:-1])) < 2 and lengths == sorted(lengths, reverse=True)


def gif_blocks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The kind and position of each block of a GIF, up to its end or to invalid data.

    GIF89a specification, section 12.

    Args:
        file: A seekable file; the caller may read the blocks during the iteration.
    """
    file.seek(10)
    flags = file.read(3)
    if len(flags) < 3:
        return
    _skip_colour_table(file, flags[0])
    while True:
        position = file.tell()
        kind = file.read(1)
        if kind == b"\x21":
            kind += file.read(1)
        elif kind == GIF_PICTURE:
            descriptor = file.read(9)
            if len(descriptor) < 9:
                return
            _skip_colour_table(file, descriptor[8])
            file.seek(1, 1)  # LZW minimum code size
        else:
            return
        _skip_sub_blocks(file)
        after = file.tell()
        yield kind, position
        file.seek(after)


def _skip_colour_table(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << ((flags & 7) + 1), 1)


def _skip_sub_blocks(file: BinaryIO) -> None:
    while size := file.read(1):
        if size == b"\0":
            return
        file.seek(size[0], 1)


def _png(file: BinaryIO) -> Animation | None:
    """PNG specification, third edition, 11.3.6: acTL comes before the first picture."""
    for name, position in png_chunks(file):
        if name == b"acTL":
            file.seek(position + 8)
            frames, plays = int.from_bytes(file.read(4)), int.from_bytes(file.read(4))
            return Animation(plays, frames) if frames >= _ENOUGH else None
        if name == b"IDAT":
            return None
    return None


def png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The name and position of each chunk of a PNG, up to its end.

    Args:
        file: A seekable file; the caller may read the chunks during the iteration.
    """
    position = len(_PNG)
    file.seek(position)
    while len(header := file.read(8)) == 8:
        yield header[4:], position
        if header[4:] == b"IEND":
            return
        position += 12 + int.from_bytes(header[:4])
        file.seek(position)


def _webp(file: BinaryIO) -> Animation | None:
    """RFC 9649, section 2.7."""
    frames, plays = 0, FOREVER
    for name, length in riff_chunks(file):
        content = file.read(min(length, 10))
        if name == b"VP8X" and not (content and content[0] & _WEBP_ANIMATED):
            return None
        if name == b"ANIM":
            plays = int.from_bytes(content[4:6], "little")
        frames += name == b"ANMF"
        if frames == _ENOUGH:
            return Animation(plays)
    return None


def is_lossless_webp(file: BinaryIO) -> bool:
    """Whether the first picture of a WebP file is lossless (RFC 9649, 2.3 and 2.7).

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WEBP":
        return False
    position = len(start)
    for name, _ in riff_chunks(file):
        if name == b"ANMF":  # the picture follows a frame header of 16 bytes
            position = file.tell() + 16
            break
    return any(name == b"VP8L" for name, _ in riff_chunks(file, position))


def riff_chunks(file: BinaryIO, position: int = 12) -> Iterator[tuple[bytes, int]]:
    """The name and length of each chunk of a RIFF file, positioned at the chunk's content.

    Args:
        file: A seekable file; the caller may read the chunks during the iteration.
        position: The position of the first chunk.
    """
    file.seek(position)
    while len(header := file.read(8)) == 8:
        length = int.from_bytes(header[4:], "little")
        yield header[:4], length
        position += 8 + length + length % 2
        file.seek(position)
