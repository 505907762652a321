"""The ONNX Runtime engine for the CPU, which is the reference, and its session for all engines."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import onnxruntime as ort

from mediatrans.errors import ModelError
from mediatrans.files.memory import memory_limit
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.device_words import DeviceWord, NumberFormat
from mediatrans.translate.engines.engine import (
    Generated,
    Pixels,
    Statistics,
    failed_run,
    generated,
    graph_inputs,
    refuse_large,
)
from mediatrans.translate.engines.loading import load_within
from mediatrans.zoo.graph import inspect_graph, read_graph
from mediatrans.zoo.graph_memory import bytes_per_pixel

__all__ = [
    "BACKEND",
    "CPU_PROVIDER",
    "NAME",
    "OnnxRuntimeEngine",
    "Provider",
    "built_with",
    "load_session",
]

NAME = f"ONNX Runtime {ort.__version__}"
"""The name and version of the runtime."""

Provider = tuple[str, dict[str, Any]]
"""The name of an execution provider and its options."""

CPU_PROVIDER = "CPUExecutionProvider"
"""The provider that runs graphs on the CPU."""

_LAYOUTS = 2
"""The values of convolutions are kept in another layout, too: 540 bytes a pixel instead of 272."""


class OnnxRuntimeEngine:
    """A generator's graph on the CPU, in float32.

    Args:
        path: The ONNX file; it is inspected before ONNX Runtime loads it.
        threads: Threads per operator; None lets ONNX Runtime choose.
        tiles: The file's tile graph, which is loaded instead.

    Attributes:
        path: The ONNX file.
        provider: The execution provider that runs the graph.
        metadata: The graph's `metadata_props`.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
    """

    def __init__(
        self, path: Path, *, threads: int | None = None, tiles: bytes | None = None
    ) -> None:
        self.path = path
        content = read_graph(path)
        self.metadata = inspect_graph(content, path)
        content = tiles or content
        self._session = load_session(content, path, [(CPU_PROVIDER, {})], threads)
        self._bytes_per_pixel = _LAYOUTS * bytes_per_pixel(content)
        self.provider = CPU_PROVIDER
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def identity(self) -> str:
        """Runtime, version, provider and precision; an output depends on them."""
        return f"{NAME}, {self.provider}, float32"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """One picture: two or four at once take 1.02 and 1.06 times the CPU time per picture."""
        return (1,)

    def run(self, images: Pixels, statistics: Statistics | None = None) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.
            statistics: Those of the picture, for a tile graph.

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        refuse_large(images, self.path, images[..., 0].size * self._bytes_per_pixel)
        try:
            outputs = self._session.run(self._outputs, graph_inputs(images, statistics))
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise failed_run(images, self.path, error) from error
        return generated(outputs, images, self.path)


def load_session(
    content: bytes, path: Path, providers: Sequence[Provider], threads: int | None
) -> ort.InferenceSession:
    """Load a graph in ONNX Runtime.

    Args:
        content: The bytes of the inspected graph.
        path: The ONNX file, for the message.
        providers: The execution providers, preferred ones first. ONNX Runtime silently falls back
            to the CPU if none starts: ask the session for its providers.
        threads: Threads per operator; None lets ONNX Runtime choose.

    Raises:
        ModelError: ONNX Runtime refuses the graph, or takes too long on a CPU. The providers of a
            GPU may build their engines for minutes.
    """

    def load() -> ort.InferenceSession:
        return ort.InferenceSession(content, _options(threads), providers=list(providers))

    try:
        if {name for name, _ in providers} == {CPU_PROVIDER}:
            return load_within(load, path)
        return load()
    except ModelError:
        raise
    except Exception as error:  # as above
        raise ModelError(
            f"ONNX Runtime cannot load the graph ({error})",
            path=path,
            remedy="export the model again",
        ) from error


def _options(threads: int | None) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Fatal messages only: errors are raised as exceptions anyway.
    options.log_severity_level = 4
    # The same machine and settings give the same bytes, on a GPU as well.
    options.use_deterministic_compute = True
    if threads is not None:
        options.intra_op_num_threads = threads
    # Between two runs, idle threads would otherwise spin on the cores that decode and encode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if _limit_memory():
        options.add_session_config_entry("session.use_env_allocators", "1")
    return options


@cache
def _limit_memory() -> bool:
    """Limit the memory of all CPU sessions together to this process's limit, if it is known.

    A graph that needs more then raises an error instead of having the process killed.

    Returns:
        Whether a limit is set.
    """
    memory = memory_limit()
    if memory is None:
        return False
    ort.create_and_register_allocator(
        ort.OrtMemoryInfo(
            "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
        ),
        ort.OrtArenaCfg({"max_mem": memory}),
    )
    return True


def built_with() -> tuple[str, list[str]]:
    """The runtime's name, and the execution providers it was built with; they may not all start."""
    return NAME, list(ort.get_available_providers())


def _open(
    path: Path,
    *,
    device: DeviceWord,
    threads: int | None,
    precision: NumberFormat,
    tiles: bytes | None = None,
) -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine(path, threads=threads, tiles=tiles)


BACKEND = Backend(
    open=_open,
    open_tiles=_open,
    known=("float32",),
    formats=lambda device: ("float32",),
    devices=lambda: ["cpu"],
)
"""The CPU in ONNX Runtime, for the choice of an engine."""
