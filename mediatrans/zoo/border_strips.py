"""Strips along the border of a picture, which a graph cuts off and joins again.

A tile can compute a graph with its own border in their place: the values that come of it are no
further inside than the strips are wide. So strips must come from where they are put back.
"""

from collections.abc import Sequence
from typing import Literal

import onnx
from onnx import numpy_helper

__all__ = ["BorderStrips"]

_Side = Literal["begin", "end"]
_MOST = 1 << 30
"""An end beyond this is the picture's."""


class BorderStrips:
    """Follows the strips through a graph, operator by operator in their order.

    Args:
        model: The graph, without functions.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self._constants = {
            weight.name: numpy_helper.to_array(weight).flatten().tolist()
            for weight in model.graph.initializer
            if weight.data_type == onnx.TensorProto.INT64
        }
        self._sides: dict[str, dict[int, _Side]] = {}

    def cut(self, node: onnx.NodeProto, across: Sequence[int], left: Sequence[int]) -> bool:
        """Whether a Slice cuts off strips, which are then followed.

        Args:
            node: The operator.
            across: The axes of its input that grow with the picture.
            left: Those of its output.
        """
        bounds = [self._constants.get(name) for name in node.input[1:]]
        if len(bounds) != 4 or any(values is None or len(values) != 1 for values in bounds):
            return False
        (start,), (end,), (axis,), (step,) = (values or [] for values in bounds)
        if step != 1 or set(across) - set(left) != {axis}:
            return False
        sides = dict(self._sides.get(node.input[0], {}))
        if start == 0 and 0 < end < _MOST:
            sides[axis] = "begin"
        elif start < 0 and end >= _MOST:
            sides[axis] = "end"
        else:
            return False
        self._sides[node.output[0]] = sides
        return True

    def join(self, node: onnx.NodeProto, axis: int, across: Sequence[Sequence[int]]) -> bool:
        """Whether a Concat puts strips where they come from, around the rest of the picture.

        Args:
            node: The operator.
            axis: Its axis, counted from the first.
            across: The axes that grow with the picture, for each input.
        """
        sides = [dict(self._sides.get(name, {})) for name in node.input]
        found = [each.pop(axis, None) for each in sides]
        grows = [axis in each for each in across]
        if found != ["begin", None, "end"] or grows != [False, True, False]:
            return False
        if any(each != sides[0] for each in sides):
            return False
        self._follow(node, sides[0])
        return True

    def keep(self, node: onnx.NodeProto) -> bool:
        """Whether an operator takes no strips, or a convolution makes strips of strips."""
        sides = [self._sides[name] for name in node.input if name in self._sides]
        if sides and node.op_type == "Conv":
            self._follow(node, sides[0])
        return not sides or node.op_type == "Conv"

    def _follow(self, node: onnx.NodeProto, sides: dict[int, _Side]) -> None:
        if sides:
            self._sides[node.output[0]] = sides
