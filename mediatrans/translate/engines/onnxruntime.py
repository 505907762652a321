"""The ONNX Runtime engine: runs an inspected graph on exactly one execution provider."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np

# Since version 1.29, ONNX Runtime sends telemetry unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

from mediatrans.errors import DeviceError, InputError, ModelError
from mediatrans.files.memory import memory_limit
from mediatrans.translate.engines.device_words import DeviceWord, read_device_word
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.zoo.graph import INPUT_NAME, inspect_graph, read_graph

__all__ = ["NAME", "OnnxRuntimeEngine", "compiled_providers", "cuda_device_count", "cuda_devices"]

NAME = f"ONNX Runtime {ort.__version__}"
"""The name and version of the runtime."""

_CUDA = "CUDAExecutionProvider"


class OnnxRuntimeEngine:
    """A generator's graph, loaded in ONNX Runtime.

    Args:
        path: The ONNX file; it is inspected before ONNX Runtime loads it.
        device: "auto", "cpu", "cuda" or "cuda:N". Only "auto" may fall back to the CPU.
        threads: Threads per operator; None lets ONNX Runtime choose.

    Attributes:
        path: The ONNX file.
        provider: The execution provider that runs the graph.
        metadata: The graph's `metadata_props`.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
        DeviceError: The requested device does not start.
        UsageError: The `--device` value is invalid.
    """

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self.path = path
        content = read_graph(path)
        self.metadata = inspect_graph(content, path)
        word = read_device_word(device)
        index = _cuda_index(word)
        options = _options(threads)
        wanted: str | tuple[str, dict[str, int]] = "CPUExecutionProvider"
        if index is not None:
            ort.preload_dlls()
            wanted = (_CUDA, {"device_id": index})
        try:
            self._session = ort.InferenceSession(content, options, providers=[wanted])
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise ModelError(
                f"ONNX Runtime cannot load the graph ({error})",
                path=path,
                remedy="export the model again",
            ) from error
        # ONNX Runtime silently falls back to the CPU; only "auto" may accept that.
        self.provider: str = self._session.get_providers()[0]
        if word.kind == "cuda" and self.provider != _CUDA:
            raise DeviceError(
                f"CUDA device {index} exists, but ONNX Runtime's CUDA provider does not start",
                remedy='pip install "mediatrans[cuda]", or use --device cpu',
            )

        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def identity(self) -> str:
        """Runtime, version, provider and precision; an output depends on them."""
        return f"{NAME}, {self.provider}, float32"

    def run(self, images: Pixels) -> Generated:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.

        Raises:
            InputError: The graph fails on this input, for example for lack of memory.
            ModelError: The output is not a picture of the input's size.
        """
        try:
            out, *maps = self._session.run(self._outputs, {INPUT_NAME: images})
        except Exception as error:  # as above
            _, height, width, _ = images.shape
            raise InputError(
                f"{self.path.name} fails on {len(images)} picture(s) of {width}x{height} ({error})",
                remedy="try smaller pictures or --batch-size 1",
            ) from error
        if not isinstance(out, np.ndarray) or out.shape != images.shape or out.dtype != np.uint8:
            raise ModelError(
                f"the graph's output is {getattr(out, 'shape', out)} for the input {images.shape}",
                path=self.path,
                remedy="use a generator that keeps the size of its input",
            )
        return Generated(out, *maps)


def _options(threads: int | None) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Fatal messages only: errors are raised as exceptions anyway.
    options.log_severity_level = 4
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


def compiled_providers() -> list[str]:
    """The execution providers that ONNX Runtime was built with; they may not all start."""
    return list(ort.get_available_providers())


def cuda_devices() -> list[str]:
    """The `--device` values of the CUDA devices that ONNX Runtime might be able to use."""
    if _CUDA not in ort.get_available_providers():
        return []
    return [f"cuda:{index}" for index in range(cuda_device_count())]


def _cuda_index(word: DeviceWord) -> int | None:
    """The index of the CUDA device for a `--device` value, or None for the CPU.

    Raises:
        DeviceError: The requested CUDA device does not exist.
    """
    if word.kind == "cpu" or (word.kind == "auto" and not cuda_devices()):
        return None
    index = word.index or 0
    if _CUDA not in ort.get_available_providers():
        raise DeviceError(
            "this ONNX Runtime was built without CUDA", remedy="install onnxruntime-gpu"
        )
    if index >= cuda_device_count():
        raise DeviceError(
            f"no CUDA device {index}: the driver reports {cuda_device_count()} device(s)",
            remedy="use --device cpu or auto",
        )
    return index


def cuda_device_count() -> int:
    """The number of CUDA devices that the driver reports; 0 without a driver.

    The driver is asked directly, since ONNX Runtime only lists the providers it was built with.
    """
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return 0
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
