"""Objects that are kept as compressed bytes, since there may be very many of them."""

import pickle
import zlib
from typing import Generic, TypeVar

__all__ = ["Packed", "Packer"]

_T = TypeVar("_T")

_FASTEST = 1


class Packed(Generic[_T]):
    """An object that is built again whenever it is asked for.

    Args:
        content: The pickled object, compressed.
        alike: What it was compressed against.
    """

    __slots__ = ("_alike", "_content")

    def __init__(self, content: bytes, alike: bytes) -> None:
        self._content = content
        self._alike = alike

    def unpacked(self) -> _T:
        """An equal object."""
        pickled = zlib.decompressobj(zdict=self._alike).decompress(self._content)
        value: _T = pickle.loads(pickled)  # noqa: S301 (never from a file)
        return value


class Packer(Generic[_T]):
    """Packs objects that are alike: the first one is what the others are compressed against."""

    def __init__(self) -> None:
        self._alike: bytes | None = None

    def pack(self, value: _T) -> Packed[_T]:
        """Pack an object, which can be pickled."""
        pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        if self._alike is None:
            self._alike = pickled
        packing = zlib.compressobj(_FASTEST, zdict=self._alike)
        return Packed(packing.compress(pickled) + packing.flush(), self._alike)
