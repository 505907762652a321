"""How far a graph looks around each pixel, and which of its values are means of the whole picture.

A picture can be translated in tiles if every operator is local or such a mean: a tile with a border
as wide as the graph looks, and with the means of the whole picture, gets the values that the whole
picture would get there.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import onnx
import onnx.inliner

from mediatrans.errors import ModelError
from mediatrans.zoo.border_strips import BorderStrips
from mediatrans.zoo.graph import INPUT_NAME

__all__ = ["Locality", "Statistic", "locality_of"]

_T = TypeVar("_T")

_SIDES = (1024, 2048)  # multiples of every stride that a model may have
_NORM = "InstanceNormalization"
_MEANS = frozenset({"ReduceMean", "GlobalAveragePool"})
_OTHER_REDUCTIONS = """
ArgMax ArgMin GlobalMaxPool ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin
ReduceProd ReduceSum ReduceSumSquare
"""
_REDUCTIONS = _MEANS | frozenset(_OTHER_REDUCTIONS.split())
_EACH_PIXEL = """
Abs Add And Asin Asinh Atan Atanh BatchNormalization BitwiseNot Cast Ceil Celu Clip Cos Cosh Div
Dropout Elu Equal Erf Exp Expand Flatten Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish
Identity LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pad Pow
Reciprocal Relu Reshape Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Squeeze Sub Sum Tan
Tanh ThresholdedRelu Transpose Unsqueeze Where Xor
"""
_POINTWISE = frozenset(_EACH_PIXEL.split())
_ALONG_AN_AXIS = {"Concat": 0, "Gather": 0, "LogSoftmax": -1, "Softmax": -1, "Split": 0}
"""Operators along one axis, with the default of their attribute `axis`."""
_WINDOWS = frozenset({"AveragePool", "Conv", "ConvTranspose", "MaxPool"})
_BLOCKS = frozenset({"DepthToSpace", "SpaceToDepth"})
_OF_A_PART = "works on a part of the picture"


class _Value(NamedTuple):
    """The inferred type of a value, for pictures of both sizes."""

    kind: int
    small: tuple[int, ...]
    large: tuple[int, ...]

    @property
    def across(self) -> list[int]:
        """The axes that grow with the picture."""
        pairs = zip(self.small, self.large, strict=True)
        return [axis for axis, (a, b) in enumerate(pairs) if a != b]

    @property
    def step(self) -> float:
        """Pixels of the picture from one number to the next along such an axis."""
        return max((_SIDES[0] / self.small[axis] for axis in self.across), default=1.0)


@dataclass(frozen=True, slots=True)
class Statistic:
    """A mean over the whole picture in a graph.

    Attributes:
        node: The index of the operator: an instance norm, or one that gives the mean itself.
        is_norm: Whether it is an instance norm.
        shape: The shape of the mean for one picture.
        kind: The ONNX element type of what the operator gives.
    """

    node: int
    is_norm: bool
    shape: tuple[int, ...]
    kind: int

    @property
    def size(self) -> int:
        """The numbers that stand for it: a norm has a factor and an offset for each mean."""
        return math.prod(self.shape) * (2 if self.is_norm else 1)


@dataclass(frozen=True, slots=True)
class Locality:
    """What tiles of a graph depend on.

    Attributes:
        model: The graph, without functions.
        reach: How many pixels an output pixel looks to each side, beside the statistics.
        multiple: A tile may begin at multiples of it.
        statistics: The means over the whole picture, in the order of their operators.
    """

    model: onnx.ModelProto
    reach: int
    multiple: int
    statistics: tuple[Statistic, ...]


class _NotLocalError(Exception):
    """An operator that a tile cannot compute."""


def locality_of(content: bytes, path: Path) -> Locality:
    """Find out what tiles of a graph depend on.

    Args:
        content: The bytes of an inspected ONNX file.
        path: The file's name in messages.

    Raises:
        ModelError: An operator looks at the whole picture, or it is not known how far it looks.
    """
    model = onnx.inliner.inline_local_functions(onnx.load_model_from_string(content))
    values = _values(model)
    reaches: dict[str, float] = {INPUT_NAME: 0.0}
    statistics = []
    strips = BorderStrips(model)
    for index, node in enumerate(model.graph.node):
        depends_on = [reaches[name] for name in node.input if name in reaches]
        if not depends_on or node.op_type in ("Shape", "Size"):
            continue
        try:
            statistic = _statistic(index, node, values)
            if statistic is not None:
                _refuse_unless(strips.keep(node), _OF_A_PART)
            wider = 0.0 if statistic else _wider(node, values, set(reaches), strips)
        except (_NotLocalError, KeyError) as error:
            reason = error if isinstance(error, _NotLocalError) else "has a value of unknown size"
            raise ModelError(
                f"cannot work in tiles: its {node.op_type} {node.output[0]!r} {reason}",
                path=path,
                remedy="drop --tile; the default --work-size takes little memory",
            ) from error
        if statistic is not None:
            statistics.append(statistic)
        if statistic is None or statistic.is_norm:
            reaches |= dict.fromkeys(filter(None, node.output), max(depends_on) + wider)
    steps = [value.step for name, value in values.items() if name in reaches and value.across]
    ends = [reaches.get(value.name, 0.0) for value in model.graph.output]
    return Locality(
        model, math.ceil(max(ends)), math.ceil(max(steps, default=1)), tuple(statistics)
    )


def _values(model: onnx.ModelProto) -> dict[str, _Value]:
    """The values whose shapes are known for pictures of a known size."""
    sized = []
    for side in _SIDES:
        sample = onnx.ModelProto()
        sample.CopyFrom(model)
        shape = sample.graph.input[0].type.tensor_type.shape
        for dimension, length in zip(shape.dim, (1, side, side, 3), strict=True):
            dimension.dim_value = length
        graph = onnx.shape_inference.infer_shapes(sample, data_prop=True).graph
        every = (*graph.input, *graph.value_info, *graph.output)
        sized.append({value.name: value.type.tensor_type for value in every})
    found = {}
    for name, small in sized[0].items():
        shapes = [
            tuple(d.dim_value for d in tensor.shape.dim)
            for tensor in (small, sized[1].get(name, small))
        ]
        if len(shapes[0]) == len(shapes[1]) and all(0 not in shape for shape in shapes):
            found[name] = _Value(small.elem_type, *shapes)
    constants = {weight.name: weight for weight in model.graph.initializer}
    for name, weight in constants.items():
        found[name] = _Value(weight.data_type, tuple(weight.dims), tuple(weight.dims))
    return found


def _statistic(index: int, node: onnx.NodeProto, values: dict[str, _Value]) -> Statistic | None:
    """The mean over the whole picture that an operator takes; None if it takes none."""
    before, after = values[node.input[0]], values[node.output[0]]
    if not before.across:
        return None
    if node.op_type == _NORM:
        shape = (*before.small[:2], *(1 for _ in before.small[2:]))
        return Statistic(index, True, shape, after.kind)
    if node.op_type in _MEANS and not after.across:
        return Statistic(index, False, after.small, after.kind)
    return None


def _wider(
    node: onnx.NodeProto, values: dict[str, _Value], seen: set[str], strips: BorderStrips
) -> float:
    """How many pixels further than its inputs an operator looks.

    Raises:
        _NotLocalError: It looks at the whole picture, or it is not known how far.
    """
    before, after = values[node.input[0]], values[node.output[0]]
    if node.op_type == "Slice" and strips.cut(node, before.across, after.across):
        lost = set(before.across) - set(after.across)
        return max(after.small[axis] for axis in lost) * before.step
    if node.op_type == "Concat":
        axis = _attribute(node, "axis", 0) % len(after.small)
        if strips.join(node, axis, [values[name].across for name in node.input]):
            return 0.0
    _refuse_unless(strips.keep(node), _OF_A_PART)
    rule = _RULES.get(node.op_type)
    if node.op_type in _POINTWISE or (rule is None and not before.across):
        return 0.0
    if node.op_type in _REDUCTIONS:
        return _refuse_unless(len(before.across) == len(after.across), "is of the whole picture")
    if node.op_type in _ALONG_AN_AXIS:
        axis = _attribute(node, "axis", _ALONG_AN_AXIS[node.op_type])
        pictures = [values[name] for name in node.input if name in seen]
        is_inside = all(axis % len(each.small) not in each.across for each in pictures)
        return _refuse_unless(is_inside, "combines different places")
    if rule is None:
        raise _NotLocalError("is not known to look at the neighbourhood alone")
    return rule(node, [values[name] for name in node.input if name in values], after)


def _refuse_unless(is_local: bool, reason: str) -> float:
    if not is_local:
        raise _NotLocalError(reason)
    return 0.0


def _window(node: onnx.NodeProto, inputs: Sequence[_Value], after: _Value) -> float:
    before = inputs[0]
    weights = inputs[1].small[2:] if len(inputs) > 1 else ()
    kernel = _attribute(node, "kernel_shape", list(weights))
    dilations = _attribute(node, "dilations", [1] * len(kernel))
    widest = max((k - 1) * d for k, d in zip(kernel, dilations, strict=True))
    step = after.step if node.op_type == "ConvTranspose" else before.step
    return math.ceil(widest / 2) * step


def _resize(node: onnx.NodeProto, inputs: Sequence[_Value], after: _Value) -> float:
    before = inputs[0]
    factor = max(before.step, after.step) / min(before.step, after.step)
    mode = _attribute(node, "coordinate_transformation_mode", b"half_pixel")
    if factor != round(factor) or mode == b"align_corners":
        raise _NotLocalError("enlarges by a factor that depends on the picture's size")
    return max(before.step, after.step) * (2 if _attribute(node, "mode", b"") == b"cubic" else 1)


def _blocks(node: onnx.NodeProto, inputs: Sequence[_Value], after: _Value) -> float:
    return max(inputs[0].step, after.step)


def _product(node: onnx.NodeProto, inputs: Sequence[_Value], after: _Value) -> float:
    summed = len(inputs[0].small) - 1
    return _refuse_unless(summed not in inputs[0].across, "combines different places")


def _part(node: onnx.NodeProto, inputs: Sequence[_Value], after: _Value) -> float:
    is_inside = [inputs[0].small[axis] for axis in inputs[0].across] == [
        after.small[axis] for axis in after.across
    ]
    return _refuse_unless(is_inside, "cuts the picture")


_RULES: dict[str, Callable[[onnx.NodeProto, Sequence[_Value], _Value], float]] = {
    **dict.fromkeys(_WINDOWS, _window),
    **dict.fromkeys(_BLOCKS, _blocks),
    "Gemm": _product,
    "MatMul": _product,
    "Resize": _resize,
    "Slice": _part,
    "Upsample": _resize,
}


def _attribute(node: onnx.NodeProto, name: str, default: _T) -> _T:
    for attribute in node.attribute:
        if attribute.name == name:
            found: _T = onnx.helper.get_attribute_value(attribute)
            return found
    return default
