"""A sequence of pictures: one that equals the picture before it is not generated again."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["RepeatSaver"]

Picture = NDArray[np.uint8]

# Pictures that differ mostly do so in a few of their rows already.
_FEW_ROWS = 64


class RepeatSaver:
    """Translates the pictures of a sequence, each run of equal ones once.

    Equal means every value of every pixel. Films hold still more often than one would think: drawn
    ones are shot on twos, and slides, titles and screen recordings hardly move.

    Args:
        translate: uint8 [N, H, W, 3] to the same.

    Attributes:
        repeated: Pictures so far that were not generated.
    """

    def __init__(self, translate: Callable[[Picture], Picture]) -> None:
        self.repeated = 0
        self._translate = translate
        self._last: tuple[Picture, Picture] | None = None

    def __call__(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Translate the next pictures of the sequence.

        Args:
            pictures: uint8 [H, W, 3] of one size; they are compared with those of the next call.

        Returns:
            Their translations, in order; equal ones share one array.

        Raises:
            InputError: The generator fails on this input.
        """
        before = self._last[0] if self._last is not None else None
        is_new = []
        for picture in pictures:
            is_new.append(before is None or not _equal(picture, before))
            before = picture
        new = [picture for picture, wanted in zip(pictures, is_new, strict=True) if wanted]
        made = iter(self._translate(_stacked(new)) if new else ())
        translated: list[Picture] = []
        for picture, wanted in zip(pictures, is_new, strict=True):
            if wanted or self._last is None:
                self._last = picture, next(made)
            else:
                self.repeated += 1
            translated.append(self._last[1])
        return translated

    def forget(self) -> None:
        """Compare the next picture with none."""
        self._last = None


def _stacked(pictures: list[Picture]) -> Picture:
    return pictures[0][np.newaxis] if len(pictures) == 1 else np.stack(pictures)


def _equal(a: Picture, b: Picture) -> bool:
    return bool(np.array_equal(a[::_FEW_ROWS], b[::_FEW_ROWS])) and bool(np.array_equal(a, b))
