"""The conversion of a graph to float16; instance norms stay in float32."""

import onnx

__all__ = ["to_float16"]

# Sums over a whole picture exceed the range of float16.
_FLOAT32_OPERATORS = ("InstanceNormalization", "ReduceMean", "ReduceSum", "ReduceSumSquare")


def to_float16(content: bytes) -> bytes:
    """Convert a graph's weights and operators to float16.

    Args:
        content: The bytes of an inspected graph. One that is in float16 already is not changed.

    Returns:
        The converted graph's bytes, with the same inputs and outputs.
    """
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    model = onnx.load_model_from_string(content)
    if any(weight.data_type == onnx.TensorProto.FLOAT16 for weight in model.graph.initializer):
        return content
    converted = convert_float_to_float16(
        model, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, *_FLOAT32_OPERATORS]
    )
    return bytes(converted.SerializeToString())
