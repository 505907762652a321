"""Walks through files that are chains of blocks, which must lead exactly to the end of the file."""

from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO
from zlib import crc32

from mediatrans.media.animation import GIF_TRAILER, gif_blocks, png_chunks
from mediatrans.media.wholeness.sizes import shortfall

__all__ = [
    "flv_damage",
    "gif_damage",
    "ivf_damage",
    "mjpeg_damage",
    "mxf_damage",
    "ogg_damage",
    "png_damage",
    "y4m_damage",
    "y4m_missing",
]

_TAIL_BYTES = 4096
_FLV_TAGS = frozenset({8, 9, 18})
_KLV = b"\x06\x0e\x2b\x34"
_Y4M_MARK = b"FRAME\n"
# Bytes per pixel of luma and the subsampling of chroma; formats with more bits take two bytes.
_Y4M_CHROMA = {"420": (2, 2), "411": (4, 1), "422": (2, 1), "440": (1, 2), "444": (1, 1)}


def gif_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a GIF: a block that is none, or an end before the trailer."""
    for _ in gif_blocks(file):
        if file.tell() >= size:
            return _cut_in_block()
    position = file.tell() - 1
    file.seek(position)
    return None if file.read(1) == GIF_TRAILER else _at(position, size)


def png_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a PNG: a wrong checksum, an end before IEND, or too few animated frames."""
    declared = frames = 0
    for name, position in png_chunks(file):
        file.seek(position)
        length = int.from_bytes(file.read(4))
        if position + 12 + length > size:
            return shortfall(position + 12 + length, size)
        content = file.read(4 + length)
        if crc32(content) != int.from_bytes(file.read(4)):
            return f"the file is damaged at byte {position:,}"
        declared = int.from_bytes(content[4:8]) if name == b"acTL" else declared
        frames += name == b"fcTL"
        if name == b"IEND":
            lacks = declared - frames
            return (
                f"the file is damaged: {lacks} of {declared} frames are missing" if lacks else None
            )
    return _cut_in_block()


def y4m_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a Y4M: a frame without its mark, or a last frame that is not whole."""
    header = file.readline(1000)
    length = _y4m_frame_bytes(_y4m_fields(header))
    position = len(header)
    while length and position < size:
        file.seek(position)
        mark = file.readline(1000)
        if not mark.startswith(b"FRAME"):
            return _at(position, size)
        position += len(mark) + length
    return shortfall(position, size)


def y4m_missing(start: bytes, size: int) -> int:
    """Bytes that the last frame of a Y4M lacks, as far as its beginning tells.

    The marks of the frames may have fields of their own where the header says that frames differ.

    Args:
        start: The first bytes; those of other formats lack nothing.
        size: The size in bytes.
    """
    header, _, frames = start.partition(b"\n")
    fields = _y4m_fields(header)
    length = _y4m_frame_bytes(fields)
    is_regular = fields.get(b"I") != "m" and frames.startswith(_Y4M_MARK)
    if not header.startswith(b"YUV4MPEG2 ") or not length or not is_regular:
        return 0
    return -(size - len(header) - 1) % (len(_Y4M_MARK) + length)


def _y4m_fields(header: bytes) -> dict[bytes, str]:
    return {word[:1]: word[1:].decode("ascii", "replace") for word in header.split()[1:]}


def _y4m_frame_bytes(fields: dict[bytes, str]) -> int | None:
    """Bytes of a frame; None for a layout that is not known."""
    layout = fields.get(b"C", "420")
    try:
        width, height = int(fields[b"W"]), int(fields[b"H"])
    except (KeyError, ValueError):
        return None
    if layout.startswith("mono"):
        return width * height * (1 if layout == "mono" else 2)
    across, down = _Y4M_CHROMA.get(layout[:3], (0, 0))
    if not across:
        return None
    chroma = -(-width // across) * -(-height // down)
    planes = width * height * (2 if layout.endswith("alpha") else 1) + 2 * chroma
    return planes * (2 if "p1" in layout[3:] or "p9" in layout[3:] else 1)


def ivf_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an IVF: a last frame that is not whole."""
    file.seek(6)
    position = int.from_bytes(file.read(2), "little")
    while position < size:
        file.seek(position)
        header = file.read(12)
        if len(header) < 12:
            return _cut_in_block()
        position += 12 + int.from_bytes(header[:4], "little")
    return shortfall(position, size)


def mjpeg_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of raw Motion JPEG: an end that is not the end of a picture."""
    file.seek(max(0, size - _TAIL_BYTES))
    return None if file.read().rstrip(b"\0").endswith(b"\xff\xd9") else _cut_in_block()


def flv_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an FLV: a tag that is none, or a last tag that is not whole."""
    file.seek(5)
    position = int.from_bytes(file.read(4)) + 4
    while position < size:
        file.seek(position)
        header = file.read(11)
        if len(header) < 11:
            return _cut_in_block()
        if header[0] & 0x1F not in _FLV_TAGS:
            return _at(position, size)
        position += 11 + int.from_bytes(header[1:4]) + 4
    return shortfall(position - 4, size)  # some writers omit the size after the last tag


def ogg_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an Ogg: a page that is none, or a last page that is not whole (RFC 3533)."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(27)
        if not header.startswith(b"OggS"[: len(header)]):
            return _at(position, size)
        lengths = file.read(header[26]) if len(header) == 27 else b""
        if len(header) < 27 or len(lengths) < header[26]:
            return _cut_in_block()
        position += 27 + len(lengths) + sum(lengths)
    return shortfall(position, size)


def mxf_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of an MXF: a KLV packet that is none, or a last one that is not whole."""
    for position, end in pairwise(_klv_positions(file, size)):
        if end is None:
            return _at(position or 0, size)
        if end > size:
            return shortfall(end, size)
    return None


def _klv_positions(file: BinaryIO, size: int) -> Iterator[int | None]:
    """Where KLV packets begin (SMPTE 336), the end of the last; None if one is invalid."""
    position = 0
    yield position
    while position < size:
        file.seek(position)
        header = file.read(17)
        if len(header) < 17 or not header.startswith(_KLV):
            yield None
            return
        first, length, width = header[16], header[16], 0
        if first & 0x80:
            width = first & 0x7F
            length = int.from_bytes(file.read(width))
        position += 17 + width + length
        yield position


def _at(position: int, size: int) -> str:
    if position >= size:
        return _cut_in_block()
    return f"the file is damaged at byte {position:,}"


def _cut_in_block() -> str:
    return "the file is truncated"
