"""The OpenVINO engine: runs an inspected graph on the CPU or an Intel GPU."""

from collections import deque
from contextlib import suppress
from functools import cache, cached_property, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mediatrans.errors import DeviceError, ModelError
from mediatrans.files.memory import memory_limit
from mediatrans.hidden_module import hidden_module
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
from mediatrans.translate.engines.openvino_memory import bytes_per_pixel
from mediatrans.zoo.graph import inspect_graph, read_graph

__all__ = ["BACKEND", "OpenVinoEngine", "built_with"]

_FORMATS: dict[NumberFormat, tuple[str, str]] = {
    "bfloat16": ("BF16", "bf16"),
    "float16": ("FP16", "f16"),
    "float32": ("FP32", "f32"),
}
"""Each format's name among a device's capabilities, and as a hint for the compilation."""

_STREAMS = 2
_KEPT_PIXELS = 1 << 22
"""Larger pictures release OpenVINO's memory after each run: two generators would both keep it."""
_MEMORY_SHARE = 0.25
"""The share of the memory that two pictures may take: the reverse generator may take as much."""

_CACHED_KERNELS = "CPU_RUNTIME_CACHE_CAPACITY"
_MOST_CACHED_KERNELS = 100
"""The kernels of a few sizes. By default, a folder of 1,000 sizes would take 0.7 GB for them."""

_SENDS_TELEMETRY = "openvino.tools.ovc"


class OpenVinoEngine:
    """A generator's graph, compiled by OpenVINO for pictures of any size.

    A single picture is computed by all threads. The pictures of a larger batch are computed one
    by one, in two streams with half of the threads each. The number of threads changes the last
    bits, the batch does not. Two large pictures would need too much memory, so all threads compute
    one after the other.

    Args:
        path: The ONNX file; it is inspected before OpenVINO loads it.
        device: "openvino" or "openvino:GPU", parsed.
        threads: The number of threads; None lets OpenVINO choose.
        precision: The number format, one of the formats of the device.
        tiles: The file's tile graph, which is loaded instead.

    Attributes:
        path: The ONNX file.
        provider: OpenVINO's name for the device, "CPU" or "GPU".
        metadata: The graph's `metadata_props`.

    Raises:
        ModelError: The file is missing, damaged, breaks the graph contract, has operators that
            OpenVINO does not know, or values whose size cannot be known before it runs.
        DeviceError: OpenVINO is not installed, or finds no such device.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: DeviceWord,
        threads: int | None = None,
        precision: NumberFormat = "float32",
        tiles: bytes | None = None,
    ) -> None:
        self.path = path
        self.provider = _name_of(device)
        self._precision = precision
        core = _core_with(self.provider)
        content = read_graph(path)
        self.metadata = inspect_graph(content, path)
        try:
            self._model = load_within(partial(core.read_model, tiles or content), path)
            self._bytes_per_pixel = bytes_per_pixel(self._model, 4 if precision == "float32" else 2)
            self._compiled = [load_within(partial(self._compile, 1, threads), path)]
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"OpenVINO cannot load the graph ({_last_line(error)})",
                path=path,
                remedy="use --device cpu",
            ) from error
        self._alone = [self._compiled[0].create_infer_request()]
        self._memory_limit = memory_limit()
        self._names = [output.get_any_name() for output in self._model.outputs]

    def _compile(self, streams: int, threads: int | None) -> Any:
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _FORMATS[self._precision][1],
            "NUM_STREAMS": streams,
        }
        if self.provider == "CPU":
            # A pinned thread would wait for a core on which another one decodes or encodes.
            settings |= {"ENABLE_CPU_PINNING": False, _CACHED_KERNELS: _MOST_CACHED_KERNELS}
            if threads is not None:
                settings["INFERENCE_NUM_THREADS"] = threads
        try:
            return _core().compile_model(self._model, self.provider, settings)
        except RuntimeError:  # the capacity is no documented setting, so it may be refused
            settings.pop(_CACHED_KERNELS, None)
            return _core().compile_model(self._model, self.provider, settings)

    @property
    def identity(self) -> str:
        """Runtime, version, device and precision; an output depends on them."""
        return f"OpenVINO {_version()}, {self.provider}, {self._precision}"

    def run(self, images: Pixels, statistics: Statistics | None = None) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.
            statistics: Those of the picture, for a tile graph.

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        pixels = images.shape[1] * images.shape[2]
        requests = self._alone if len(images) == 1 else self._requests(pixels)
        self._refuse_large(images, pixels * min(len(images), len(requests)))
        try:
            made = self._run_in_streams(requests, images, statistics)
        except (RuntimeError, MemoryError) as error:
            raise failed_run(images, self.path, _last_line(error)) from error
        finally:
            if pixels > _KEPT_PIXELS:
                for compiled in self._compiled:
                    compiled.release_memory()
        outputs = made[0] if len(made) == 1 else list(map(np.concatenate, zip(*made, strict=True)))
        return generated(outputs, images, self.path)

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """Two or four pictures where two are computed at once, else one."""
        streams = len(self._requests(height * width))
        return (1,) if streams == 1 else (streams, 2 * streams)

    def _requests(self, pixels: int) -> list[Any]:
        """The requests that compute the pictures of a batch, by the size of a picture."""
        need, limit = _STREAMS * pixels * self._bytes_per_pixel, self._memory_limit
        is_large = pixels > _KEPT_PIXELS or (limit is not None and need > limit * _MEMORY_SHARE)
        return self._alone if is_large else self._side_by_side

    @cached_property
    def _side_by_side(self) -> list[Any]:
        """The requests for a batch; compiled when the first one comes."""
        threads = None
        if self.provider == "CPU":
            # Streams of equal size: a result must not depend on the stream that computes it.
            each = int(self._compiled[0].get_property("INFERENCE_NUM_THREADS")) // _STREAMS
            if each == 0:
                return self._alone
            threads = each * _STREAMS
        self._compiled.append(self._compile(_STREAMS, threads))
        return [self._compiled[-1].create_infer_request() for _ in range(_STREAMS)]

    def _run_in_streams(
        self, requests: list[Any], images: Pixels, statistics: Statistics | None
    ) -> list[list[Any]]:
        """The outputs of pictures in their order; each request takes every so many of them."""
        # They are shared, so they must outlive the requests, also if Ctrl-C comes in between.
        self._shared = [
            graph_inputs(np.ascontiguousarray(image[np.newaxis]), statistics) for image in images
        ]
        made: list[list[Any]] = []
        running: deque[Any] = deque()
        try:
            for index, inputs in enumerate(self._shared):
                if len(running) == len(requests):
                    made.append(self._outputs(running.popleft()))
                request = requests[index % len(requests)]
                request.start_async(inputs, share_inputs=True)
                running.append(request)
            while running:
                made.append(self._outputs(running.popleft()))
        finally:  # after an error the others must have ended
            for request in running:
                with suppress(RuntimeError, MemoryError):
                    request.wait()
        return made

    def _outputs(self, request: Any) -> list[Any]:
        """Wait for a request; returns copies of its outputs."""
        request.wait()
        return [request.get_tensor(name).data.copy() for name in self._names]

    def _refuse_large(self, images: Pixels, pixels: int) -> None:
        """Refuse a batch that needs more memory than there is.

        OpenVINO has no limit of its own; the system would kill the process.

        Raises:
            InputError: The batch needs too much memory.
        """
        if self.provider == "CPU":
            refuse_large(images, self.path, pixels * self._bytes_per_pixel)


def _name_of(device: DeviceWord) -> str:
    return "GPU" if device.is_intel_gpu else "CPU"


def _core_with(name: str) -> Any:
    """OpenVINO's core.

    Raises:
        DeviceError: OpenVINO is not installed, does not start, or finds no device of this name.
    """
    if (problem := _problem()) is not None:
        raise DeviceError(problem, remedy="pip install openvino, or use --device cpu")
    core = _core()
    if not any(_is_called(name, found) for found in core.available_devices):
        raise DeviceError(
            f"OpenVINO finds no {name}; it has {', '.join(core.available_devices) or 'no device'}",
            remedy="install the driver of the device, or use --device auto",
        )
    return core


def _is_called(name: str, device: str) -> bool:
    """Whether a device is of a kind: several GPUs are called "GPU.0", "GPU.1" and so on."""
    return device.split(".")[0] == name


def _problem() -> str | None:
    """Why OpenVINO does not start, or None."""
    if find_spec("openvino") is None:
        return "OpenVINO is not installed"
    try:
        _core()
    except (ImportError, OSError, RuntimeError) as error:  # for example another C library
        return f"OpenVINO does not start ({_last_line(error)})"
    return None


@cache
def _core() -> Any:
    return _runtime().Core()


@cache
def _runtime() -> Any:
    """The package `openvino`, imported without its model converter.

    The converter sends a report whenever it is imported, and takes longer than the rest. OpenVINO
    does without it if it is missing.
    """
    with hidden_module(_SENDS_TELEMETRY):
        return import_module("openvino")


def _version() -> str:
    return str(_runtime().__version__).split("-")[0]


def _last_line(error: Exception) -> str:
    """The line of an OpenVINO message that tells the reason; the lines above tell where."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def built_with() -> tuple[str, list[str]]:
    """The runtime's name, and the devices that it finds; none if it does not start."""
    if _problem() is not None:
        return "OpenVINO", []
    return f"OpenVINO {_version()}", list(_core().available_devices)


def _devices() -> list[str]:
    _, found = built_with()
    words = {"CPU": "openvino", "GPU": "openvino:GPU"}
    return [word for name, word in words.items() if any(_is_called(name, each) for each in found)]


def _formats(device: DeviceWord) -> tuple[NumberFormat, ...]:
    name = _name_of(device)
    capabilities = _core_with(name).get_property(name, "OPTIMIZATION_CAPABILITIES")
    found = [f for f, (capability, _) in _FORMATS.items() if capability in capabilities]
    if name == "CPU" and "float16" in found:
        # Measured on a CPU that has it: 1.4 times the time of float32.
        found.sort(key=lambda number_format: number_format == "float16")
    return tuple(found)


BACKEND = Backend(
    open=OpenVinoEngine,
    open_tiles=OpenVinoEngine,
    known=tuple(_FORMATS),
    formats=_formats,
    devices=_devices,
)
"""OpenVINO, for the choice of an engine."""
