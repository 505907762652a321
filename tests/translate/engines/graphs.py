"""Graphs that compute with floats, as generators do: a small network, and one with colour maps."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.pairs import SHAPE

Weights = dict[str, np.ndarray]


def network(*, gain: float = 0.5, with_maps: bool = False) -> onnx.ModelProto:
    """uint8 -> convolutions with reflection padding and instance norms -> uint8.

    Args:
        gain: Of the last convolution. A large one enlarges rounding errors beyond the limits.
        with_maps: Whether `map` and `texture` are outputs, too.
    """
    random = np.random.default_rng(1)
    weights: Weights = {
        "scale": np.array([127.5], np.float32),
        "one": np.array([1], np.float32),
        "first": random.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float32),
        "second": random.normal(0, 0.2, (8, 8, 3, 3)).astype(np.float32),
        "last": random.normal(0, gain, (3, 8, 1, 1)).astype(np.float32),
        "maps": random.normal(0, 0.1, (12, 8, 1, 1)).astype(np.float32),
        "unit": np.ones(8, np.float32),
        "zero": np.zeros(8, np.float32),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("Div", ["nchw", "scale"], ["divided"]),
        helper.make_node("Sub", ["divided", "one"], ["x"]),
        *_block("x", "first", "a"),
        *_block("a", "second", "b"),
        helper.make_node("Conv", ["b", "last"], ["colours"]),
        helper.make_node("Tanh", ["colours"], ["tanh"]),
        helper.make_node("Add", ["tanh", "one"], ["lifted"]),
        helper.make_node("Mul", ["lifted", "scale"], ["scaled"]),
        helper.make_node("Round", ["scaled"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "low", "high"], ["clipped"]),
        helper.make_node("Transpose", ["clipped"], ["nhwc"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["nhwc"], ["image_out"], to=TensorProto.UINT8),
    ]
    outputs = [helper.make_tensor_value_info("image_out", TensorProto.UINT8, SHAPE)]
    if with_maps:
        nodes += [
            helper.make_node("AveragePool", ["b"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node("Conv", ["pooled", "maps"], ["map_nchw"]),
            helper.make_node("Transpose", ["map_nchw"], ["map"], perm=[0, 2, 3, 1]),
            helper.make_node("Transpose", ["tanh"], ["texture"], perm=[0, 2, 3, 1]),
        ]
        outputs += [
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", "h", "w", 12]),
            helper.make_tensor_value_info("texture", TensorProto.FLOAT, SHAPE),
        ]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "network",
            [helper.make_tensor_value_info("image", TensorProto.UINT8, SHAPE)],
            outputs,
            [numpy_helper.from_array(value, name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )


def _block(before: str, weight: str, after: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Pad", [before, "pads"], [f"{after}_padded"], mode="reflect"),
        helper.make_node("Conv", [f"{after}_padded", weight], [f"{after}_conv"]),
        helper.make_node(
            "InstanceNormalization", [f"{after}_conv", "unit", "zero"], [f"{after}_norm"]
        ),
        helper.make_node("Relu", [f"{after}_norm"], [after]),
    ]
