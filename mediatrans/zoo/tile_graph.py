"""Two graphs made of one: the first measures a picture's statistics, the second is given them.

The idea of statistics of the reduced whole is that of Wang, Li, Zhang, Li and Zhang, "Ultra-High
Resolution Style Transfer" (AAAI 2022).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mediatrans.zoo.locality import Locality, Statistic

__all__ = ["STATISTICS_NAME", "measuring_graph", "tile_graph"]

STATISTICS_NAME = "statistics"
"""The output of the measuring graph and the second input of the tile graph, float32 [K]."""

_PREFIX = "mediatrans.tile."
_EPSILON = 1e-5


def measuring_graph(locality: Locality) -> bytes:
    """A graph that takes one `image` and gives its `statistics`, all numbers in one row.

    An instance norm is given by a factor and an offset for each channel, other means by themselves.

    Args:
        locality: The graph's, with at least one statistic.
    """
    writer = _Writer(locality.model)
    rows = []
    for place, statistic in enumerate(locality.statistics):
        node = locality.model.graph.node[statistic.node]
        if statistic.is_norm:
            rows += _measure_norm(writer, node, f"{place}.")
        else:
            rows.append(writer.float32(node.output[0], f"{place}.mean"))
    flat = [writer.add("Reshape", [row, writer.constant([-1], f"{row}.row")], row) for row in rows]
    together = writer.add("Concat", flat, "all", axis=0)
    writer.graph.node.append(helper.make_node("Identity", [together], [STATISTICS_NAME]))
    del writer.graph.output[:]
    size = sum(statistic.size for statistic in locality.statistics)
    writer.graph.output.append(_statistics(size))
    return writer.content()


def tile_graph(locality: Locality) -> bytes:
    """A graph whose statistics are its second input, `statistics`, float32 [K].

    Args:
        locality: The graph's, with at least one statistic.
    """
    writer = _Writer(locality.model)
    nodes = list(writer.graph.node)
    del writer.graph.node[:]
    begin, replaced = 0, {}
    for place, statistic in enumerate(locality.statistics):
        name = f"{place}."
        ends = [*range(begin, begin + statistic.size, statistic.size // _parts(statistic))]
        parts = [
            _given(writer, statistic, (first, first + statistic.size // _parts(statistic)), name)
            for first in ends
        ]
        replaced[statistic.node] = parts
        begin += statistic.size
    for index, node in enumerate(nodes):
        if index not in replaced:
            writer.graph.node.append(node)
        elif len(replaced[index]) == 1:
            writer.graph.node.append(helper.make_node("Identity", replaced[index], node.output[:1]))
        else:
            factor, offset = replaced[index]
            scaled = writer.add("Mul", [node.input[0], factor], f"{index}.scaled")
            writer.graph.node.append(helper.make_node("Add", [scaled, offset], node.output))
    writer.graph.input.append(_statistics(begin))
    return writer.content()


def _parts(statistic: Statistic) -> int:
    return 2 if statistic.is_norm else 1


def _statistics(size: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(STATISTICS_NAME, TensorProto.FLOAT, [size])


def _measure_norm(writer: "_Writer", node: onnx.NodeProto, name: str) -> list[str]:
    """Nodes for the factor and the offset of an instance norm, in float32."""
    epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), _EPSILON)
    x, scale, bias = (
        writer.float32(value, f"{name}{word}")
        for value, word in zip(node.input, ("x", "scale", "bias"), strict=True)
    )
    # A sum over the picture is rounded. What is left of the mean without it is summed again.
    rough = writer.add("GlobalAveragePool", [x], f"{name}rough")
    about = writer.add("Sub", [x, rough], f"{name}about")
    rest = writer.add("GlobalAveragePool", [about], f"{name}rest")
    mean = writer.add("Add", [rough, rest], f"{name}mean")
    apart = writer.add("Sub", [about, rest], f"{name}apart")
    square = writer.add("Mul", [apart, apart], f"{name}square")
    variance = writer.add("GlobalAveragePool", [square], f"{name}variance")
    row = writer.constant([-1], f"{name}shape")
    flat_variance, flat_mean = (
        writer.add("Reshape", [value, row], value) for value in (variance, mean)
    )
    least = writer.constant(np.float32(epsilon), f"{name}epsilon")
    above = writer.add("Add", [flat_variance, least], f"{name}above")
    deviation = writer.add("Sqrt", [above], f"{name}deviation")
    factor = writer.add("Div", [scale, deviation], f"{name}factor")
    shift = writer.add("Mul", [flat_mean, factor], f"{name}shift")
    return [factor, writer.add("Sub", [bias, shift], f"{name}offset")]


def _given(writer: "_Writer", statistic: Statistic, part: tuple[int, int], name: str) -> str:
    """Nodes that take a part of the input `statistics`, in the shape of the mean."""
    name = f"{name}{part[0]}"
    limits = [writer.constant([at], f"{name}.{at}") for at in part]
    row = writer.add("Slice", [STATISTICS_NAME, *limits], f"{name}.row")
    shape = writer.constant(statistic.shape, f"{name}.shape")
    shaped = writer.add("Reshape", [row, shape], f"{name}.shaped")
    return writer.add("Cast", [shaped], f"{name}.cast", to=statistic.kind)


class _Writer:
    """A copy of a graph to which nodes are added."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self.graph = self._model.graph

    def add(self, kind: str, inputs: Iterable[str], name: str, **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        output = f"{_PREFIX}{kind}.{name}"
        self.graph.node.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def float32(self, value: str, name: str) -> str:
        """Add a node that gives a value in float32."""
        return self.add("Cast", [value], name, to=TensorProto.FLOAT)

    def constant(self, value: object, name: str) -> str:
        """Add a constant: integers, or a float."""
        array = value if isinstance(value, np.float32) else np.array(value, np.int64)
        tensor = numpy_helper.from_array(np.asarray(array), f"{_PREFIX}constant.{name}")
        self.graph.initializer.append(tensor)
        return tensor.name

    def content(self) -> bytes:
        """The bytes of the graph."""
        return bytes(self._model.SerializeToString())
