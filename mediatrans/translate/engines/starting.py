"""Which execution providers really start: each is made to run a one-node graph."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from mediatrans.errors import MediatransError
from mediatrans.translate.engines.onnxruntime import Session, cuda_device_count
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME

__all__ = ["probe_devices"]


def probe_devices() -> dict[str, str | None]:
    """Try to run a picture through each device that `--device` may name here.

    ONNX Runtime's own list names what was compiled in, not what starts.

    Returns:
        For "cpu" and each "cuda:N" None where it works, else what is wrong with it.
    """
    devices = ["cpu"]
    if "CUDAExecutionProvider" in ort.get_available_providers():
        devices += [f"cuda:{index}" for index in range(cuda_device_count())]
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "identity.onnx"
        onnx.save(_identity(), graph)
        return {device: _problem(graph, device) for device in devices}


def _problem(graph: Path, device: str) -> str | None:
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    try:
        out = Session(graph, device=device).run(picture)
    except MediatransError as error:
        return str(error)
    return None if np.array_equal(out, picture) else "it changes the pixels of an identity graph"


def _identity() -> onnx.ModelProto:
    shape: list[str | int | None] = ["N", "H", "W", 3]
    graph = helper.make_graph(
        [helper.make_node("Identity", [INPUT_NAME], [OUTPUT_NAME])],
        "identity",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.UINT8, shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
