"""The choice of the engine for a device, and a test of which devices work on this machine."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from mediatrans.errors import MediatransError
from mediatrans.translate.engines import onnxruntime
from mediatrans.translate.engines.device_words import read_device_word
from mediatrans.translate.engines.engine import Engine, EngineOpener
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME

__all__ = ["ENGINES", "compiled_in", "open_engine", "try_devices"]

ENGINES: dict[str, EngineOpener] = {
    "auto": onnxruntime.OnnxRuntimeEngine,
    "cpu": onnxruntime.OnnxRuntimeEngine,
    "cuda": onnxruntime.OnnxRuntimeEngine,
}
"""The engine for each kind of device, by the first part of the `--device` value."""


def open_engine(path: Path, *, device: str = "auto", threads: int | None = None) -> Engine:
    """Load a graph on the engine of a device; arguments and errors are those of `EngineOpener`."""
    return ENGINES[read_device_word(device).kind](path, device=device, threads=threads)


def compiled_in() -> dict[str, list[str]]:
    """The providers that each runtime was built with, by runtime; they may not all start."""
    return {onnxruntime.NAME: onnxruntime.compiled_providers()}


def try_devices() -> dict[str, str | None]:
    """Run a small graph on each device that `--device` may name on this machine.

    Returns:
        For "cpu" and each "cuda:N": None if it works, else the problem.
    """
    devices = ["cpu", *onnxruntime.cuda_devices()]
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "identity.onnx"
        onnx.save(_identity(), graph)
        return {device: _problem(graph, device) for device in devices}


def _problem(graph: Path, device: str) -> str | None:
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    try:
        out = open_engine(graph, device=device).run(picture).image
    except MediatransError as error:
        return str(error)
    return None if np.array_equal(out, picture) else "it gives wrong pixels for an identity graph"


def _identity() -> onnx.ModelProto:
    shape: list[str | int | None] = ["N", "H", "W", 3]
    graph = helper.make_graph(
        [helper.make_node("Identity", [INPUT_NAME], [OUTPUT_NAME])],
        "identity",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.UINT8, shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
