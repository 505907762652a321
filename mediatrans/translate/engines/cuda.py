"""CUDA: ONNX Runtime on an NVIDIA GPU, in float16 or float32."""

import ctypes
import os
import sys
from pathlib import Path

from mediatrans.errors import DeviceError
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.device_words import DeviceWord, NumberFormat
from mediatrans.translate.engines.gpu_engine import GpuEngine, Graph
from mediatrans.translate.engines.onnxruntime import NAME, Provider, built_with

__all__ = ["BACKEND", "cuda_device_count", "cuda_index", "cuda_provider", "open_cuda"]

_CUDA = "CUDAExecutionProvider"


def open_cuda(
    path: Path,
    *,
    device: DeviceWord,
    threads: int | None = None,
    precision: NumberFormat = "float32",
    tiles: bytes | None = None,
) -> GpuEngine:
    """Load a graph in ONNX Runtime's CUDA provider.

    Args:
        path: The ONNX file.
        device: "cuda" or "cuda:N", parsed.
        threads: Threads of the operators that stay on the CPU; None lets ONNX Runtime choose.
        precision: The number format.
        tiles: The file's tile graph, which is loaded instead.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
        DeviceError: The device does not exist or does not start.
    """
    index = cuda_index(device, _CUDA)
    return GpuEngine(
        Graph.read(path, precision, tiles),
        [cuda_provider(index)],
        index,
        threads,
        runtime=NAME,
        remedy='pip install "mediatrans[cuda]", or use --device cpu',
    )


def cuda_provider(index: int) -> Provider:
    """The CUDA execution provider with its options.

    Args:
        index: The number of the CUDA device.
    """
    options = {
        "device_id": index,
        # Rounded products of 10 bits are not float32.
        "use_tf32": 0,
        # An exhaustive search measures, so its choice and the last bits differ between two runs.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    return _CUDA, options


def cuda_index(device: DeviceWord, provider: str) -> int:
    """The number of the CUDA device for a `--device` value; loads the CUDA libraries.

    Args:
        device: "cuda", "cuda:N", "tensorrt" or "tensorrt:N", parsed.
        provider: The execution provider that is needed.

    Raises:
        DeviceError: There is no such device, or ONNX Runtime was built without the provider.
    """
    index = device.index or 0
    if provider not in built_with()[1]:
        raise DeviceError(
            f"this ONNX Runtime was built without {provider}", remedy="install onnxruntime-gpu"
        )
    if index >= cuda_device_count():
        raise DeviceError(
            f"no CUDA device {index}: the driver reports {cuda_device_count()} device(s)",
            remedy="use --device cpu or auto",
        )
    import onnxruntime as ort

    ort.preload_dlls()
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


def _devices() -> list[str]:
    if _CUDA not in built_with()[1]:
        return []
    return [f"cuda:{index}" for index in range(cuda_device_count())]


BACKEND = Backend(
    open=open_cuda,
    open_tiles=open_cuda,
    known=("float16", "float32"),
    formats=lambda device: ("float16", "float32"),
    devices=_devices,
)
"""CUDA in ONNX Runtime, for the choice of an engine."""
