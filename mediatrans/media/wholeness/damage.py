"""The damage of a video file that shows without decoding it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import av

from mediatrans.media.wholeness.chains import (
    flv_damage,
    gif_damage,
    ivf_damage,
    mjpeg_damage,
    mxf_damage,
    ogg_damage,
    png_damage,
    y4m_damage,
)
from mediatrans.media.wholeness.doubts import ts_layout
from mediatrans.media.wholeness.multipart import is_multipart_jpeg, multipart_damage
from mediatrans.media.wholeness.sizes import (
    asf_damage,
    box_damage,
    boxes,
    matroska_damage,
    riff_damage,
    shortfall,
)

__all__ = ["damage_of"]

_START_BYTES = 4096
_MOV: Final = "mov"
# Bytes per frame of DV with 525 and with 625 lines.
_DV_FRAMES: Final = (120_000, 144_000)


_Check = Callable[[BinaryIO, int], str | None]


def damage_of(path: Path) -> str | None:
    """The damage of a video file that shows without decoding it; None if there is none.

    Headers that declare sizes, and chains of blocks, are compared with the size of the file:
    MP4, MOV, Matroska, WebM, AVI, ASF, GIF, PNG, FLV, Ogg, MXF, IVF, Y4M, MJPEG (also
    multipart), DV, MPEG-TS. The
    checksums of PNG are verified. Other formats do not say how long they are.

    Args:
        path: A video file.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(_START_BYTES)
        file.seek(0)
        for at, magic, check in _CHECKS:
            if start[at : at + len(magic)] == magic:
                damage = check(file, size)
                is_fragmented = any(name == b"moof" for name, _ in boxes(file, size))
                break
        else:
            if is_multipart_jpeg(start):
                return multipart_damage(file, size)
            return _ts_damage(start, size)
    if damage is not None and check is box_damage and not is_fragmented:
        return _sample_damage(path, size, damage)
    return damage


def _dv_damage(file: BinaryIO, size: int) -> str | None:
    """The damage of a raw DV: a last frame that is not whole (IEC 61834-2)."""
    file.seek(3)
    is_625 = bool(file.read(1)[0] & 0x80)
    length = _DV_FRAMES[is_625]
    return shortfall(-(-size // length) * length, size)


def _sample_damage(path: Path, size: int, damage: str) -> str | None:
    """The damage by the samples of an MP4: a box may be declared longer than its content.

    Args:
        path: The file.
        size: Its size.
        damage: The damage by its boxes, which counts if no samples are found.
    """
    try:
        # No other demuxer, and no other file: this one opens before the whitelist is passed.
        with av.open(f"file:{path}", "r", format=_MOV, metadata_errors="replace") as container:
            ends = [e.pos + e.size for stream in container.streams for e in stream.index_entries]
    except av.FFmpegError:
        return damage
    return shortfall(max(ends), size) if ends else damage


def _ts_damage(start: bytes, size: int) -> str | None:
    """The damage of an MPEG-TS: a last packet that is not whole."""
    if layout := ts_layout(start):
        length = layout[0]
        return shortfall(-(-size // length) * length, size)
    return None


_CHECKS: Final[tuple[tuple[int, bytes, _Check], ...]] = (
    (4, b"ftyp", box_damage),
    (4, b"moov", box_damage),
    (4, b"mdat", box_damage),
    (4, b"wide", box_damage),
    (4, b"free", box_damage),
    (0, b"\x1a\x45\xdf\xa3", matroska_damage),
    (0, b"RIFF", riff_damage),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", asf_damage),
    (0, b"GIF8", gif_damage),
    (0, b"\x89PNG\r\n\x1a\n", png_damage),
    (0, b"FLV\x01", flv_damage),
    (0, b"OggS", ogg_damage),
    (0, b"\x06\x0e\x2b\x34", mxf_damage),
    (0, b"DKIF", ivf_damage),
    (0, b"YUV4MPEG2 ", y4m_damage),
    (0, b"\xff\xd8\xff", mjpeg_damage),
    (0, b"\x1f\x07\x00", _dv_damage),
)
