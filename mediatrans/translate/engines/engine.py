"""The engine protocol: one generator's graph, loaded on one device."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import InputError, ModelError
from mediatrans.files.memory import memory_limit
from mediatrans.translate.engines.device_words import Precision
from mediatrans.zoo.graph import INPUT_NAME
from mediatrans.zoo.tile_graph import STATISTICS_NAME

__all__ = [
    "Engine",
    "EngineOpener",
    "Generated",
    "Pixels",
    "Statistics",
    "TileEngine",
    "failed_run",
    "generated",
    "graph_inputs",
    "refuse_large",
]

Pixels = NDArray[np.uint8]
"""Pictures as uint8; [H, W, 3] RGB unless a docstring says otherwise."""


Statistics = NDArray[np.float32]
"""What a tile has to know of its picture, see `mediatrans.zoo.tile_graph`; [K]."""


class Generated(NamedTuple):
    """The outputs of a generator for a batch.

    Attributes:
        image: The translation, uint8 [N, H, W, 3] RGB.
        map: A 3x4 affine colour map per cell, float32 [N, H/4, W/4, 12] or
            [N, H/2, W/2, 12]; None if the graph has no such output.
        texture: float32 [N, H, W, 3], added to the result of the maps; None if the graph has no
            such output.
    """

    image: Pixels
    map: NDArray[np.float32] | None = None
    texture: NDArray[np.float32] | None = None


class Engine(Protocol):
    """A loaded generator."""

    @property
    def identity(self) -> str:
        """Runtime, version, provider and precision; an output depends on them."""
        ...

    @property
    def provider(self) -> str:
        """The provider that runs the graph, by the runtime's name for it."""
        ...

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """The batch sizes that "auto" may choose from for a series of pictures of one size.

        They fit into memory, and a picture gets the same bytes in batches of each of them, and in
        larger ones. In batches that are smaller than the first one the last bits may differ.

        Args:
            height: In pixels.
            width: In pixels.

        Returns:
            The sizes in ascending order, at least one.
        """
        ...

    def run(self, images: Pixels) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        ...


class TileEngine(Protocol):
    """A loaded generator that is given the statistics of the picture."""

    @property
    def identity(self) -> str:
        """As for `Engine`."""
        ...

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """As for `Engine`."""
        ...

    def run(self, images: Pixels, statistics: Statistics) -> Generated:
        """Translate a batch of parts of one picture.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.
            statistics: Those of the picture, float32 [K].

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        ...


class EngineOpener(Protocol):
    """Loads a graph on a device."""

    def __call__(
        self, path: Path, *, device: str, threads: int | None, precision: Precision
    ) -> Engine:
        """Load an ONNX file.

        Args:
            path: The file.
            device: A `--device` value.
            threads: Threads per operator; None lets the runtime choose.
            precision: A `--precision` value.

        Raises:
            ModelError: The file is missing, damaged or breaks the graph contract.
            DeviceError: The requested device does not start, or lacks the precision.
            UsageError: The `--device` value is invalid, or its engine never has the precision.
        """
        ...


def graph_inputs(images: Pixels, statistics: Statistics | None) -> dict[str, NDArray[Any]]:
    """The inputs of a graph, by name.

    Args:
        images: uint8 [N, H, W, 3] RGB.
        statistics: Those of the picture for a tile graph, else None.
    """
    more = {} if statistics is None else {STATISTICS_NAME: statistics}
    return {INPUT_NAME: images, **more}


def generated(outputs: Sequence[Any], images: Pixels, path: Path) -> Generated:
    """The outputs of a graph, checked.

    Args:
        outputs: The arrays in the order of the graph's outputs.
        images: The batch that was given to the graph.
        path: The ONNX file, for the message.

    Raises:
        ModelError: The first output is not a picture of the input's size.
    """
    image, *maps = outputs
    if not isinstance(image, np.ndarray) or image.shape != images.shape or image.dtype != np.uint8:
        raise ModelError(
            f"the graph's output is {getattr(image, 'shape', image)} for the input {images.shape}",
            path=path,
            remedy="use a generator that keeps the size of its input",
        )
    return Generated(image, *maps)


def failed_run(images: Pixels, path: Path, reason: object) -> InputError:
    """The error of a graph that fails on a batch.

    Args:
        images: The batch that was given to the graph.
        path: The ONNX file.
        reason: The runtime's exception or its message.
    """
    count, height, width, _ = images.shape
    return InputError(
        f"{path.name} fails on {count} picture(s) of {width}x{height} ({reason})",
        remedy="try smaller pictures, --work-size auto, --tile 512 or --batch-size 1",
    )


def refuse_large(images: Pixels, path: Path, need: int) -> None:
    """Refuse a batch that needs more memory than this process may use.

    The system would otherwise kill the process.

    Args:
        images: The batch that is given to the graph.
        path: The ONNX file, for the message.
        need: An estimate of the memory in bytes.

    Raises:
        InputError: The batch needs too much memory.
    """
    limit = memory_limit()
    if limit is not None and need > limit:
        reason = (
            f"it needs about {need / 2**30:.2f} GiB of memory, the limit is {limit / 2**30:.2f} GiB"
        )
        raise failed_run(images, path, reason)
