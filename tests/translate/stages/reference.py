"""The contract's formula in float64, written as plainly as it can be."""

import numpy as np
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.recolour import Grid, Maps
from mediatrans.zoo.graph import MAP_REACH

Doubles = NDArray[np.float64]


def positions(cells: int, length: int, covers: float) -> tuple[NDArray[np.int64], ...]:
    """The cells on both sides of each pixel's centre, and the share of the second one."""
    at = (np.arange(length) + 0.5) * cells / (length * covers) - 0.5
    first = np.floor(at).astype(int)
    pair = np.clip(first, 0, cells - 1), np.clip(first + 1, 0, cells - 1)
    return *pair, at - first


def enlarged(grid: Grid, height: int, width: int) -> Doubles:
    """A grid enlarged bilinearly to [height, width, C]."""
    rows, columns, _ = grid.values.shape
    a, b, share = positions(rows, height, grid.covers[0])
    values = grid.values.astype(np.float64)
    values = values[a] * (1 - share)[:, None, None] + values[b] * share[:, None, None]
    a, b, share = positions(columns, width, grid.covers[1])
    return np.asarray(values[:, a] * (1 - share)[:, None] + values[:, b] * share[:, None])


def recoloured_exactly(frame: Pixels, maps: Maps) -> Doubles:
    """y of every pixel, from 0 to 255, not rounded."""
    height, width, _ = frame.shape
    matrix = enlarged(maps.map, height, width).reshape(height, width, 3, 4)
    z = np.arctanh(MAP_REACH * (frame / 127.5 - 1))
    y = np.einsum("hwck,hwk->hwc", matrix[..., :3], z) + matrix[..., 3]
    if maps.texture is not None:
        y += enlarged(maps.texture, height, width)
    return np.asarray(np.clip(127.5 * (np.tanh(y) / MAP_REACH + 1), 0, 255), np.float64)
