"""The running average of pictures along a motion, and the sharpening that makes up for it."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.recolour import Floats

__all__ = ["TOLERANCE", "Along", "average", "enlarged", "sharpened"]

TOLERANCE = np.float32(1.5)
"""Steps of the 8-bit scale by which the past may exceed the values around a pixel."""

_SHARPNESS = 0.955
"""The share of the gradient energy of a translation that its average is given back."""

_FINE_PX = 1.0
_MOST_SHARPENING = 1.5
_LINE_STEP = 16
# A strip then stays in a core's cache while it is worked on.
_STRIP_ROWS = 16
_AROUND = np.ones((3, 3), np.uint8)


class Along(NamedTuple):
    """A motion at the size of a picture.

    Attributes:
        places: float32 [H, W] columns and rows where the pixels were; None if nothing moves.
        share: The share of the past in each pixel's average, float32 [H, W].
    """

    places: tuple[Floats, Floats] | None
    share: Floats


def enlarged(flow: Floats, share: Floats, shape: Sequence[int]) -> Along:
    """A flow and the shares of the past at the size of a picture.

    Args:
        flow: float32 [h, w, 2], see `mediatrans.translate.motion.Motion`.
        share: float32 [h, w].
        shape: Height and width of the picture.
    """
    height, width = shape
    large = _resized(share, width, height)
    if not flow.any():
        return Along(None, large)
    scale = width / share.shape[1], height / share.shape[0]
    places = [
        cv2.add(_resized(channel * np.float32(factor), width, height), start)
        for channel, factor, start in zip(
            cv2.split(flow), scale, _positions(height, width), strict=True
        )
    ]
    return Along((np.asarray(places[0]), np.asarray(places[1])), large)


def _resized(plane: Floats, width: int, height: int) -> Floats:
    if plane.shape == (height, width):
        return plane
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR))


@lru_cache(maxsize=4)
def _positions(height: int, width: int) -> tuple[Floats, Floats]:
    """The column and the row of each pixel."""
    rows, columns = np.indices((height, width), dtype=np.float32)
    for positions in (columns, rows):
        positions.setflags(write=False)
    return columns, rows


def average(past: Floats, translated: Pixels, along: Along) -> Floats:
    """The average of the past and a translation.

    The past is kept within the values around a pixel.

    Args:
        past: float32 [H, W, 3], the average so far.
        translated: uint8 [H, W, 3].
        along: The motion between them.

    Returns:
        float32 [H, W, 3].
    """
    low, high = cv2.erode(translated, _AROUND), cv2.dilate(translated, _AROUND)
    steady = np.empty(past.shape, np.float32)
    for first in range(0, past.shape[0], _STRIP_ROWS):
        strip = slice(first, first + _STRIP_ROWS)
        warped = _warped(past, along, strip)
        np.maximum(warped, low[strip] - TOLERANCE, out=warped)
        np.minimum(warped, high[strip] + TOLERANCE, out=warped)
        share, now = along.share[strip], translated[strip].astype(np.float32)
        cv2.blendLinear(warped, now, share, 1 - share, dst=steady[strip])
    return steady


def _warped(past: Floats, along: Along, strip: slice) -> Floats:
    """A strip of the past where its pixels are now."""
    if along.places is None:
        return past[strip].copy()
    x, y = (places[strip] for places in along.places)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(past, x, y, cv2.INTER_CUBIC, borderMode=border), np.float32)


def sharpened(steady: Floats, translated: Pixels, share: Floats) -> Pixels:
    """An average nearly as sharp as its translation.

    An unsharp mask of the luma is added where the past has a share.

    Args:
        steady: float32 [H, W, 3], the average.
        translated: uint8 [H, W, 3].
        share: The share of the past, float32 [H, W].

    Returns:
        uint8 [H, W, 3].
    """
    luma = np.asarray(cv2.cvtColor(steady, cv2.COLOR_RGB2GRAY), np.float32)
    blurred = np.asarray(cv2.GaussianBlur(luma, (5, 5), _FINE_PX), np.float32)
    now = np.asarray(cv2.cvtColor(translated, cv2.COLOR_RGB2GRAY), np.uint8)
    mask = np.asarray(cv2.subtract(luma, blurred), np.float32)
    cv2.multiply(mask, share, dst=mask)
    amount = _amount(luma, mask, now)
    out = np.empty(translated.shape, np.uint8)
    for first in range(0, luma.shape[0], _STRIP_ROWS):
        strip = slice(first, first + _STRIP_ROWS)
        change = amount * mask[strip]
        sharp = cv2.add(steady[strip], cv2.merge([change] * 3))
        cv2.convertScaleAbs(np.maximum(sharp, 0, out=sharp), dst=out[strip])
    return out


def _amount(luma: Floats, mask: Floats, now: Pixels) -> np.float32:
    """The amount k for which |grad(luma + k mask)|^2 is the wanted share of |grad(now)|^2."""
    has, gains, wanted = (_gradients(_lines(plane)) for plane in (luma, mask, now))
    lack = _SHARPNESS * _sum(wanted * wanted) - _sum(has * has)
    energy, common = _sum(gains * gains), _sum(has * gains)
    if lack <= 0 or energy <= 0:
        return np.float32(0)
    amount = (math.sqrt(common**2 + energy * lack) - common) / energy
    return np.float32(min(_MOST_SHARPENING, amount))


def _sum(values: Floats) -> float:
    """The sum in double precision; the last bits of BLAS follow where arrays lie in memory."""
    return float(np.sum(values, dtype=np.float64))


def _lines(plane: NDArray[Any]) -> list[Floats]:
    """Some rows and some columns of a plane."""
    lines = plane[::_LINE_STEP], plane[:, ::_LINE_STEP].T
    return [np.ascontiguousarray(each, np.float32) for each in lines]


def _gradients(lines: Sequence[Floats]) -> Floats:
    return np.concatenate([np.diff(each, axis=1).ravel() for each in lines])
