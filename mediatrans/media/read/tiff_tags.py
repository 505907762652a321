"""The tags of a TIFF file: what describes the picture, and how its samples are stored."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import COMPRESSION_INFO

from mediatrans.media.tiff_directory import (
    EXIF_PREFIX,
    LAYOUT_TAGS,
    ByteOrder,
    Directory,
    Entry,
    Field,
    TiffReader,
    directory_bytes,
)

__all__ = [
    "CIE_LAB",
    "ICC_LAB",
    "RGB",
    "Description",
    "SampleLayout",
    "description_of",
    "layout_of",
]

RGB, CIE_LAB, ICC_LAB = 2, 8, 9
"""Numbers of colour models."""

_XMP = 700
_IPTC = 33723
_PHOTOSHOP = 34377
_SUB_IFDS = 330
_LAYERS = 37724
_LONG, _RATIONAL = 4, 5
_PER_INCH, _PER_CM = 2, 3
_ICC = 34675
_BIG_KINDS = frozenset({16, 17, 18})
_LARGEST_VALUE = 16_000_000
_MINIMUM_IS_WHITE, _MINIMUM_IS_BLACK = 0, 1
_DATA = ((Base.StripOffsets, Base.StripByteCounts), (Base.TileOffsets, Base.TileByteCounts))
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
# Raw of 16 bits, ThunderScan, LogLuv and WebP, which Pillow knows and its libtiff may not have.
_RARE_COMPRESSIONS = frozenset({32771, 32809, 34676, 34677, 50001})
_COMMON_COMPRESSIONS = frozenset(COMPRESSION_INFO) - _RARE_COMPRESSIONS


@dataclass(frozen=True, slots=True)
class Description:
    """What the tags of a TIFF say about its picture.

    Attributes:
        exif: The description as an EXIF block, with `EXIF_PREFIX`; None if there is none.
        xmp: The XMP packet, or None.
        iptc: The IPTC records, or None.
        photoshop: Photoshop's image resources, or None.
        icc: The colour profile, or None.
        dpi: Horizontal and vertical pixels per inch before rotation, or None.
        lost: Names of what cannot be part of a translation.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """How the samples of a TIFF are stored.

    Attributes:
        size: Width and height before rotation.
        bits: Bits of the first sample of a pixel.
        channels: Samples of a pixel.
        kind: 1 unsigned, 2 signed, 3 floating-point.
        is_inverted: Whether the lowest value is white.
        photometric: The number of the colour model.
        photometric_at: The position of that number in the file; 0 if there is none.
        is_whole: Whether the file holds all the data that its tags point to.
        compression: The number of the compression.
    """

    size: tuple[int, int]
    bits: int
    channels: int
    kind: int
    is_inverted: bool
    photometric: int
    photometric_at: int
    is_whole: bool
    compression: int

    @property
    def is_too_deep(self) -> bool:
        """Whether no tag tells the range: floating-point and 32-bit samples use a part of it."""
        return self.is_float or self.bits > 16

    @property
    def is_grey_or_rgb(self) -> bool:
        """Whether the colour model is grey or RGB."""
        return self.photometric in (_MINIMUM_IS_WHITE, _MINIMUM_IS_BLACK, RGB)

    @property
    def is_deep_lab(self) -> bool:
        """Whether the samples are L*, a* and b* of 16 bits."""
        is_lab = self.photometric in (CIE_LAB, ICC_LAB) and self.channels == 3
        return is_lab and self.bits == 16 and not self.is_float

    @property
    def is_plain(self) -> bool:
        """Whether Pillow's 8-bit pixels are those of the picture."""
        return self.bits <= 8 and self.kind != _SIGNED

    @property
    def is_common(self) -> bool:
        """Whether every decoder reads it, so that a failure means damage."""
        is_usual = self.channels in (1, 3, 4) and self.bits in (1, 8) and self.is_plain
        return self.is_grey_or_rgb and is_usual and self.is_well_compressed and not self.is_float

    @property
    def is_well_compressed(self) -> bool:
        """Whether every decoder has the compression, so that a failure means damage."""
        return self.compression in _COMMON_COMPRESSIONS

    @property
    def is_float(self) -> bool:
        """Whether the samples are floating-point numbers."""
        return self.kind == _FLOAT

    def __str__(self) -> str:
        """In words, for a message."""
        kinds = {_SIGNED: "signed ", _FLOAT: "floating-point "}
        return (
            f"{self.channels} x {self.bits} {kinds.get(self.kind, '')}bits, "
            f"photometric interpretation {self.photometric}"
            + ("" if self.is_well_compressed else f", compression {self.compression}")
        )

    def to_8_bits(self, samples: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Scale whole numbers so that the highest value of the type becomes 255.

        Negative values become 0.

        Args:
            samples: Of any integer type; unsigned samples may be stored in a signed type.
        """
        wide = np.asarray(samples).astype(np.int64)
        if self.kind == _SIGNED:
            half = 1 << (self.bits - 1)
            wide = (wide + half) % (2 * half) - half  # signed bytes may be stored as unsigned
            most = half - 1
        else:
            most = (1 << self.bits) - 1
            wide &= most
        scaled = ((wide.clip(0, most) * 255 + most // 2) // most).astype(np.uint8)
        return 255 - scaled if self.is_inverted else scaled


def layout_of(file: BinaryIO) -> SampleLayout | None:
    """The sample layout of a TIFF; None for other files and damaged directories.

    Args:
        file: A seekable file; its position moves.
    """
    try:
        reader = TiffReader(file)
        tags = reader.directory(reader.first).entries
    except ValueError:
        return None
    photometric = reader.number(tags.get(Base.PhotometricInterpretation), _MINIMUM_IS_WHITE)
    return SampleLayout(
        size=(
            reader.number(tags.get(Base.ImageWidth), 0),
            reader.number(tags.get(Base.ImageLength), 0),
        ),
        bits=reader.number(tags.get(Base.BitsPerSample), 1) or 1,
        channels=reader.number(tags.get(Base.SamplesPerPixel), 1),
        kind=reader.number(tags.get(Base.SampleFormat), _UNSIGNED),
        is_inverted=photometric == _MINIMUM_IS_WHITE,
        photometric=photometric,
        photometric_at=told.at if (told := tags.get(Base.PhotometricInterpretation)) else 0,
        is_whole=_is_whole(reader, tags),
        compression=reader.number(tags.get(Base.Compression), 1),
    )


def _is_whole(reader: TiffReader, tags: Mapping[int, Entry]) -> bool:
    for begins, lengths in _DATA:
        ends = zip(
            reader.numbers(tags.get(begins)), reader.numbers(tags.get(lengths)), strict=False
        )
        if any(begin + length > reader.length for begin, length in ends):
            return False
    return True


def description_of(file: BinaryIO) -> Description:
    """What the tags of a TIFF say about its picture, without those of its storage.

    Types and bytes of the values stay as they are. Maker notes are left out: their offsets count
    from the beginning of the file, where the notes cannot stay.

    Args:
        file: The file; its position moves.

    Raises:
        ValueError: The file has no directory.
    """
    reader = TiffReader(file)
    main = reader.directory(reader.first)
    lost = []
    if _LAYERS in main.entries:
        lost.append("Photoshop layers")
    if _SUB_IFDS in main.entries:
        lost.append("embedded pictures")
    own = {_XMP, _IPTC, _PHOTOSHOP, _SUB_IFDS, _LAYERS, IFD.Exif, IFD.GPSInfo, *LAYOUT_TAGS}
    fields = _fields(reader, main, own)
    children: dict[int, dict[int, Field]] = {}
    for tag in (IFD.Exif, IFD.GPSInfo):
        if (child := _child(reader, main, tag)) is not None:
            children[tag] = _fields(reader, child, {IFD.MakerNote, IFD.Interop})
            if IFD.MakerNote in child.entries:
                lost.append("maker notes")
    return Description(
        exif=_exif_block(fields, children, reader.order) if fields or children else None,
        xmp=_block(reader, main, _XMP),
        iptc=_block(reader, main, _IPTC),
        photoshop=_block(reader, main, _PHOTOSHOP),
        icc=_block(reader, main, _ICC),
        dpi=_dpi(reader, main),
        lost=tuple(lost),
    )


def _dpi(reader: TiffReader, main: Directory) -> tuple[float, float] | None:
    per_unit = {_PER_INCH: 1.0, _PER_CM: 2.54}.get(
        reader.number(main.entries.get(Base.ResolutionUnit), _PER_INCH)
    )
    found = []
    for tag in (Base.XResolution, Base.YResolution):
        entry = main.entries.get(tag)
        data = reader.value(entry) if entry and entry.kind == _RATIONAL else b""
        over, under = (int.from_bytes(data[at : at + 4], reader.order) for at in (0, 4))
        if per_unit is None or not over or not under:
            return None
        found.append(over / under * per_unit)
    return found[0], found[1]


def _block(reader: TiffReader, directory: Directory, tag: int) -> bytes | None:
    entry = directory.entries.get(tag)
    return reader.value(entry) if entry and entry.size <= _LARGEST_VALUE else None


def _child(reader: TiffReader, parent: Directory, tag: int) -> Directory | None:
    try:
        return reader.directory(reader.number(parent.entries.get(tag), 0))
    except ValueError:
        return None


def _fields(reader: TiffReader, directory: Directory, without: Container[int]) -> dict[int, Field]:
    return {
        tag: reader.field(entry)
        for tag, entry in directory.entries.items()
        if tag not in without and entry.kind not in _BIG_KINDS and entry.size <= _LARGEST_VALUE
    }


def _exif_block(
    fields: dict[int, Field], children: Mapping[int, dict[int, Field]], order: ByteOrder
) -> bytes:
    body, begin = b"", 8
    for tag, child in children.items():
        fields[tag] = Field(_LONG, 1, (begin + len(body)).to_bytes(4, order))
        body += directory_bytes(child.items(), begin + len(body), order)
    main = directory_bytes(fields.items(), begin + len(body), order)
    mark = b"II" if order == "little" else b"MM"
    header = mark + (42).to_bytes(2, order) + (begin + len(body)).to_bytes(4, order)
    return EXIF_PREFIX + header + body + main
