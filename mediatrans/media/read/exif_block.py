"""The EXIF block of a picture: its orientation, and the block adjusted in place.

Nothing is moved: the types of all values stay, and so do the offsets in maker notes, which count
from the beginning of the block.
"""

from PIL.ExifTags import IFD, Base

from mediatrans.media.tiff_directory import EXIF_PREFIX, Directory, Entry, TiffReader

__all__ = ["adjusted_exif", "is_adobe_rgb", "orientation_of"]

_SHORT = 3
_SRGB = 1
_INTEROP_INDEX = 1
_ADOBE_RGB = b"R03\0"
_DCF_SRGB = b"R98\0"
_THUMBNAILS = ((0x0201, 0x0202), (Base.StripOffsets, Base.StripByteCounts))
_RESOLUTIONS = (Base.XResolution, Base.YResolution)
_SIZES = (
    (Base.ImageWidth, Base.ImageLength),
    (Base.ExifImageWidth, Base.ExifImageHeight),
    (Base.RelatedImageWidth, Base.RelatedImageLength),
)


class _Block:
    """An EXIF block that is changed in place.

    Args:
        block: The block, with or without `EXIF_PREFIX`.

    Raises:
        ValueError: It has no directory.
    """

    def __init__(self, block: bytes | bytearray) -> None:
        self.data = bytearray(block.removeprefix(EXIF_PREFIX))
        self.reader = TiffReader.of(self.data)
        self.main = self.reader.directory(self.reader.first)
        self.shot = self.child(self.main, IFD.Exif)
        self.interop = self.child(self.shot, IFD.Interop)

    def child(self, parent: Directory | None, tag: int) -> Directory | None:
        """The directory that an entry points to, or None."""
        entry = parent.entries.get(tag) if parent else None
        if entry is None:
            return None
        try:
            return self.reader.directory(self.reader.number(entry, 0))
        except ValueError:
            return None

    def set_number(self, entry: Entry | None, value: int) -> None:
        """Replace a single whole number, if its type can hold the value."""
        # A single number is part of its entry; several might lie anywhere, even in a directory.
        if entry is None or entry.count != 1 or not self.reader.numbers(entry):
            return
        if value < 1 << 8 * entry.size:
            self.put(entry.at, value.to_bytes(entry.size, self.reader.order))

    def put(self, at: int, data: bytes) -> None:
        """Replace bytes."""
        self.data[at : at + len(data)] = data

    def drop_thumbnail(self) -> None:
        """Unlink the directory of the thumbnail and remove the thumbnail's bytes."""
        try:
            preview = self.reader.directory(self.main.next) if self.main.next else None
        except ValueError:
            preview = None
        self.put(self.main.next_at, bytes(4))
        if preview is None:
            return
        for tags in _THUMBNAILS:
            start, length = (self.reader.number(preview.entries.get(tag), 0) for tag in tags)
            end = start + length
            if start <= self.main.next_at or end > len(self.data):
                continue
            if end == len(self.data):
                del self.data[start:]
            else:
                self.put(start, bytes(length))


def orientation_of(block: bytes) -> int | None:
    """The orientation of an EXIF block, 1 to 8; None if it tells none.

    Args:
        block: The block, with or without `EXIF_PREFIX`.
    """
    try:
        exif = _Block(block)
    except ValueError:
        return None
    found = exif.reader.number(exif.main.entries.get(Base.Orientation), 0)
    return found if found in range(1, 9) else None


def is_adobe_rgb(block: bytes) -> bool:
    """Whether a camera says that the colours are those of Adobe RGB (DCF 2.0, 3.2.3).

    Args:
        block: The EXIF block, with or without `EXIF_PREFIX`.
    """
    try:
        exif = _Block(block)
    except ValueError:
        return False
    index = exif.interop.entries.get(_INTEROP_INDEX) if exif.interop else None
    return index is not None and exif.reader.value(index) == _ADOBE_RGB


def adjusted_exif(
    block: bytes, size: tuple[int, int], *, is_transposed: bool, is_srgb_now: bool
) -> bytes:
    """An EXIF block that describes the upright picture in its current colours.

    The orientation becomes 1, sizes that are present become the current ones, and resolutions are
    exchanged if width and height were. The thumbnail is removed, since it shows the untranslated
    picture. Everything else stays at its place.

    Args:
        block: The block, with or without `EXIF_PREFIX`.
        size: Width and height of the upright picture.
        is_transposed: Whether the orientation swapped width and height.
        is_srgb_now: Whether the colours were converted to sRGB.

    Returns:
        The block with `EXIF_PREFIX`.

    Raises:
        ValueError: The block has no directory.
    """
    exif = _Block(block)
    exif.set_number(exif.main.entries.get(Base.Orientation), 1)
    for directory in filter(None, (exif.main, exif.shot, exif.interop)):
        for tags in _SIZES:
            for tag, length in zip(tags, size, strict=True):
                exif.set_number(directory.entries.get(tag), length)
    if is_transposed:
        _swap_resolutions(exif)
    if is_srgb_now and exif.shot is not None:
        exif.set_number(exif.shot.entries.get(Base.ColorSpace), _SRGB)
        index = exif.interop.entries.get(_INTEROP_INDEX) if exif.interop else None
        if index is not None and exif.reader.value(index) == _ADOBE_RGB:
            exif.put(index.at, _DCF_SRGB)
    exif.drop_thumbnail()
    if set(_Block(exif.data).main.entries) != set(exif.main.entries):
        raise ValueError("values that overlap the directory")
    return EXIF_PREFIX + bytes(exif.data)


def _swap_resolutions(exif: _Block) -> None:
    across, down = (exif.main.entries.get(tag) for tag in _RESOLUTIONS)
    if across and down and across.kind == down.kind and across.size == down.size:
        first, second = exif.reader.value(across), exif.reader.value(down)
        exif.put(across.at, second)
        exif.put(down.at, first)
