"""One generator in ONNX Runtime: a checked graph on exactly one execution provider."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mediatrans.errors import DeviceError, InputError, ModelError, UsageError
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME, inspect_graph, read_graph

__all__ = ["Session", "cuda_device_count", "resolve_device"]


class Session:
    """A generator graph, loaded and ready: uint8 pictures in, uint8 pictures out.

    Args:
        path: The ONNX file; it is inspected before ONNX Runtime loads it.
        device: "auto", "cpu", "cuda" or "cuda:N". Only "auto" may fall back to the CPU.
        threads: Threads of one operator; None lets ONNX Runtime choose.

    Attributes:
        path: The ONNX file.
        provider: The execution provider that really runs it.
        metadata: The graph's `metadata_props`.

    Raises:
        ModelError: The file is missing, damaged or breaks the graph contract.
        DeviceError: The device that was asked for does not start.
    """

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None) -> None:
        self.path = path
        content = read_graph(path)
        self.metadata = inspect_graph(content, path)
        kind, index = resolve_device(device)
        options = _options(threads)
        wanted: str | tuple[str, dict[str, int]] = "CPUExecutionProvider"
        if kind == "cuda":
            ort.preload_dlls()
            wanted = ("CUDAExecutionProvider", {"device_id": index})
        try:
            self._session = ort.InferenceSession(content, options, providers=[wanted])
        except Exception as error:  # ONNX Runtime's own classes share no public base
            raise ModelError(
                f"ONNX Runtime cannot load the graph ({error})",
                path=path,
                remedy="export the model again",
            ) from error
        # A provider that fails to start leaves the CPU's in its place: only "auto" may accept that.
        self.provider: str = self._session.get_providers()[0]
        if device.startswith("cuda") and self.provider != "CUDAExecutionProvider":
            raise DeviceError(
                f"CUDA device {index} is there, but ONNX Runtime's CUDA provider does not start",
                remedy='pip install "mediatrans[cuda]", or use --device cpu',
            )

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Translate a batch.

        Args:
            images: uint8 [N, H, W, 3] RGB; H and W at least 8 and multiples of the stride.

        Returns:
            uint8 [N, H, W, 3] RGB.

        Raises:
            InputError: The graph fails on this input: too large for the memory, say.
            ModelError: The output is no picture of the input's size.
        """
        try:
            (out,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: images})
        except Exception as error:  # as above
            _, height, width, _ = images.shape
            raise InputError(
                f"{self.path.name} fails on {len(images)} picture(s) of {width}x{height} ({error})",
                remedy="try smaller pictures or --batch-size 1",
            ) from error
        if not isinstance(out, np.ndarray) or out.shape != images.shape or out.dtype != np.uint8:
            raise ModelError(
                f"the graph made {getattr(out, 'shape', out)} out of {images.shape}",
                path=self.path,
                remedy="a generator must keep the size of its picture",
            )
        return out


def _options(threads: int | None) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # What fails is raised, and told by whoever catches it.
    options.log_severity_level = 4
    if threads is not None:
        options.intra_op_num_threads = threads
    # Between two runs its threads would otherwise spin on the cores that decode and encode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if _limit_memory():
        options.add_session_config_entry("session.use_env_allocators", "1")
    return options


@cache
def _limit_memory() -> bool:
    """Keep all sessions on the CPU together within the machine's memory, where its size is known.

    A graph that wants more then fails like any other, instead of having the process killed.
    """
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return False
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    ort.create_and_register_allocator(
        ort.OrtMemoryInfo(
            "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
        ),
        ort.OrtArenaCfg({"max_mem": memory}),
    )
    return True


def resolve_device(device: str) -> tuple[Literal["cpu", "cuda"], int]:
    """What a `--device` word means on this machine, as a kind and an index.

    Raises:
        UsageError: Not one of "auto", "cpu", "cuda", "cuda:N".
        DeviceError: A CUDA device was asked for and is not there.
    """
    kind, _, number = device.partition(":")
    if device in ("auto", "cpu"):
        usable = device == "auto" and "CUDAExecutionProvider" in ort.get_available_providers()
        return ("cuda", 0) if usable and cuda_device_count() > 0 else ("cpu", 0)
    if kind != "cuda" or (number and not number.isdecimal()) or device.endswith(":"):
        raise UsageError(f"no device is called {device!r}", remedy="use auto, cpu, cuda or cuda:N")
    index = int(number or 0)
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        raise DeviceError(
            "this ONNX Runtime was built without CUDA", remedy="install onnxruntime-gpu"
        )
    if index >= cuda_device_count():
        raise DeviceError(
            f"no CUDA device {index}: the driver reports {cuda_device_count()}",
            remedy="use --device cpu or auto",
        )
    return "cuda", index


def cuda_device_count() -> int:
    """CUDA devices the driver reports; 0 where there is no driver.

    Asked of the driver itself, since ONNX Runtime's list of providers only says what was compiled.
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
