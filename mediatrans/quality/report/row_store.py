"""The rows of a report while there may be very many: packed, and unpacked one at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from mediatrans.files.packed import Packed, Packer
from mediatrans.quality.report.rows import JobReport

__all__ = ["Rows"]


class Rows(Sequence[JobReport]):
    """A sequence of rows. A row with figures takes about half a kilobyte, not five.

    Args:
        packed: The rows.
        shown: Called with each row when it is asked for; None leaves it as it is.
    """

    def __init__(
        self,
        packed: list[Packed[JobReport]] | None = None,
        shown: Callable[[JobReport], JobReport] | None = None,
    ) -> None:
        self._packed = [] if packed is None else packed
        self._packer = Packer[JobReport]()
        self._shown = shown

    def append(self, row: JobReport) -> None:
        """Add a row."""
        self._packed.append(self._packer.pack(row))

    def in_order(self, order: Iterable[int]) -> "Rows":
        """The rows in another order, by their positions."""
        return Rows([self._packed[position] for position in order], self._shown)

    def through(self, shown: Callable[[JobReport], JobReport]) -> "Rows":
        """The same rows, also those that are added later, as a function gives them."""
        return Rows(self._packed, shown)

    def _unpacked(self, packed: Packed[JobReport]) -> JobReport:
        row = packed.unpacked()
        return row if self._shown is None else self._shown(row)

    @overload
    def __getitem__(self, index: int) -> JobReport: ...

    @overload
    def __getitem__(self, index: slice) -> "Rows": ...

    def __getitem__(self, index: int | slice) -> "JobReport | Rows":
        if isinstance(index, slice):
            return Rows(self._packed[index], self._shown)
        return self._unpacked(self._packed[index])

    def __iter__(self) -> Iterator[JobReport]:
        return map(self._unpacked, self._packed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"Rows({list(self)!r})"

    def __len__(self) -> int:
        return len(self._packed)
