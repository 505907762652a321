"""The stage around the generator that gives translations the size and the detail of their frames.

The generator translates a reduced frame. Its colour maps, or maps that are fitted to its
translation, are enlarged and applied to the full frame.
"""

import os
import sys
from collections.abc import Sequence

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.fit import fitted
from mediatrans.translate.stages.flat import settled
from mediatrans.translate.stages.generate import Draft, Drafting
from mediatrans.translate.stages.recolour import recoloured
from mediatrans.translate.stages.reduce import reduced

__all__ = ["Restore"]


class Restore:
    """Translates frames of any size through a generator that works at the working size.

    A frame that is not larger than the working size is translated by the generator alone.

    Args:
        generate: The generator.
        side: The working size: the length of a frame's shorter side; None for no limit.
        threads: The number of threads; None for one per core.
    """

    memory = 0

    def __init__(self, generate: Drafting, side: int | None, threads: int | None = None) -> None:
        self._generate = generate
        self._side = side
        self._threads = threads or _cores()

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate frames of one size, from 1x1 up."""
        small = [reduced(frame, self._side) for frame in frames]
        drafts = map(settled, small, self._generate(small))
        return [self._restored(*each) for each in zip(frames, small, drafts, strict=True)]

    def _restored(self, frame: Pixels, small: Pixels, draft: Draft) -> Pixels:
        if small.shape == frame.shape:
            return draft.image
        return recoloured(frame, draft.maps or fitted(small, draft.image), self._threads)

    def restart(self) -> None:
        """Does nothing: the stage has no memory."""


def _cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
