"""Tiny model pairs to the graph contract, made without torch."""

from pathlib import Path

import onnx
import onnx.parser
from onnx import TensorProto, helper

from mediatrans.zoo.card import Card, Direction, sha256_of, write_card
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME, GraphMetadata

SHAPE: list[str | int | None] = ["N", "H", "W", 3]


def graph(nodes: list[onnx.NodeProto], constants: dict[str, list[int]]) -> onnx.ModelProto:
    """A model around nodes that lead from `image` to `image_out`."""
    return helper.make_model(
        helper.make_graph(
            nodes,
            "test",
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, SHAPE)],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.UINT8, SHAPE)],
            [
                helper.make_tensor(name, TensorProto.UINT8, [len(values)], values)
                for name, values in constants.items()
            ],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )


def identity() -> onnx.ModelProto:
    return graph([helper.make_node("Identity", [INPUT_NAME], [OUTPUT_NAME])], {})


def inverting() -> onnx.ModelProto:
    """x -> 255 - x: its own way back."""
    node = helper.make_node("BitwiseNot", [INPUT_NAME], [OUTPUT_NAME])
    model = graph([node], {})
    model.opset_import[0].version = 18
    return model


def darkening() -> onnx.ModelProto:
    """x -> x / 2 rounded down: no way back is perfect."""
    return graph([helper.make_node("Div", [INPUT_NAME, "two"], [OUTPUT_NAME])], {"two": [2]})


def hiding() -> onnx.ModelProto:
    """x -> 255 - x with the highest bit of x in its lowest."""
    nodes = [
        helper.make_node("BitwiseNot", [INPUT_NAME], ["inverted"]),
        helper.make_node("BitwiseAnd", ["inverted", "even"], ["rounded"]),
        helper.make_node("BitShift", [INPUT_NAME, "seven"], ["bit"], direction="RIGHT"),
        helper.make_node("Add", ["rounded", "bit"], [OUTPUT_NAME]),
    ]
    model = graph(nodes, {"even": [254], "seven": [7]})
    model.opset_import[0].version = 18
    return model


def revealing() -> onnx.ModelProto:
    """The lowest bit as dark or light grey: the way back of `hiding`."""
    nodes = [
        helper.make_node("BitwiseAnd", [INPUT_NAME, "one"], ["bit"]),
        helper.make_node("Mul", ["bit", "half"], ["raised"]),
        helper.make_node("Add", ["raised", "quarter"], [OUTPUT_NAME]),
    ]
    model = graph(nodes, {"one": [1], "half": [128], "quarter": [64]})
    model.opset_import[0].version = 18
    return model


def smoothing() -> onnx.ModelProto:
    """Each pixel becomes the mean of the 9 x 9 around it."""
    nodes = [
        helper.make_node("Transpose", [INPUT_NAME], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node(
            "AveragePool", ["numbers"], ["means"], kernel_shape=[9, 9], pads=[4, 4, 4, 4]
        ),
        helper.make_node("Cast", ["means"], ["whole"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["whole"], [OUTPUT_NAME], perm=[0, 2, 3, 1]),
    ]
    return graph(nodes, {})


def recolouring() -> onnx.ModelProto:
    """A graph with a map: each cell's matrix and offset follow from the cell's mean colour."""
    text = """<ir_version: 8, opset_import: ["" : 18]>
    recolouring (uint8[N, H, W, 3] image)
      => (uint8[N, H, W, 3] image_out, float[N, h, w, 12] map)
    <float[3, 12] weights = {0.4, 0, 0, 0.3, 0, 0.2, 0, -0.2, 0.1, 0, 0, 0.1,
                             0, -0.3, 0, 0.1, 0, 0.4, 0.1, 0, 0, -0.2, 0, -0.3,
                             -0.2, 0, 0.3, 0, 0.2, 0, -0.3, 0.2, 0, 0, 0.4, 0.2},
     float[12] bias = {0.8, 0.1, 0, 0, 0, 0.9, -0.1, 0.1, 0, 0.2, 0.7, -0.1},
     float half = {127.5}, float one = {1}, float reach = {0.8}, float[4] scales = {1, 1, 4, 4},
     int64[5] rows = {0, 0, 0, 3, 4}, int64[2] parts = {3, 1}, int64[1] last = {4},
     float least = {0}, float most = {255}>
    {
      values = Cast <to = 1> (image)
      quotient = Div (values, half)
      x = Sub (quotient, one)
      channels = Transpose <perm = [0, 3, 1, 2]> (x)
      means = AveragePool <kernel_shape = [4, 4], strides = [4, 4]> (channels)
      cells = Transpose <perm = [0, 2, 3, 1]> (means)
      weighted = MatMul (cells, weights)
      map = Add (weighted, bias)
      grid = Transpose <perm = [0, 3, 1, 2]> (map)
      enlarged = Resize <mode = "linear"> (grid, , scales)
      pixels = Transpose <perm = [0, 2, 3, 1]> (enlarged)
      matrices = Reshape (pixels, rows)
      matrix, offset = Split <axis = 4> (matrices, parts)
      reached = Mul (x, reach)
      z = Atanh (reached)
      column = Unsqueeze (z, last)
      product = MatMul (matrix, column)
      sum = Add (product, offset)
      bounded = Tanh (sum)
      flat = Squeeze (bounded, last)
      stretched = Div (flat, reach)
      above = Add (stretched, one)
      scaled = Mul (above, half)
      rounded = Round (scaled)
      clipped = Clip (rounded, least, most)
      image_out = Cast <to = 2> (clipped)
    }"""
    return onnx.parser.parse_model(text)


def write_graph(path: Path, model: onnx.ModelProto, origin: str, to: str, stride: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = GraphMetadata(name=f"{origin}2{to}", origin=origin, to=to, stride=stride)
    helper.set_model_props(model, metadata.props())
    onnx.save(model, path)
    return path


def write_pair(
    zoo: Path,
    name: str = "day2night",
    domains: tuple[str, str] = ("day", "night"),
    forward: onnx.ModelProto | None = None,
    back: onnx.ModelProto | None = None,
    stride: int = 4,
    working_size: int = 360,
) -> Path:
    """A model folder in a zoo; both directions invert unless told otherwise."""
    a, b = domains
    folder = zoo / name
    write_graph(folder / f"to_{b}.onnx", forward or inverting(), a, b, stride)
    write_graph(folder / f"to_{a}.onnx", back or inverting(), b, a, stride)
    card = Card(
        name=name,
        domains=domains,
        directions=(
            Direction(a, f"to_{a}.onnx", sha256_of(folder / f"to_{a}.onnx")),
            Direction(b, f"to_{b}.onnx", sha256_of(folder / f"to_{b}.onnx")),
        ),
        stride=stride,
        working_size=working_size,
        opset=18,
        precision="float32",
    )
    write_card(folder, card)
    return folder
