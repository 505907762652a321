"""The boxes of AVIF, HEIF and JPEG 2000 files that tell more than the decoders do.

ISO 14496-12 (boxes), ISO 23008-12 (items and their properties), AV1 Codec ISO Media File Format.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["HeifInfo", "has_metadata_boxes", "heif_info", "jpeg_2000_profile"]

_LARGEST = 16_000_000
_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap",)
_DEPTH_MAPS = (b"urn:mpeg:hevc:2015:auxid:2", b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth")


@dataclass(frozen=True, slots=True)
class HeifInfo:
    """What the boxes of an AVIF or HEIF tell about its main picture.

    Attributes:
        code_points: Primaries and transfer function, or None.
        subsampling: The chroma subsampling of an AVIF, "4:2:0", "4:2:2" or "4:4:4"; else None.
        bits: Bits per channel of an AVIF; 8 if unknown.
        exif: The EXIF block as it is stored, or None.
        lost: Names of what a translation cannot have.
    """

    code_points: tuple[int, int] | None = None
    subsampling: str | None = None
    bits: int = 8
    exif: bytes | None = None
    lost: frozenset[str] = frozenset()


def heif_info(file: BinaryIO) -> HeifInfo:
    """Read the boxes of a file; what is damaged or missing counts as not told.

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    meta, has_video = b"", False
    while (head := file.read(8)) and len(head) == 8:
        length, name = int.from_bytes(head[:4]), head[4:]
        if name == b"meta" and 12 <= length <= _LARGEST:
            meta = file.read(length - 8)[4:]
        elif length >= 8:
            file.seek(length - 8, 1)
        else:
            break
        has_video = has_video or name == b"mpvd"
    try:
        return _read_meta(meta, has_video, file)
    except (IndexError, OverflowError, struct.error, ValueError):
        return HeifInfo()


def has_metadata_boxes(file: BinaryIO) -> bool:
    """Whether a JP2 file has boxes of metadata (uuid, xml), which Pillow does not read.

    Args:
        file: The file; its position moves.
    """
    file.seek(0)
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4])
        if head[4:] in (b"uuid", b"xml "):
            return True
        if length < 8:
            return False
        file.seek(length - 8, 1)
    return False


def jpeg_2000_profile(header: bytes) -> bytes | None:
    """The colour profile in the header of a JP2 file, which Pillow does not read; or None.

    Args:
        header: The first bytes of the file.
    """
    for name, content in _boxes(header):
        if name != b"jp2h":
            continue
        for inner, colour in _boxes(content):
            if inner == b"colr" and colour[:1] == b"\2":
                return colour[3:]
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _read_meta(meta: bytes, has_video: bool, file: BinaryIO) -> HeifInfo:
    boxes = dict(_boxes(meta))
    lost = {"motion photo's video"} if has_video else set()
    kinds = _item_kinds(boxes.get(b"iinf", b""))
    if b"tmap" in kinds.values() or any(kind in meta for kind in _GAIN_MAPS):
        lost.add("HDR gain map")
    if any(kind in meta for kind in _DEPTH_MAPS):
        lost.add("depth map")
    codes, subsampling, bits = None, None, 8
    for name, content in _main_properties(boxes):
        if name == b"colr" and content[:4] == b"nclx":
            codes = struct.unpack(">HH", content[4:8])
        elif name == b"av1C":
            flags = content[2]
            bits = 12 if flags & 0x20 else 10 if flags & 0x40 else 8
            halves = flags >> 2 & 3
            subsampling = {0: "4:4:4", 2: "4:2:2", 3: "4:2:0"}.get(halves)
            if flags & 0x10:  # grey, which becomes colour
                subsampling = None
    places = [item for item, kind in kinds.items() if kind == b"Exif"]
    exif = _exif(boxes.get(b"iloc", b""), places[0], file) if places else None
    return HeifInfo(codes, subsampling, bits, exif, frozenset(lost))


def _item_kinds(iinf: bytes) -> dict[int, bytes]:
    kinds = {}
    for name, content in _boxes(iinf[6 if iinf[:1] == b"\0" else 8 :]):
        if name == b"infe":
            wide = 4 if content[0] >= 3 else 2
            kinds[int.from_bytes(content[4 : 4 + wide])] = content[6 + wide : 10 + wide]
    return kinds


def _main_properties(boxes: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    pitm, iprp = boxes.get(b"pitm", b""), dict(_boxes(boxes.get(b"iprp", b"")))
    main = int.from_bytes(pitm[4:8] if pitm[:1] == b"\1" else pitm[4:6])
    properties = list(_boxes(iprp.get(b"ipco", b"")))
    ipma = iprp.get(b"ipma", bytes(8))
    id_size, index_size = (4 if ipma[0] else 2), (2 if ipma[3] & 1 else 1)
    at = 8
    for _ in range(int.from_bytes(ipma[4:8])):
        item, count = int.from_bytes(ipma[at : at + id_size]), ipma[at + id_size]
        at += id_size + 1
        places = [
            int.from_bytes(ipma[at + step : at + step + index_size]) & (1 << 8 * index_size - 1) - 1
            for step in range(0, count * index_size, index_size)
        ]
        at += count * index_size
        if item == main:
            return [properties[place - 1] for place in places if 0 < place <= len(properties)]
    return []


def _exif(iloc: bytes, wanted: int, file: BinaryIO) -> bytes | None:
    """The EXIF block of an item that is stored in one piece of the file."""
    version, sizes = iloc[0], iloc[4:6]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version else 0
    id_size = 4 if version == 2 else 2
    at = 6 + id_size
    for _ in range(int.from_bytes(iloc[6:at])):
        item = int.from_bytes(iloc[at : at + id_size])
        at += id_size
        method = iloc[at + 1] & 15 if version else 0
        at += (2 if version else 0) + 2
        base = int.from_bytes(iloc[at : at + base_size])
        at += base_size
        pieces = int.from_bytes(iloc[at : at + 2])
        at += 2
        place = at + index_size
        offset = base + int.from_bytes(iloc[place : place + offset_size])
        length = int.from_bytes(iloc[place + offset_size : place + offset_size + length_size])
        at += pieces * (index_size + offset_size + length_size)
        if item == wanted and pieces == 1 and method == 0 and 4 < length <= _LARGEST:
            file.seek(offset)
            content = file.read(length)
            return content[4 + int.from_bytes(content[:4]) :]
    return None
