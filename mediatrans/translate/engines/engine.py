"""What an engine is: one generator's graph, loaded on one device, uint8 pictures in and out."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Engine", "EngineOpener", "Generated", "Pixels"]

Pixels = NDArray[np.uint8]
"""Pictures as uint8; [H, W, 3] RGB unless a docstring says otherwise."""


class Generated(NamedTuple):
    """What a generator makes of a batch.

    Attributes:
        image: uint8 [N, H, W, 3] RGB, the translation.
        map: float32 [N, H/4, W/4, 12], a 3x4 affine colour map per cell; None where the graph has
            no such output.
        texture: float32 [N, H, W, 3], added to what the maps make; None as above.
    """

    image: Pixels
    map: NDArray[np.float32] | None = None
    texture: NDArray[np.float32] | None = None


class Engine(Protocol):
    """A generator that is loaded and ready."""

    @property
    def identity(self) -> str:
        """Runtime, version, provider and precision: a part of what an output depends on."""
        ...

    @property
    def provider(self) -> str:
        """What really runs the graph, as the runtime calls it."""
        ...

    def run(self, images: Pixels) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W to the model's `SizeRule`.

        Raises:
            InputError: The graph fails on this input: too large for the memory, say.
            ModelError: The output is no picture of the input's size.
        """
        ...


class EngineOpener(Protocol):
    """Loads a graph on a device."""

    def __call__(self, path: Path, *, device: str, threads: int | None) -> Engine:
        """Load an ONNX file.

        Args:
            path: The file.
            device: A `--device` word.
            threads: Threads of one operator; None lets the runtime choose.

        Raises:
            ModelError: The file is missing, damaged or breaks the graph contract.
            DeviceError: The device that was asked for does not start.
            UsageError: No device is called that.
        """
        ...
