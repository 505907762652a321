"""Signs of damage in formats that hold neither checksums nor counts, which only allow a warning."""

import re
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

import numpy as np

from mediatrans.media.animation import GIF_PICTURE, gif_blocks, is_regular_picture

__all__ = ["doubt_of", "ts_layout"]

_START_BYTES: Final = 4096
_TS_SYNC: Final = 0x47
_TS_PACKETS: Final = (188, 192, 204)
# A part of the first packets may be damaged.
_MOST_SYNCS: Final = 0.6
_MOST_LOSSES: Final = 1000
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


def doubt_of(path: Path, demuxer: str, frames: int) -> str | None:
    """Why frames may be missing although a file was read to its end, or None.

    MPEG-TS has sync bytes in regular places. The parts of a GIF picture are all of one length but
    the last. Raw Motion JPEG has marks at the beginning and the end of each picture.

    Args:
        path: A video file.
        demuxer: FFmpeg's name of its demuxer.
        frames: The number of frames that were read.

    Raises:
        OSError: The file cannot be read.
    """
    find = _FINDERS.get(demuxer)
    return find(path, frames) if find else None


def _ts_doubt(path: Path, frames: int) -> str | None:
    lost = _lost_ts_packets(path)
    return f"bytes are missing in {lost} place{'' if lost == 1 else 's'}" if lost else None


def _gif_doubt(path: Path, frames: int) -> str | None:
    with path.open("rb") as file:
        for kind, position in gif_blocks(file):
            if kind == GIF_PICTURE and not is_regular_picture(file, position):
                return f"the picture at byte {position:,} has parts of irregular lengths"
    return None


def _jpeg_doubt(path: Path, frames: int) -> str | None:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        pictures = max(sum(1 for _ in re.finditer(mark, data)) for mark in (_JPEG_START, _JPEG_END))
    if pictures <= frames:
        return None
    return f"it has marks of {pictures} pictures, but {frames} were read"


def _lost_ts_packets(path: Path) -> int:
    """The number of places at which bytes are missing between packets."""
    with path.open("rb") as file:
        layout = ts_layout(file.read(_START_BYTES))
    if layout is None:
        return 0
    length, at = layout
    data = np.memmap(path, np.uint8, "r")
    losses = 0
    while True:
        is_sync = data[at::length] == _TS_SYNC
        if is_sync.all() or losses > _MOST_LOSSES:
            return losses
        losses += 1
        at += int(np.argmin(is_sync)) * length
        following = data[at : at + 4 * length]
        phases = (p for p in range(length) if (following[p::length] == _TS_SYNC).all())
        at += next(phases, len(data))


def ts_layout(start: bytes) -> tuple[int, int] | None:
    """The length of a packet and where the first sync byte is; None if it is no MPEG-TS.

    Args:
        start: The first bytes of a file.
    """
    data = np.frombuffer(start, np.uint8)
    for length in _TS_PACKETS:
        if len(data) <= 4 * length:
            continue
        shares = [np.mean(data[at::length] == _TS_SYNC) for at in range(length)]
        best = int(np.argmax(shares))
        if shares[best] > _MOST_SYNCS:
            return length, best
    return None


_FINDERS: Final[dict[str, Callable[[Path, int], str | None]]] = {
    "mpegts": _ts_doubt,
    "gif": _gif_doubt,
    "mjpeg": _jpeg_doubt,
}
