"""How a generator is loaded to work in tiles."""

import math

from mediatrans.errors import ModelError, UsageError
from mediatrans.translate.engines.choice import open_engine, open_with_tiles
from mediatrans.translate.engines.device_words import Precision
from mediatrans.translate.engines.engine import Engine
from mediatrans.translate.engines.picture_statistics import PictureStatistics
from mediatrans.translate.stages.tiles import GivenStatistics, TileSize, Tiling
from mediatrans.zoo.find import Generator
from mediatrans.zoo.graph import inspect_graph, read_graph
from mediatrans.zoo.locality import Locality, locality_of
from mediatrans.zoo.tile_graph import measuring_graph, tile_graph

__all__ = ["open_tiled"]

_REMEDY = "drop --tile; the default --work-size takes little memory"


def open_tiled(
    generator: Generator, tile: int, *, device: str, threads: int | None, precision: Precision
) -> tuple[Engine, Tiling]:
    """Load a generator for whole pictures and for tiles of larger ones.

    Args:
        generator: The generator.
        tile: Width and height of a tile in pixels.
        device: A `--device` value.
        threads: Threads per operator; None lets the runtime choose.
        precision: A `--precision` value.

    Raises:
        ModelError: The card forbids tiles, or the graph cannot work in them; and as `open_engine`.
        UsageError: The tile is too small for the graph.
        DeviceError: The device does not start.
    """
    path = generator.path
    if not generator.size_rule.may_be_tiled:
        raise ModelError(
            "cannot work in tiles: the model's card forbids it", path=path, remedy=_REMEDY
        )
    content = read_graph(path)
    inspect_graph(content, path)
    locality = locality_of(content, path)
    size = _size(tile, locality, generator)
    if not locality.statistics:
        engine = open_engine(path, device=device, threads=threads, precision=precision)
        return engine, Tiling(size, None)
    measure = PictureStatistics(measuring_graph(locality), path, threads)
    engine, tiles = open_with_tiles(
        path, tile_graph(locality), device=device, threads=threads, precision=precision
    )
    return engine, Tiling(size, GivenStatistics(measure, tiles))


def _size(tile: int, locality: Locality, generator: Generator) -> TileSize:
    """The size of tiles whose kept parts are at least as wide as their margins together."""
    multiple = math.lcm(generator.size_rule.multiple, locality.multiple)
    margin = -(-locality.reach // multiple) * multiple
    least = max(generator.size_rule.minimum, 4 * margin, multiple)
    least = -(-least // multiple) * multiple
    if tile < least:
        raise UsageError(
            f"--tile {tile} is too small for {generator.name}, whose tiles overlap by "
            f"{2 * margin} pixels",
            remedy=f"use --tile {max(512, least)}, and at least {least}",
        )
    return TileSize(tile // multiple * multiple, margin, multiple)
