"""What a stage is: a step around the generator that frames pass on their way in and out."""

from collections.abc import Callable, Sequence
from typing import Protocol

from mediatrans.translate.engines.engine import Pixels

__all__ = ["Inner", "Stage", "StageMaker"]


class Inner(Protocol):
    """What a stage wraps: the stages nearer to the generator, or the generator itself."""

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate frames, in order; uint8 [H, W, 3] RGB of one size."""
        ...


class Stage(Protocol):
    """A step around the generator: it is given frames and answers with their translations.

    Attributes:
        memory: How many past frames an answer depends on; a span of a video is preceded by as many.
    """

    memory: int

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate the next frames of the sequence.

        Args:
            frames: uint8 [H, W, 3] RGB of one size.

        Returns:
            As many, of the same size.

        Raises:
            InputError: The generator fails on this input.
        """
        ...

    def restart(self) -> None:
        """Forget the frames until now: another sequence begins."""
        ...


StageMaker = Callable[[Inner], Stage]
"""Builds a stage around what is nearer to the generator."""
