"""The stage that runs a generator on overlapping tiles of large frames.

A tile is wider than what is kept of it by as many pixels as the graph looks around each pixel, so
that there are no seams to hide. What the graph takes from the whole frame, the statistics of its
instance norms above all, is measured once, on the reduced frame, and given to each tile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Engine, Pixels, Statistics, TileEngine
from mediatrans.translate.engines.picture_statistics import PictureStatistics
from mediatrans.translate.stages.flat import is_nearly_flat
from mediatrans.translate.stages.generate import Draft, Generate
from mediatrans.translate.stages.pad import padded
from mediatrans.translate.stages.reduce import overview
from mediatrans.zoo.size_rule import SizeRule

__all__ = [
    "MEASURED_PIXELS",
    "GenerateTiles",
    "GivenStatistics",
    "TileSize",
    "Tiling",
    "Window",
    "windows",
]

MEASURED_PIXELS = 1 << 19
"""The size of the reduced frame that the statistics are measured on."""


class TileSize(NamedTuple):
    """The size of the tiles of one model, in pixels.

    Attributes:
        side: Width and height of a tile.
        margin: What is computed, and not kept, beside another tile.
        multiple: Tiles begin at multiples of it; side and margin are multiples, too.
    """

    side: int
    margin: int
    multiple: int


class Window(NamedTuple):
    """The part of a row or a column of pixels that a tile covers.

    Attributes:
        first: The first pixel.
        end: The pixel after the last.
        keep: The first pixel that is taken from this tile.
        keep_end: The pixel after the last one that is.
    """

    first: int
    end: int
    keep: int
    keep_end: int


def windows(length: int, size: TileSize) -> list[Window]:
    """Divide a side of a frame; all windows but the last one have the length of a tile.

    Args:
        length: In pixels.
        size: The size of the tiles.
    """
    if length <= size.side:
        return [Window(0, length, 0, length)]
    last = -(-(length - size.side) // size.multiple) * size.multiple
    starts = [*range(0, last, size.side - 2 * size.margin), last]
    borders = [0, *(start + size.margin for start in starts[1:]), length]
    return [
        Window(start, min(start + size.side, length), *borders[place : place + 2])
        for place, start in enumerate(starts)
    ]


@dataclass(frozen=True)
class GivenStatistics:
    """How tiles get the statistics of their frame.

    Attributes:
        measure: Measures those of a frame.
        engine: Takes them with each tile.
    """

    measure: PictureStatistics
    engine: TileEngine


class Tiling(NamedTuple):
    """How a generator works in tiles.

    Attributes:
        size: The size of the tiles.
        statistics: Where they get the statistics from; None for a graph that has none.
    """

    size: TileSize
    statistics: GivenStatistics | None


class GenerateTiles:
    """Runs frames that are larger than a tile in tiles; leaves smaller ones to the generator.

    Args:
        generate: The generator for frames that are not larger than a tile.
        engine: The same generator's engine.
        rule: The picture sizes that its graph accepts.
        tiling: How the generator works in tiles.
    """

    def __init__(self, generate: Generate, engine: Engine, rule: SizeRule, tiling: Tiling) -> None:
        self._generate = generate
        self._engine = engine
        self._rule = rule
        self._size, self._statistics = tiling

    def __call__(self, frames: Sequence[Pixels], /) -> list[Draft]:
        """Translate frames of one size, from 1x1 up; those in tiles have no maps.

        Raises:
            InputError: The generator fails on this input.
            ModelError: The graph's outputs do not fit its input.
        """
        if max(frames[0].shape[:2]) <= self._size.side:
            return self._generate(frames)
        return [
            self._enlarged(frame) if is_nearly_flat(frame) else Draft(self._in_tiles(frame), None)
            for frame in frames
        ]

    def _enlarged(self, frame: Pixels) -> Draft:
        """A draft of the reduced frame: without contrast, rounded statistics are all that counts.

        Of such a draft, `settled` takes little but the colour.
        """
        (draft,) = self._generate([overview(frame, MEASURED_PIXELS)])
        size = frame.shape[1], frame.shape[0]
        image = cv2.resize(draft.image, size, interpolation=cv2.INTER_LINEAR)
        return Draft(np.asarray(image, np.uint8), None)

    def _in_tiles(self, frame: Pixels) -> Pixels:
        statistics = None
        if self._statistics is not None:
            small = overview(frame, MEASURED_PIXELS)
            statistics = self._statistics.measure(padded(small, self._rule))
        out = np.empty_like(frame)
        for places, tiles in self._batches(frame):
            made = self._run(tiles, statistics)
            for (rows, columns), tile in zip(places, made, strict=False):
                out[rows.keep : rows.keep_end, columns.keep : columns.keep_end] = tile[
                    rows.keep - rows.first : rows.keep_end - rows.first,
                    columns.keep - columns.first : columns.keep_end - columns.first,
                ]
        return out

    def _batches(self, frame: Pixels) -> Iterator[tuple[list[tuple[Window, Window]], Pixels]]:
        """The tiles, as many at a time as a batch of them holds; the last ones are repeated."""
        down, across = (windows(length, self._size) for length in frame.shape[:2])
        shapes: dict[tuple[int, ...], list[tuple[tuple[Window, Window], Pixels]]] = {}
        for rows in down:
            for columns in across:
                part = frame[rows.first : rows.end, columns.first : columns.end]
                tile = padded(part, self._rule)
                waiting = shapes.setdefault(tile.shape, [])
                waiting.append(((rows, columns), tile))
                if len(waiting) == self._batch_size(tile):
                    yield _stacked(waiting, len(waiting))
                    waiting.clear()
        for waiting in shapes.values():
            if waiting:
                yield _stacked(waiting, self._batch_size(waiting[0][1]))

    def _batch_size(self, tile: Pixels) -> int:
        engine = self._engine if self._statistics is None else self._statistics.engine
        return engine.batch_sizes(*tile.shape[:2])[0]

    def _run(self, tiles: Pixels, statistics: Statistics | None) -> Pixels:
        if self._statistics is None or statistics is None:
            return self._engine.run(tiles).image
        return self._statistics.engine.run(tiles, statistics).image


def _stacked(
    waiting: list[tuple[tuple[Window, Window], Pixels]], count: int
) -> tuple[list[tuple[Window, Window]], Pixels]:
    tiles = [tile for _, tile in waiting]
    return [place for place, _ in waiting], np.stack(tiles + tiles[-1:] * (count - len(tiles)))
