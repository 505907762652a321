"""Tiny model pairs to the graph contract, made without torch."""

from pathlib import Path

import onnx
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
        working_size=360,
        opset=18,
        precision="float32",
    )
    write_card(folder, card)
    return folder
