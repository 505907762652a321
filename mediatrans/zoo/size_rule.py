"""The sizes of picture that a generator takes: multiples of its stride, from a minimum up."""

from dataclasses import dataclass

__all__ = ["MAX_MULTIPLE", "MAX_SIDE", "MINIMUM", "SizeRule"]

MAX_MULTIPLE = 1024
"""Largest multiple that a model may want heights and widths to be of."""

MINIMUM = 8
"""Least height and width of a generator's input; reflection padding in the graph fails below."""

MAX_SIDE = 65536
"""Largest working size that a model or a user may ask for."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What height and width of a generator's input have to be.

    Attributes:
        multiple: Both are multiples of it.
        minimum: Neither is smaller.
        may_be_tiled: Whether the card allows `--tile`; whether the graph does is another question.
    """

    multiple: int = 1
    minimum: int = MINIMUM
    may_be_tiled: bool = True

    def fitted(self, length: int) -> int:
        """The least length that is allowed and not below the given one."""
        steps = -(-max(length, self.minimum) // self.multiple)
        return steps * self.multiple
