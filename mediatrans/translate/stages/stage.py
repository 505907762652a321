"""The stage protocol: a step that processes frames before and after the generator."""

from collections.abc import Callable, Sequence
from typing import Protocol

from mediatrans.translate.engines.engine import Pixels

__all__ = ["Inner", "Stage", "StageMaker"]


class Inner(Protocol):
    """The stage that another stage wraps; it is nearer to the generator."""

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate frames, in order; uint8 [H, W, 3] RGB of one size."""
        ...


class Stage(Protocol):
    """A step around the generator that takes frames and returns their translations.

    Attributes:
        memory: The number of past frames that a translation depends on. A span of a video is warmed
            up with as many frames.
    """

    memory: int

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate the next frames of the sequence.

        Args:
            frames: uint8 [H, W, 3] RGB of one size.

        Returns:
            As many translations of the same size.

        Raises:
            InputError: The generator fails on this input.
        """
        ...

    def restart(self) -> None:
        """Forget the past frames before another sequence."""
        ...


StageMaker = Callable[[Inner], Stage]
"""Builds a stage around an inner stage."""
