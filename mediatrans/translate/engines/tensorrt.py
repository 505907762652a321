"""The TensorRT engine: ONNX Runtime with TensorRT on an NVIDIA GPU, in float16 or float32."""

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
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.engines.gpu_session import STREAMS, GpuSession
from mediatrans.translate.engines.half import to_float16
from mediatrans.translate.engines.onnxruntime import NAME, Provider, built_with, load_session
from mediatrans.zoo.graph import inspect_graph, read_graph

__all__ = ["BACKEND", "TensorRtEngine", "cache_folder"]

_TENSORRT = "TensorrtExecutionProvider"
_LIBRARY = "libnvinfer.so.10"


class TensorRtEngine:
    """A generator's graph that TensorRT compiles for the GPU.

    The first run at a size compiles, which takes minutes. The result is kept in `cache_folder`.

    Args:
        path: The ONNX file; it is inspected before ONNX Runtime loads it.
        device: "tensorrt" or "tensorrt:N", parsed.
        threads: Threads of the operators that stay on the CPU; None lets ONNX Runtime choose.
        precision: "float16" converts the graph when it is loaded, see `to_float16`.

    Attributes:
        path: The ONNX file.
        provider: The execution provider that runs the graph.
        metadata: The graph's `metadata_props`.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
        DeviceError: The device does not exist or does not start.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: DeviceWord,
        threads: int | None = None,
        precision: NumberFormat = "float32",
    ) -> None:
        self.path = path
        self.provider = _TENSORRT
        self._precision = precision
        index = cuda_index(device, _TENSORRT)
        self._version = _tensorrt_version()
        content = read_graph(path)
        self.metadata = inspect_graph(content, path)
        if precision == "float16":
            content = to_float16(content)
        folder = _made(cache_folder(content, self._version))
        # Operators that TensorRT does not know run in CUDA.
        providers = [_provider(index, folder, precision), cuda_provider(index)]
        session = load_session(content, path, providers, threads)
        if session.get_providers()[0] != _TENSORRT:
            raise DeviceError(
                f"CUDA device {index} exists, but ONNX Runtime's TensorRT provider does not start",
                remedy="install the TensorRT that fits this onnxruntime-gpu, or use --device cuda",
            )
        self._session = GpuSession(session, path, index)

    @property
    def identity(self) -> str:
        """Runtime, versions, provider and precision; an output depends on them."""
        return f"{NAME}, TensorRT {self._version}, {self.provider}, {self._precision}"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """One picture per stream: kernels, and with them the last bits, depend on more."""
        return (STREAMS,)

    def run(self, images: Pixels) -> Generated:
        """Translate a batch; arguments and errors are those of `Engine.run`."""
        return self._session.run(images)


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
    open=TensorRtEngine,
    known=("float16", "float32"),
    formats=lambda device: ("float16", "float32"),
    devices=_devices,
    is_automatic=False,
)
"""TensorRT in ONNX Runtime, for the choice of an engine; it compiles for too long to be "auto"."""
