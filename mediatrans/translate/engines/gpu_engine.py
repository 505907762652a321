"""The engine of NVIDIA GPUs: buffers that are used again, and several streams."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mediatrans.errors import DeviceError
from mediatrans.translate.engines.device_words import NumberFormat
from mediatrans.translate.engines.engine import (
    Generated,
    Pixels,
    Statistics,
    failed_run,
    generated,
)
from mediatrans.translate.engines.half import to_float16
from mediatrans.translate.engines.onnxruntime import Provider, load_session
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME, inspect_graph, read_graph
from mediatrans.zoo.tile_graph import STATISTICS_NAME

__all__ = ["STREAMS", "GpuEngine", "Graph"]

STREAMS = 2
"""Parts of a batch that are in work at the same time."""


class Graph(NamedTuple):
    """An inspected graph in the number format that it is to run in.

    Attributes:
        path: The ONNX file.
        content: Its bytes, converted where the format is not the file's.
        metadata: Its `metadata_props`.
        precision: The number format.
    """

    path: Path
    content: bytes
    metadata: dict[str, str]
    precision: NumberFormat

    @classmethod
    def read(cls, path: Path, precision: NumberFormat, tiles: bytes | None = None) -> Self:
        """Read a file and inspect it; "float16" converts it, see `to_float16`.

        Args:
            path: The ONNX file.
            precision: The number format.
            tiles: The file's tile graph, which is loaded instead.

        Raises:
            ModelError: The file is missing, damaged or breaks the graph contract.
        """
        content = read_graph(path)
        metadata = inspect_graph(content, path)
        content = tiles or content
        if precision == "float16":
            content = to_float16(content)
        return cls(path, content, metadata, precision)


class GpuEngine:
    """A generator's graph on an NVIDIA GPU, in one of ONNX Runtime's providers.

    Only uint8 pictures are copied to the GPU and back, besides the maps. A batch is divided among
    the streams. While one stream computes, the other one copies.

    Args:
        graph: The graph.
        providers: The provider that runs it, and those for operators that it does not know.
        index: The number of the CUDA device.
        threads: Threads of the operators that stay on the CPU; None lets ONNX Runtime choose.
        runtime: Names and versions of the libraries that compute.
        remedy: What helps where the provider does not start.

    Attributes:
        path: The ONNX file.
        provider: The execution provider that runs the graph.
        metadata: The graph's `metadata_props`.
        identity: Runtime, versions, provider and precision; an output depends on them.

    Raises:
        ModelError: ONNX Runtime cannot load the graph.
        DeviceError: The provider does not start.
    """

    def __init__(
        self,
        graph: Graph,
        providers: Sequence[Provider],
        index: int,
        threads: int | None,
        *,
        runtime: str,
        remedy: str,
    ) -> None:
        self.path = graph.path
        self.metadata = graph.metadata
        self.provider = providers[0][0]
        self.identity = f"{runtime}, {self.provider}, {graph.precision}"
        session = load_session(graph.content, graph.path, list(providers), threads)
        # ONNX Runtime silently falls back to the CPU; only "auto" may accept that.
        if session.get_providers()[0] != self.provider:
            raise DeviceError(
                f"CUDA device {index} exists, but ONNX Runtime's {self.provider} does not start",
                remedy=remedy,
            )
        self._lanes = [_Lane(session, index) for _ in range(STREAMS)]
        self._threads = ThreadPoolExecutor(STREAMS, thread_name_prefix="gpu")

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """One picture per stream: kernels, and with them the last bits, depend on more."""
        return (STREAMS,)

    def run(self, images: Pixels, statistics: Statistics | None = None) -> Generated:
        """Translate a batch; arguments and errors are those of `Engine` and `TileEngine`."""
        parts = np.array_split(images, min(len(images), len(self._lanes)))
        running = [
            self._threads.submit(lane.run, part, statistics)
            for lane, part in zip(self._lanes, parts, strict=False)
        ]
        errors = [error for each in running if (error := each.exception()) is not None]
        if errors:  # all parts have ended
            raise failed_run(images, self.path, errors[0]) from errors[0]
        made = [each.result() for each in running]
        outputs = [np.concatenate(values) for values in zip(*made, strict=True)]
        return generated(outputs, images, self.path)


class _Lane:
    """A binding with buffers on the GPU; ONNX Runtime gives each run that overlaps a stream."""

    def __init__(self, session: ort.InferenceSession, index: int) -> None:
        self._session = session
        self._index = index
        self._maps = [output.name for output in session.get_outputs() if output.name != OUTPUT_NAME]
        self._shape: Sequence[int] = ()

    def run(self, images: Pixels, statistics: Statistics | None) -> list[NDArray[np.generic]]:
        """The outputs of a part of a batch, in the order of the graph's outputs."""
        if images.shape != self._shape:
            self._bind(images.shape)
        if statistics is not None:
            self._binding.bind_cpu_input(STATISTICS_NAME, statistics)
        self._input.update_inplace(np.ascontiguousarray(images))
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        return [value.numpy() for value in self._binding.get_outputs()]

    def _bind(self, shape: Sequence[int]) -> None:
        """Allocate the buffers of pictures of another size; those of the last size are freed."""
        self._binding = self._session.io_binding()
        self._input, output = (
            ort.OrtValue.ortvalue_from_shape_and_type(shape, np.uint8, "cuda", self._index)
            for _ in range(2)
        )
        self._binding.bind_ortvalue_input(INPUT_NAME, self._input)
        self._binding.bind_ortvalue_output(OUTPUT_NAME, output)
        for name in self._maps:  # their size is the graph's; the session's arena holds them
            self._binding.bind_output(name, "cuda", self._index)
        self._shape = tuple(shape)
