"""The stage that skips repeated frames: consecutive equal frames are translated once."""

from collections.abc import Sequence

import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.stage import Inner

__all__ = ["Repeats"]

# Every 64th row is compared first: different frames usually differ there.
_FEW_ROWS = 64


class Repeats:
    """Translates each run of equal frames once.

    Frames are equal if every value of every pixel is equal. This is common in animated films,
    slides, titles and screen recordings.

    Args:
        inner: The stage that translates the other frames.

    Attributes:
        repeated: The number of frames so far that were not generated again.
    """

    # Translating an equal frame again gives the same result.
    memory = 0

    def __init__(self, inner: Inner) -> None:
        self.repeated = 0
        self._inner = inner
        self._last: tuple[Pixels, Pixels] | None = None

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate the next frames of the sequence; equal ones share one array."""
        before = self._last[0] if self._last is not None else None
        is_new = []
        for frame in frames:
            is_new.append(before is None or not _equal(frame, before))
            before = frame
        new = [frame for frame, wanted in zip(frames, is_new, strict=True) if wanted]
        made = iter(self._inner(new) if new else ())
        translated: list[Pixels] = []
        for frame, wanted in zip(frames, is_new, strict=True):
            if wanted or self._last is None:
                self._last = frame, next(made)
            else:
                self.repeated += 1
            translated.append(self._last[1])
        return translated

    def restart(self) -> None:
        """Forget the last frame; the count is kept."""
        self._last = None


def _equal(a: Pixels, b: Pixels) -> bool:
    return bool(np.array_equal(a[::_FEW_ROWS], b[::_FEW_ROWS])) and bool(np.array_equal(a, b))
