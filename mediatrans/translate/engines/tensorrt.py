"""TensorRT: ONNX Runtime with TensorRT on an NVIDIA GPU, in float16 or float32."""

import ctypes
import hashlib
import importlib.util
from functools import cache
from pathlib import Path

import onnxruntime as ort
import platformdirs

from mediatrans.errors import DeviceError
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.cuda import cuda_device_count, cuda_index, cuda_provider
from mediatrans.translate.engines.device_words import DeviceWord, NumberFormat
from mediatrans.translate.engines.gpu_engine import GpuEngine, Graph
from mediatrans.translate.engines.onnxruntime import NAME, Provider, built_with

__all__ = ["BACKEND", "cache_folder", "open_tensorrt"]

_TENSORRT = "TensorrtExecutionProvider"
_LIBRARY = "libnvinfer.so.10"


def open_tensorrt(
    path: Path,
    *,
    device: DeviceWord,
    threads: int | None = None,
    precision: NumberFormat = "float32",
    tiles: bytes | None = None,
) -> GpuEngine:
    """Load a graph in ONNX Runtime's TensorRT provider.

    The first run at a size compiles, which takes minutes. The result is kept in `cache_folder`.

    Args:
        path: The ONNX file.
        device: "tensorrt" or "tensorrt:N", parsed.
        threads: Threads of the operators that stay on the CPU; None lets ONNX Runtime choose.
        precision: The number format.
        tiles: The file's tile graph, which is loaded instead.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
        DeviceError: The device does not exist or does not start.
    """
    index = cuda_index(device, _TENSORRT)
    version = _tensorrt_version()
    graph = Graph.read(path, precision, tiles)
    folder = _made(cache_folder(graph.content, version))
    return GpuEngine(
        graph,
        # Operators that TensorRT does not know run in CUDA.
        [_provider(index, folder, precision), cuda_provider(index)],
        index,
        threads,
        runtime=f"{NAME}, TensorRT {version}",
        remedy="install the TensorRT that fits this onnxruntime-gpu, or use --device cuda",
    )


def cache_folder(content: bytes, version: str) -> Path:
    """The folder of what TensorRT compiled for a graph, in the user's cache.

    Args:
        content: The bytes of the graph.
        version: The version of TensorRT.
    """
    key = hashlib.sha256(content).hexdigest()[:16]
    name = f"{key}-onnxruntime-{ort.__version__}-tensorrt-{version}"
    return platformdirs.user_cache_path("mediatrans") / "tensorrt" / name


def _made(folder: Path) -> Path:
    """A folder, made if it is missing.

    Raises:
        DeviceError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeviceError(
            f"TensorRT's cache folder {folder} cannot be made ({error.strerror})",
            remedy="set XDG_CACHE_HOME to a folder that you may write to, or use --device cuda",
        ) from error
    return folder


def _provider(index: int, folder: Path, precision: NumberFormat) -> Provider:
    options = {
        "device_id": index,
        "trt_fp16_enable": precision == "float16",
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(folder),
    }
    return _TENSORRT, options


@cache
def _tensorrt_version() -> str:
    """The version of TensorRT, loaded from its wheel or from the system.

    Raises:
        DeviceError: It is not installed.
    """
    found = importlib.util.find_spec("tensorrt_libs")
    wheel = (
        [Path(folder, _LIBRARY) for folder in (found.submodule_search_locations or ())]
        if found
        else []
    )
    for library in (*wheel, _LIBRARY):
        try:
            number = int(ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL).getInferLibVersion())
        except OSError:
            continue
        return f"{number // 10000}.{number // 100 % 100}.{number % 100}"
    raise DeviceError(
        f"TensorRT is not installed: there is no {_LIBRARY}",
        remedy="pip install tensorrt-cu12, or use --device cuda",
    )


def _devices() -> list[str]:
    if _TENSORRT not in built_with()[1]:
        return []
    return [f"tensorrt:{index}" for index in range(cuda_device_count())]


BACKEND = Backend(
    open=open_tensorrt,
    open_tiles=open_tensorrt,
    known=("float16", "float32"),
    formats=lambda device: ("float16", "float32"),
    devices=_devices,
    is_automatic=False,
)
"""TensorRT in ONNX Runtime, for the choice of an engine; it compiles for too long to be "auto"."""
