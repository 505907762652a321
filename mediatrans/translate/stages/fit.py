"""The fit of colour maps to a translation, for generators that give no maps of their own.

The maps are those of a guided filter (He, Sun and Tang 2013) with the frame as its guide, computed
on a coarse grid as in the fast guided filter (He and Sun 2015). They are enlarged and applied to
the full frame after Wu, Zheng, Zhang and Huang (CVPR 2018). Unlike theirs, the fit is drawn towards
the identity, so the detail of flat areas is kept, and works on atanh(r x), as the maps of a
generator do.
"""

from typing import NamedTuple

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.recolour import ATANH, Floats, Grid, Maps, mapped

__all__ = ["fitted"]

_CELL = 4
_RADIUS_CELLS = 1.5
# The variance of z (1.1 is white) below which a cell's matrix is nearer to the identity than to
# the fit.
_RIDGE = 0.3
# What enlarging bilinearly and averaging over the pixels of the working size does to a row.
_SOFTENING = np.array([1, 6, 1], np.float32) / 8
_SHARPENING = 0.5


def fitted(frame: Pixels, translated: Pixels) -> Maps:
    """Fit maps that turn a frame into its translation, and a texture of what they leave.

    Args:
        frame: uint8 [h, w, 3], at the working size.
        translated: Its translation, uint8 [h, w, 3].
    """
    z, wanted = _atanh(frame), _atanh(translated)
    maps = Maps(Grid(_fit(z, wanted)))
    rest = wanted - mapped(frame, maps)
    return maps._replace(texture=Grid(_sharpened(rest)))


def _atanh(frame: Pixels) -> Floats:
    return np.asarray(cv2.LUT(frame, ATANH), np.float32)


def _fit(z: Floats, wanted: Floats) -> Floats:
    """The maps [h/4, w/4, 12] that make `wanted` of z by least squares around each cell.

    With the covariances V of z, and K of z and `wanted`, the matrix is I + (V + ridge)^-1 (K - V).
    """
    inputs, outputs = _planes(z), _planes(wanted)
    variance, common = _covariances(inputs, inputs), _covariances(inputs, outputs)
    identity = np.eye(3, dtype=np.float32)
    change = np.linalg.solve(variance + _RIDGE * identity, common - variance)
    matrix = np.swapaxes(change, -1, -2) + identity
    mean_z, mean = (np.stack([p.mean for p in planes], axis=-1) for planes in (inputs, outputs))
    offset = mean[..., None] - matrix @ mean_z[..., None]
    maps = np.concatenate([matrix, offset], axis=-1)
    return maps.reshape(*mean.shape[:2], 12)


class _Plane(NamedTuple):
    """One channel [h, w], and its mean around each cell [h/4, w/4]."""

    values: Floats
    mean: Floats


def _planes(picture: Floats) -> list[_Plane]:
    channels = [np.asarray(channel, np.float32) for channel in cv2.split(picture)]
    return [_Plane(channel, _local_mean(channel)) for channel in channels]


def _covariances(a: list[_Plane], b: list[_Plane]) -> Floats:
    """The covariances [h/4, w/4, 3, 3] of the channels of two pictures around each cell."""
    rows = [[_local_mean(p.values * q.values) - p.mean * q.mean for q in b] for p in a]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _local_mean(values: Floats) -> Floats:
    """The weighted mean of a plane [h, w] around each cell."""
    height, width = values.shape
    cells = -(-width // _CELL), -(-height // _CELL)
    means = cv2.resize(values, cells, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(means, (0, 0), _RADIUS_CELLS, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _sharpened(texture: Floats) -> Floats:
    """A texture with half of what enlarging it takes away, so that fine paint is not lost."""
    softened = cv2.sepFilter2D(texture, -1, _SOFTENING, _SOFTENING, borderType=cv2.BORDER_REFLECT)
    return np.asarray(texture + _SHARPENING * (texture - softened), np.float32)
