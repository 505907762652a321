"""Blocks and files made byte by byte, from the specifications alone."""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

Entry = tuple[int, int, int, bytes]
"""Tag, type, count, and the bytes of the values."""

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 2, 3, 4, 5, 7, 10
NOISE = np.random.default_rng(4).integers(0, 256, (20, 30, 3)).astype(np.uint8)
MAKER_NOTE = b"NOTE\0\0"
BEHIND_THE_NOTE = b"what the maker note points to"


def directory(entries: Sequence[Entry], begin: int, order: str, after: int = 0) -> bytes:
    """A directory at a position, its long values behind it."""
    values_at = begin + 2 + 12 * len(entries) + 4
    table, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, count, data in sorted(entries):
        table += struct.pack(f"{order}HHI", tag, kind, count)
        if len(data) <= 4:
            table += data.ljust(4, b"\0")
        else:
            table += struct.pack(f"{order}I", values_at + len(values))
            values += data + bytes(len(data) % 2)
    return table + struct.pack(f"{order}I", after) + values


def header(order: str, first: int) -> bytes:
    """The header of a TIFF whose first directory is at a position."""
    return (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, first)


def camera_exif(order: str = "<", orientation: int = 6) -> bytes:
    """A block like a camera's: odd types, a maker note with an offset, and a thumbnail.

    The maker note ends in the position of `BEHIND_THE_NOTE` in the block.
    """
    pack = struct.pack
    interop = directory([(1, ASCII, 4, b"R98\0")], 8, order)
    at = 8 + len(interop)
    behind = at
    interop += BEHIND_THE_NOTE + bytes(len(BEHIND_THE_NOTE) % 2)
    at = 8 + len(interop)
    shot = directory(
        [
            (0x9204, SRATIONAL, 1, pack(f"{order}ii", 0, 1)),
            (0x9286, UNDEFINED, 9, b"ASCII\0\0\0x"),
            (0x927C, UNDEFINED, 10, MAKER_NOTE + pack(f"{order}I", behind)),
            (0xA002, SHORT, 1, pack(f"{order}H", 48)),
            (0xA003, SHORT, 1, pack(f"{order}H", 32)),
            (0xA005, LONG, 1, pack(f"{order}I", 8)),
        ],
        at,
        order,
    )
    main_at = at + len(shot)
    entries = [
        (0x010F, ASCII, 9, b"a camera\0"),
        (0x0112, SHORT, 1, pack(f"{order}H", orientation)),
        (0x011A, RATIONAL, 1, pack(f"{order}II", 300, 1)),
        (0x011B, RATIONAL, 1, pack(f"{order}II", 150, 1)),
        (0x0128, SHORT, 1, pack(f"{order}H", 2)),
        (0x8769, LONG, 1, pack(f"{order}I", at)),
    ]
    preview_at = main_at + len(directory(entries, main_at, order))
    main = directory(entries, main_at, order, preview_at)
    place = pack(f"{order}I", preview_at + 42)
    preview = directory(
        [
            (0x0112, SHORT, 1, pack(f"{order}H", orientation)),
            (0x0201, LONG, 1, place),
            (0x0202, LONG, 1, pack(f"{order}I", 9)),
        ],
        preview_at,
        order,
    )
    return header(order, main_at) + interop + shot + main + preview + b"THUMBNAIL"


def values(block: bytes, begin: int | None = None) -> dict[int, tuple[int, int, bytes]]:
    """Type, count and bytes of each value of a directory, the first one by default."""
    order = "<" if block[:2] == b"II" else ">"
    if begin is None:
        begin = struct.unpack_from(f"{order}I", block, 4)[0]
    assert begin is not None
    found = {}
    for index in range(struct.unpack_from(f"{order}H", block, begin)[0]):
        at = begin + 2 + 12 * index
        tag, kind, count = struct.unpack_from(f"{order}HHI", block, at)
        sizes = {1: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, SRATIONAL: 8}
        size = sizes[kind] * count
        place = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", block, at + 8)[0]
        found[tag] = kind, count, block[place : place + size]
    return found


def number(value: tuple[int, int, bytes], order: str) -> int:
    """The whole number of a value."""
    kind = "H" if value[0] == SHORT else "I"
    return int(struct.unpack(f"{order}{kind}", value[2][: struct.calcsize(kind)])[0])


def write_tiff(
    path: Path,
    samples: bytes,
    size: tuple[int, int],
    bits: Sequence[int],
    more: Sequence[Entry] = (),
    order: str = "<",
    photometric: int = 1,
) -> Path:
    """A TIFF of one uncompressed strip."""
    pack = struct.pack
    at = 8 + len(samples) + len(samples) % 2
    width, height = size
    entries = [
        (256, LONG, 1, pack(f"{order}I", width)),
        (257, LONG, 1, pack(f"{order}I", height)),
        (258, SHORT, len(bits), pack(f"{order}{len(bits)}H", *bits)),
        (259, SHORT, 1, pack(f"{order}H", 1)),
        (262, SHORT, 1, pack(f"{order}H", photometric)),
        (273, LONG, 1, pack(f"{order}I", 8)),
        (277, SHORT, 1, pack(f"{order}H", len(bits))),
        (278, LONG, 1, pack(f"{order}I", height)),
        (279, LONG, 1, pack(f"{order}I", len(samples))),
        *more,
    ]
    strip = samples + bytes(len(samples) % 2)
    path.write_bytes(header(order, at) + strip + directory(entries, at, order))
    return path


def segment(marker: int, content: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def write_jpeg(path: Path, *segments: bytes) -> Path:
    """A JPEG with segments before all others."""
    Image.fromarray(NOISE).save(path, quality=90)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"".join(segments) + data[2:])
    return path


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


HEIF_EXIF = b"II*\0\x08\0\0\0\0\0"


def box(name: bytes, content: bytes) -> bytes:
    """A box of ISO 14496-12."""
    return struct.pack(">I", len(content) + 8) + name + content


def full(name: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags) + content)


def heif(
    properties: list[bytes],
    of_main: list[int],
    *,
    kinds: dict[int, bytes] | None = None,
    wide: bool = False,
    behind: bytes = b"",
) -> io.BytesIO:
    """A file whose main picture is item 1 and whose HEIF_EXIF, if any, is item 2."""
    kinds = {1: b"hvc1", 2: b"Exif"} | (kinds or {})
    items = b"".join(
        full(b"infe", struct.pack(">HH4sx", item, 0, kind), 2) for item, kind in kinds.items()
    )
    iinf = full(b"iinf", struct.pack(">H", len(kinds)) + items)
    associations = struct.pack(">HB", 9, 1) + (b"\x80\1" if wide else b"\x81")
    pieces = [
        struct.pack(">H", 0x8000 | index) if wide else bytes([0x80 | index]) for index in of_main
    ]
    associations += struct.pack(">HB", 1, len(of_main)) + b"".join(pieces)
    ipma = full(b"ipma", struct.pack(">I", 2) + associations, flags=int(wide))
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + ipma)
    ftyp = box(b"ftyp", b"heic" + bytes(4) + b"mif1")
    content = struct.pack(">I", 6) + b"Exif\0\0" + HEIF_EXIF

    def meta(offset: int) -> bytes:
        iloc = struct.pack(">BBHHHHII", 0x44, 0, 1, 2, 0, 1, offset, len(content))
        return full(
            b"meta", full(b"pitm", struct.pack(">H", 1)) + iinf + full(b"iloc", iloc) + iprp
        )

    offset = len(ftyp) + len(meta(0)) + 8
    return io.BytesIO(ftyp + meta(offset) + box(b"mdat", content) + behind)
