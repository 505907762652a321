"""The description of an engine: how it is opened, and what it can do on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mediatrans.errors import DeviceError
from mediatrans.translate.engines.device_words import DeviceWord, NumberFormat
from mediatrans.translate.engines.engine import Engine, TileEngine

__all__ = ["Backend", "BackendOpener", "TilesOpener"]


class BackendOpener(Protocol):
    """Loads a graph on a given device in a given number format."""

    def __call__(
        self, path: Path, *, device: DeviceWord, threads: int | None, precision: NumberFormat
    ) -> Engine:
        """Load an ONNX file; the errors are those of `EngineOpener`."""
        ...


class TilesOpener(Protocol):
    """Loads the tile graph of a graph in the same way."""

    def __call__(
        self,
        path: Path,
        *,
        device: DeviceWord,
        threads: int | None,
        precision: NumberFormat,
        tiles: bytes,
    ) -> TileEngine:
        """Load the tile graph of an ONNX file, see `mediatrans.zoo.tile_graph`."""
        ...


def _without_tiles(
    path: Path,
    *,
    device: DeviceWord,
    threads: int | None,
    precision: NumberFormat,
    tiles: bytes,
) -> TileEngine:
    raise DeviceError(f"{device.kind} does not work in tiles", remedy="use --device cpu")


@dataclass(frozen=True, slots=True)
class Backend:
    """What the choice of an engine needs to know of it.

    Attributes:
        open: Loads a graph.
        known: The number formats that it can compute in on some machine.
        formats: The formats of a device of this machine, the fastest first; "float32" is among
            them. It raises DeviceError if the device is missing.
        devices: The `--device` values of the devices that it finds on this machine; they may
            still fail to start.
        is_automatic: Whether `--device auto` may take it.
        open_tiles: Loads the tile graph of a graph.
    """

    open: BackendOpener
    known: tuple[NumberFormat, ...]
    formats: Callable[[DeviceWord], tuple[NumberFormat, ...]]
    devices: Callable[[], list[str]]
    is_automatic: bool = True
    open_tiles: TilesOpener = _without_tiles
