"""Objects that are kept as compressed bytes, since there may be very many of them."""

import pickle
import zlib
from typing import Generic, TypeVar

__all__ = ["Packed"]

_T = TypeVar("_T")

_FASTEST = 1


class Packed(Generic[_T]):
    """An object that is built again whenever it is asked for.

    Args:
        value: The object, which can be pickled.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: _T) -> None:
        self._bytes = zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), _FASTEST)

    def unpacked(self) -> _T:
        """An equal object."""
        value: _T = pickle.loads(zlib.decompress(self._bytes))  # noqa: S301 (never from a file)
        return value
