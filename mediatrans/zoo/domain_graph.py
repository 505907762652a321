"""The graph contract of `domain.onnx`, a small classifier of a pair's two domains.

The input is `image`, uint8 [N, H, W, 3] RGB, the output `probability`, float32 [N, h, w]: for each
patch how likely it is one of the second domain. N, H, W, h and w are dynamic. Pictures are scaled
so that their shorter side has `SIDE` pixels. The rules for operators and weights are those of a
generator's graph; the file has at most 1 MB.
"""

from pathlib import Path

import onnx

from mediatrans.zoo.graph import INPUT_NAME, inspect_graph, is_batch, read_graph

__all__ = ["DOMAIN_FILE", "MAX_BYTES", "OUTPUT_NAME", "SIDE", "read_domain_graph"]

DOMAIN_FILE = "domain.onnx"
"""Its name in a model folder."""

MAX_BYTES = 1_000_000
"""The largest file."""

OUTPUT_NAME = "probability"

SIDE = 128
"""The shorter side, in pixels, that pictures are scaled to."""


def read_domain_graph(path: Path) -> bytes:
    """The bytes of a classifier, inspected.

    Args:
        path: The ONNX file.

    Raises:
        ModelError: The file is missing, too large or breaks the contract.
    """
    content = read_graph(path, MAX_BYTES)
    inspect_graph(content, path, _wrong_ends)
    return content


def _wrong_ends(graph: onnx.GraphProto) -> str | None:
    """A description of how the input or the output breaks the contract, or None."""
    inputs, outputs = list(graph.input), list(graph.output)
    if [value.name for value in inputs] != [INPUT_NAME] or not is_batch(inputs[0], "UINT8", 3):
        return f"wrong graph: needs one uint8 [N, H, W, 3] {INPUT_NAME!r}"
    tensor = outputs[0].type.tensor_type if outputs else None
    if (
        [value.name for value in outputs] != [OUTPUT_NAME]
        or tensor is None
        or tensor.elem_type != onnx.TensorProto.FLOAT
        or len(tensor.shape.dim) != 3
    ):
        return f"wrong graph: needs one float32 [N, h, w] {OUTPUT_NAME!r}"
    return None
