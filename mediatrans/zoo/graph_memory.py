"""An estimate of the memory that a graph's values need, from their inferred shapes."""

import math

import numpy as np
import onnx
import onnx.inliner

from mediatrans.zoo.graph import INPUT_NAME

__all__ = ["bytes_per_pixel"]

_SIDE = 1024  # a multiple of every stride that a model may have


def bytes_per_pixel(content: bytes) -> int:
    """The memory for the values of a graph that are needed at the same time, per input pixel.

    Values whose size is only known at run time, and those inside branches, count as nothing.

    Args:
        content: The bytes of an inspected ONNX file.

    Returns:
        The largest sum over the operators, in the order in which they are stored.
    """
    model = onnx.inliner.inline_local_functions(onnx.load_model_from_string(content))
    shape = model.graph.input[0].type.tensor_type.shape
    for dimension, length in zip(shape.dim, (1, _SIDE, _SIDE, 3), strict=True):
        dimension.dim_value = length
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    sizes = {value.name: _size(value) for value in (*graph.value_info, *graph.output)}
    last_use = {name: place for place, node in enumerate(graph.node) for name in node.input}
    live = most = 3 * _SIDE**2
    for place, node in enumerate(graph.node):
        live += sum(sizes.get(name, 0) for name in node.output)
        most = max(most, live)
        ended = {name for name in node.input if last_use[name] == place and name != INPUT_NAME}
        live -= sum(sizes.get(name, 0) for name in ended)
    return -(-int(most) // _SIDE**2)


def _size(value: onnx.ValueInfoProto) -> int:
    tensor = value.type.tensor_type
    count = int(math.prod(dimension.dim_value for dimension in tensor.shape.dim))
    try:
        return count * int(
            np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).itemsize
        )
    except KeyError:
        return count
