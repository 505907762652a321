"""Frames without contrast: the generator's colour for them, without what it draws at the border."""

import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.generate import Draft

__all__ = ["contrast_of", "is_nearly_flat", "settled"]

_FLAT = 6
"""The contrast of the noise that a codec leaves in a frame of one colour."""

_CONTRAST = 18
"""From this contrast on, a frame is left to the generator."""

_ROWS = 64


def contrast_of(frame: Pixels) -> int:
    """The largest difference between two pixels of a frame in one channel.

    Args:
        frame: uint8 [H, W, 3].
    """
    return max(int(channel.max()) - int(channel.min()) for channel in np.moveaxis(frame, -1, 0))


def is_nearly_flat(frame: Pixels) -> bool:
    """Whether `settled` changes the draft of a frame; uint8 [H, W, 3]."""
    return contrast_of(frame) < _CONTRAST


def settled(frame: Pixels, draft: Draft) -> Draft:
    """A draft whose border is like its middle where the frame has next to no contrast.

    The instance norms of a generator divide by the contrast. In a frame of one colour, all that is
    left for them to amplify is the border that its padding makes. There the frame is shifted to the
    colour of the draft's middle instead. A frame of little contrast is a mixture of both, so that a
    fade has no jump.

    Args:
        frame: The frame at the working size, uint8 [h, w, 3].
        draft: What the generator made of it.
    """
    share = (contrast_of(frame) - _FLAT) / (_CONTRAST - _FLAT)
    if share >= 1:
        return draft
    rows, columns = (slice(length // 4, length - length // 4) for length in frame.shape[:2])
    middle, made = (np.median(x[rows, columns], axis=(0, 1)) for x in (frame, draft.image))
    shift, share = (made - middle).astype(np.float32), max(0.0, share)
    mixed = np.empty_like(draft.image)
    for top in range(0, frame.shape[0], _ROWS):  # floats of a large frame would fill the memory
        strip = slice(top, top + _ROWS)
        shifted = frame[strip] + shift
        values = shifted + share * (draft.image[strip] - shifted)
        mixed[strip] = np.rint(values).clip(0, 255)
    return Draft(mixed, None)
