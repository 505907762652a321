"""TIFF directories, of which TIFF files and EXIF blocks consist (TIFF 6.0, section 2)."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal

__all__ = [
    "EXIF_PREFIX",
    "LAYOUT_TAGS",
    "ByteOrder",
    "Directory",
    "Entry",
    "Field",
    "TiffReader",
    "directory_bytes",
]

EXIF_PREFIX = b"Exif\0\0"
"""The bytes before the TIFF header of an EXIF block in a JPEG."""

# fmt: off
LAYOUT_TAGS = frozenset({
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 282,
    283, 284, 288, 289, 290, 291, 292, 293, 296, 300, 301, 317, 318, 319, 320, 321, 322, 323, 324,
    325, 326, 327, 328, 332, 333, 334, 336, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 351,
    400, 401, 402, 403, 404, 405, 433, 434, 435, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529,
    530, 531, 532, 559, 32995, 32996, 32997, 32998, 34675, 37439, 50838, 50839,
})
# fmt: on
"""The tags for the storage of pixels and the meaning of their values, which a writer sets."""

ByteOrder = Literal["little", "big"]

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = {16: 8, 17: 8, 18: 8}
_EXIF_3_SIZES = {129: 1}
_UNSIGNED = frozenset({1, 3, 4, 13, 16, 18})
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory, with the position of its value.

    Attributes:
        tag: The number of the tag.
        kind: The number of the value's type: 2 is ASCII, 3 SHORT, 4 LONG, 5 RATIONAL, ...
        count: The number of values.
        at: The position of the first value.
        size: Bytes of all values.
        begin: The position of the entry itself.
    """

    tag: int
    kind: int
    count: int
    at: int
    size: int
    begin: int


@dataclass(frozen=True, slots=True)
class Field:
    """A value to be written: its type, the number of values and their bytes."""

    kind: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory.

    Attributes:
        begin: Its position.
        entries: Its entries by tag; the first of several with one tag.
        next_at: The position of the pointer to the next directory.
        next: The position of the next directory; 0 is none.
    """

    begin: int
    entries: Mapping[int, Entry]
    next_at: int
    next: int


class TiffReader:
    """Reads the directories of a TIFF or BigTIFF file or of an EXIF block.

    Args:
        file: The file; for an EXIF block, it begins at the TIFF header.

    Attributes:
        order: The byte order.
        is_big: Whether it is a BigTIFF, with pointers of 8 bytes.
        first: The position of the first directory.
        length: The length of the file.

    Raises:
        ValueError: The header is not that of a TIFF.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.length = file.seek(0, io.SEEK_END)
        header = self._bytes(0, 16)
        orders: dict[bytes, ByteOrder] = {b"II": "little", b"MM": "big"}
        order = orders.get(header[:2])
        if order is None:
            raise ValueError("no byte order")
        self.order: ByteOrder = order
        version = int.from_bytes(header[2:4], self.order)
        if version not in (42, 43):
            raise ValueError("no TIFF")
        self.is_big = version == 43
        self.first = int.from_bytes(header[8:16] if self.is_big else header[4:8], self.order)

    @classmethod
    def of(cls, block: bytes | bytearray) -> "TiffReader":
        """A reader of a block in memory."""
        return cls(io.BytesIO(block))

    def directory(self, begin: int) -> Directory:
        """Read the directory at a position; entries whose values lie outside the file are left out.

        Raises:
            ValueError: There is no directory there.
        """
        wide = 8 if self.is_big else 4
        head = 8 if self.is_big else 2
        length = 4 + 2 * wide
        count = self._number(begin, head)
        table = self._bytes(begin + head, count * length + wide) if count <= _MOST_ENTRIES else b""
        if not count or len(table) < count * length:
            raise ValueError("no directory")
        entries: dict[int, Entry] = {}
        for start in range(0, count * length, length):
            tag, kind, number, value = (
                int.from_bytes(table[start + a : start + b], self.order)
                for a, b in ((0, 2), (2, 4), (4, 4 + wide), (4 + wide, 4 + 2 * wide))
            )
            size = number * self._size_of(kind)
            here = begin + head + start
            at = here + 4 + wide if size <= wide else value
            if size and at + size <= self.length:
                entries.setdefault(tag, Entry(tag, kind, number, at, size, here))
        next_at = begin + head + count * length
        return Directory(begin, entries, next_at, int.from_bytes(table[-wide:], self.order))

    def value(self, entry: Entry) -> bytes:
        """The bytes of an entry's values, in the file's byte order."""
        return self._bytes(entry.at, entry.size)

    def numbers(self, entry: Entry | None) -> tuple[int, ...]:
        """The values of an entry of unsigned whole numbers; () for others and for None."""
        if entry is None or entry.kind not in _UNSIGNED:
            return ()
        data, size = self.value(entry), entry.size // entry.count
        return tuple(
            int.from_bytes(data[at : at + size], self.order) for at in range(0, len(data), size)
        )

    def number(self, entry: Entry | None, default: int) -> int:
        """The first value of an entry of whole numbers, or the default."""
        return next(iter(self.numbers(entry)), default)

    def field(self, entry: Entry) -> Field:
        """An entry's value, to be written elsewhere."""
        return Field(entry.kind, entry.count, self.value(entry))

    def _size_of(self, kind: int) -> int:
        sizes = _SIZES | _EXIF_3_SIZES | (_BIG_SIZES if self.is_big else {})
        return sizes.get(kind, 0)

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._bytes(at, size), self.order)

    def _bytes(self, at: int, size: int) -> bytes:
        self._file.seek(min(at, self.length))
        return self._file.read(size)


def directory_bytes(fields: Iterable[tuple[int, Field]], begin: int, order: ByteOrder) -> bytes:
    """A directory without a next one, followed by the values that do not fit into its entries.

    Args:
        fields: The tags and their values, whose bytes have that byte order.
        begin: The position at which the directory will be, an even number.
        order: The byte order of the file.
    """
    chosen = sorted(dict(fields).items())
    values_at = begin + 2 + 12 * len(chosen) + 4
    table, values = len(chosen).to_bytes(2, order), b""
    for tag, field in chosen:
        table += tag.to_bytes(2, order) + field.kind.to_bytes(2, order)
        table += field.count.to_bytes(4, order)
        if len(field.data) <= 4:
            table += field.data.ljust(4, b"\0")
        else:
            table += (values_at + len(values)).to_bytes(4, order)
            values += field.data + bytes(len(field.data) % 2)
    return table + bytes(4) + values
