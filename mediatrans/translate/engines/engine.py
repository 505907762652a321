"""The engine protocol: one generator's graph, loaded on one device."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Engine", "EngineOpener", "Generated", "Pixels"]

Pixels = NDArray[np.uint8]
"""Pictures as uint8; [H, W, 3] RGB unless a docstring says otherwise."""


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

    def run(self, images: Pixels) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        ...


class EngineOpener(Protocol):
    """Loads a graph on a device."""

    def __call__(self, path: Path, *, device: str, threads: int | None) -> Engine:
        """Load an ONNX file.

        Args:
            path: The file.
            device: A `--device` value.
            threads: Threads per operator; None lets the runtime choose.

        Raises:
            ModelError: The file is missing, damaged or breaks the graph contract.
            DeviceError: The requested device does not start.
            UsageError: The `--device` value is invalid.
        """
        ...
