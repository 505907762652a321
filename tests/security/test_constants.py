"""A model cannot make a runtime compute large constants while it is loaded."""

import time
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from mediatrans.cli.main import run
from tests.media_files import write_picture
from tests.pairs import graph, write_graph


def expanding(count: int, side: int) -> onnx.ModelProto:
    """Constants are expanded and added up, and the sum of each is multiplied by 0."""
    nodes, last = [], "image"
    for index in range(count):
        names = [f"{kind}{index}" for kind in ("wide", "most", "cast", "next")]
        nodes += [
            helper.make_node("Expand", ["one", "sides"], names[:1]),
            helper.make_node("ReduceMax", names[:1], names[1:2], keepdims=0),
            helper.make_node("Cast", names[1:2], names[2:3], to=TensorProto.UINT8),
            helper.make_node("Mul", [last, names[2]], names[3:]),
        ]
        last = names[3]
    model = graph([*nodes, helper.make_node("Identity", [last], ["image_out"])], {})
    model.graph.initializer.extend(
        [
            helper.make_tensor("one", TensorProto.FLOAT, [1, 1], [1.0]),
            helper.make_tensor("sides", TensorProto.INT64, [2], [side, side]),
        ]
    )
    return model


def ranging(end: float, *, hidden: bool) -> onnx.ModelProto:
    """A Range of constants; hidden, its end is known only to who computes it."""
    ends = [helper.make_node("Exp", ["log"], ["end"])] if hidden else []
    nodes = [
        *ends,
        helper.make_node("Range", ["start", "log" if not hidden else "end", "start1"], ["long"]),
        helper.make_node("ReduceMin", ["long"], ["least"], keepdims=0),
        helper.make_node("Cast", ["least"], ["zero"], to=TensorProto.UINT8),
        helper.make_node("Add", ["image", "zero"], ["image_out"]),
    ]
    model = graph(nodes, {})
    for name, value in (("start", 0.0), ("start1", 1.0), ("log", end)):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, [], [value]))
    return model


def doubling(operator: str, times: int) -> onnx.ModelProto:
    """A vector that is doubled again and again, and of which one number is used."""
    nodes = []
    for index in range(times):
        name, made = f"v{index}", [f"v{index + 1}"]
        if operator == "Tile":
            nodes.append(helper.make_node("Tile", [name, "two"], made))
        else:
            nodes.append(helper.make_node("Concat", [name, name], made, axis=0))
    nodes += [
        helper.make_node("Slice", [f"v{times}", "first", "one"], ["number"]),
        helper.make_node("Cast", ["number"], ["whole"], to=TensorProto.UINT8),
        helper.make_node("Add", ["image", "whole"], ["image_out"]),
    ]
    model = graph(nodes, {})
    for name, value in (("v0", 0), ("first", 0), ("one", 1), ("two", 2)):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [1], [value]))
    return model


@pytest.mark.parametrize(
    "model",
    [
        expanding(900, 4000),
        ranging(2e9, hidden=False),
        ranging(21.4, hidden=True),
        doubling("Tile", 33),
        doubling("Concat", 33),
    ],
    ids=["many", "long", "of unknown length", "tiled", "joined"],
)
def test_large_constants_are_refused_at_once(
    here: Path, capsys: pytest.CaptureFixture[str], model: onnx.ModelProto
) -> None:
    write_graph(Path("large.onnx"), model, "day", "night")
    write_picture(Path("a.png"))
    begin_s = time.monotonic()
    assert run(["convert", "a.png", "--to", "night", "--model", "large.onnx"]) == 4
    assert time.monotonic() - begin_s < 20
    said = capsys.readouterr().err
    assert "constant" in said or "unreasonable size" in said


def test_small_constants_are_computed(here: Path) -> None:
    write_graph(Path("small.onnx"), expanding(3, 40), "day", "night")
    write_picture(Path("a.png"))
    words = ["convert", "a.png", "--to", "night", "--model", "small.onnx", "--device", "cpu"]
    assert run(words) == 0
