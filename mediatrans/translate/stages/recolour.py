"""The application of colour maps to frames of any size, strip by strip and on all cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Pixels
from mediatrans.zoo.graph import MAP_REACH

__all__ = ["ATANH", "Floats", "Grid", "Maps", "mapped", "recoloured"]

Floats = NDArray[np.float32]
"""Arrays of float32."""

ATANH: Floats = np.arctanh(MAP_REACH * (np.arange(256) / 127.5 - 1)).astype(np.float32)
"""z = atanh(r x) of each value of a pixel, see `mediatrans.zoo.graph`."""

# The maps of a strip then stay in a core's cache (1 MiB) while they are used.
_STRIP_BYTES = 3 << 18
_BAND_ROWS = 64


class Grid(NamedTuple):
    """Values on a coarse grid over a frame.

    Attributes:
        values: float32 [h, w, C].
        covers: The height and width of the grid as shares of the frame's, at least 1: a padded
            grid reaches beyond the bottom and the right of the frame.
    """

    values: Floats
    covers: tuple[float, float] = (1.0, 1.0)


class Maps(NamedTuple):
    """How a frame is recoloured, see `mediatrans.zoo.graph`.

    Attributes:
        map: A 3x4 matrix per cell, row by row; 12 channels.
        texture: What is added to their result; 3 channels; None adds nothing.
    """

    map: Grid
    texture: Grid | None = None


def recoloured(frame: Pixels, maps: Maps, threads: int) -> Pixels:
    """Apply maps and a texture, enlarged bilinearly to the size of a frame.

    The frame is processed in bands on several threads, since NumPy and OpenCV release the GIL. Only
    a few rows of a band are held as floats at a time.

    Args:
        frame: uint8 [H, W, 3].
        maps: The maps and the texture.
        threads: The number of threads; the result does not depend on it.

    Returns:
        uint8 [H, W, 3].
    """
    out = np.empty(frame.shape, np.uint8)

    def recolour_band(band: tuple[int, int]) -> None:
        for strip, y in _mapped_strips(frame, maps, band):
            _write_pixels(y, out[strip])

    bands = _bands(frame.shape[0])
    with ThreadPoolExecutor(min(threads, len(bands))) as pool:
        for _ in pool.map(recolour_band, bands):
            pass
    return out


def mapped(frame: Pixels, maps: Maps) -> Floats:
    """M z + o + texture of a frame, see `mediatrans.zoo.graph`; float32 [H, W, 3].

    Args:
        frame: uint8 [H, W, 3], at the working size.
        maps: The maps and the texture.
    """
    out = np.empty(frame.shape, np.float32)
    for band in _bands(frame.shape[0]):
        for strip, y in _mapped_strips(frame, maps, band):
            out[strip] = y.transpose(0, 2, 1)
    return out


def _bands(height: int) -> list[tuple[int, int]]:
    return [(first, min(first + _BAND_ROWS, height)) for first in range(0, height, _BAND_ROWS)]


def _mapped_strips(
    frame: Pixels, maps: Maps, band: tuple[int, int]
) -> Iterator[tuple[slice, Floats]]:
    """M z + o + texture of a band, strip by strip; the array [rows, 3, W] is used again."""
    first, end = band
    width = frame.shape[1]
    rows = max(1, min(end - first, _STRIP_BYTES // (12 * 4 * width)))
    matrices = _EnlargedRows(maps.map, frame.shape, band)
    textures = None if maps.texture is None else _EnlargedRows(maps.texture, frame.shape, band)
    matrix = np.empty((rows, 3, 4, width), np.float32)
    z = np.ones((rows, 4, width), np.float32)
    y, texture = np.empty((2, rows, 3, width), np.float32)
    for top in range(first, end, rows):
        n = min(rows, end - top)
        strip = slice(top, top + n)
        for channel, plane in enumerate(cv2.split(frame[strip])):
            cv2.LUT(plane, ATANH, dst=z[:n, channel])
        matrices.write(matrix, top, n)
        np.einsum("rckw,rkw->rcw", matrix[:n], z[:n], out=y[:n])
        if textures is not None:
            textures.write(texture, top, n)
            flat = y[:n].reshape(-1, width)
            cv2.add(flat, texture[:n].reshape(-1, width), dst=flat)
        yield strip, y[:n]


def _write_pixels(y: Floats, out: Pixels) -> None:
    """Round 127.5 (tanh(y) / r + 1) to pixels; y is [rows, 3, W] and is overwritten."""
    np.tanh(y, out=y)
    flat = y.reshape(-1, y.shape[2])
    pixels = cv2.addWeighted(flat, 127.5 / MAP_REACH, flat, 0, 127.5, dtype=cv2.CV_8U)
    planes = pixels.reshape(y.shape)
    cv2.merge([planes[:, channel] for channel in range(3)], dst=out)


class _EnlargedRows:
    """The rows of a grid that a band of the frame needs, enlarged to the frame's width.

    Args:
        grid: The grid.
        shape: The frame's.
        band: First row of the frame and the row after the last.
    """

    def __init__(self, grid: Grid, shape: Sequence[int], band: tuple[int, int]) -> None:
        height, width, channels = grid.values.shape
        first, end = band
        positions = (np.arange(first, end) + 0.5) * (height / (grid.covers[0] * shape[0])) - 0.5
        above = np.floor(positions)
        self._share = positions - above
        rows = np.clip([above, above + 1], 0, height - 1).astype(int)
        self._above, self._below = rows - rows.min()
        needed = grid.values[rows.min() : rows.max() + 1].transpose(0, 2, 1)
        flat = np.ascontiguousarray(needed).reshape(-1, width)
        scale = grid.covers[1] * shape[1] / width
        wide = cv2.resize(flat, None, fx=scale, fy=1, interpolation=cv2.INTER_LINEAR)
        self._first = first
        self._rows = wide.reshape(-1, channels, wide.shape[1])[:, :, : shape[1]]

    def write(self, out: Floats, top: int, rows: int) -> None:
        """Interpolate rows of the frame.

        Args:
            out: [rows, ..., W], as many numbers a row as the grid has channels times W.
            top: The first row.
            rows: Their number.
        """
        for row, index in enumerate(range(top - self._first, top - self._first + rows)):
            share = float(self._share[index])
            above, below = self._rows[self._above[index]], self._rows[self._below[index]]
            target = out[row].reshape(above.shape)
            cv2.addWeighted(above, 1 - share, below, share, 0, dst=target)
