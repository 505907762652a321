"""A plain colour transfer: what a translation has to be better than."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.media.frames import Pixels

__all__ = ["ColourTransfer"]

_LEAST_DEVIATION = 1e-3

_Colours = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Mean and standard deviation [3] of a picture in CIELAB."""


@dataclass(frozen=True, slots=True)
class ColourTransfer:
    """Gives pictures the colours of real pictures of another domain, each those of a random one.

    Mean and standard deviation of each channel of CIELAB are replaced by those of the other
    picture: Reinhard, Ashikhmin, Gooch and Shirley, IEEE CG&A 21(5), 2001, who use another
    decorrelated space.

    Attributes:
        palette: Mean and standard deviation of each real picture of the target domain.
        seed: Decides which of them a picture gets.
    """

    palette: Sequence[_Colours]
    seed: int

    @classmethod
    def towards(cls, pictures: Iterable[Pixels], seed: int) -> Self:
        """A transfer to the colours of these pictures.

        Args:
            pictures: Real pictures of the target domain, uint8 [H, W, 3] RGB each.
            seed: As above.
        """
        return cls([_colours(_lab(picture)) for picture in pictures], seed)

    def __call__(self, picture: Pixels, index: int) -> Pixels:
        """The picture with other colours.

        Args:
            picture: uint8 [H, W, 3] RGB.
            index: Its place among the pictures of its domain, which with the seed decides.

        Returns:
            The same shape.
        """
        chosen = int(np.random.default_rng([self.seed, index]).integers(len(self.palette)))
        mean, deviation = self.palette[chosen]
        lab = _lab(picture)
        own_mean, own_deviation = _colours(lab)
        scale = deviation / np.maximum(own_deviation, _LEAST_DEVIATION)
        moved = ((lab - own_mean) * scale + mean).astype(np.float32)
        rgb = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB)
        coloured: Pixels = np.clip(np.rint(rgb * 255.0), 0, 255).astype(np.uint8)
        return coloured


def _lab(picture: Pixels) -> NDArray[np.float32]:
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def _colours(lab: NDArray[np.float32]) -> _Colours:
    return lab.mean(axis=(0, 1)), lab.std(axis=(0, 1))
