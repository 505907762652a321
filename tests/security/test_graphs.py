"""A model's file is data: what it hides is found before anything of it is loaded."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mediatrans.errors import ModelError
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.zoo.graph import GraphMetadata, inspect_graph, read_graph
from tests.pairs import graph, identity, write_graph

SHAPE: list[str | int | None] = ["N", "H", "W", 3]


def outside(name: str = "weight") -> onnx.TensorProto:
    """A tensor whose numbers are in another file."""
    tensor = onnx.TensorProto(name=name, data_type=TensorProto.UINT8, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return tensor


def custom(output: str = "image_out") -> onnx.NodeProto:
    return helper.make_node("Shell", ["image"], [output], domain="com.example")


def branching(then: onnx.NodeProto) -> onnx.ModelProto:
    """A graph with an If, one of whose branches is the node."""
    result = [helper.make_tensor_value_info("chosen", TensorProto.UINT8, SHAPE)]
    same = helper.make_node("Identity", ["image"], ["chosen"])
    branches = [helper.make_graph([node], "branch", [], result) for node in (then, same)]
    true = helper.make_node(
        "Constant", [], ["yes"], value=helper.make_tensor("yes", TensorProto.BOOL, [], [1])
    )
    choose = helper.make_node(
        "If", ["yes"], ["image_out"], then_branch=branches[0], else_branch=branches[1]
    )
    return graph([true, choose], {})


def calling(*bodies: list[onnx.NodeProto]) -> onnx.ModelProto:
    """A graph that calls the first of some local functions."""
    model = graph([helper.make_node("f0", ["image"], ["image_out"], domain="local")], {})
    model.opset_import.append(helper.make_opsetid("local", 1))
    for index, body in enumerate(bodies):
        model.functions.append(
            helper.make_function(
                "local",
                f"f{index}",
                ["image"],
                ["image_out"],
                body,
                [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)],
            )
        )
    return model


def external_constant() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["two"], value=outside())
    return graph([constant, helper.make_node("Div", ["image", "two"], ["image_out"])], {})


def external_in_a_branch() -> onnx.ModelProto:
    model = branching(helper.make_node("Div", ["image", "weight"], ["chosen"]))
    then = next(a for a in model.graph.node[1].attribute if a.name == "then_branch")
    then.g.initializer.append(outside())
    return model


def external_in_a_function() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["two"], value=outside())
    return calling([constant, helper.make_node("Div", ["image", "two"], ["image_out"])])


def external_without_saying_so() -> onnx.ModelProto:
    model = identity()
    model.graph.initializer.append(outside())
    model.graph.initializer[0].data_location = TensorProto.DEFAULT
    return model


def sparse() -> onnx.ModelProto:
    model = identity()
    values = outside("values")
    indices = helper.make_tensor("indices", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [1 << 40]))
    return model


def training() -> onnx.ModelProto:
    model = identity()
    model.training_info.add().initialization.initializer.append(outside())
    return model


def loop() -> onnx.ModelProto:
    values = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x", TensorProto.UINT8, SHAPE),
    ]
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["x"], ["y"]),
        ],
        "forever",
        values,
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.UINT8, SHAPE),
        ],
    )
    return graph([helper.make_node("Loop", ["", "", "image"], ["image_out"], body=body)], {})


def recursion() -> onnx.ModelProto:
    call = helper.make_node("f1", ["image"], ["image_out"], domain="local")
    back = helper.make_node("f0", ["image"], ["image_out"], domain="local")
    return calling([call], [back])


def explosion() -> onnx.ModelProto:
    """Thirty functions, each of which calls the next one twice: a thousand million operators."""
    bodies = [
        [
            helper.make_node(f"f{index + 1}", ["image"], ["half"], domain="local"),
            helper.make_node(f"f{index + 1}", ["half"], ["image_out"], domain="local"),
        ]
        for index in range(30)
    ]
    return calling(*bodies, [helper.make_node("Identity", ["image"], ["image_out"])])


def bomb(nodes: list[onnx.NodeProto], **shapes: list[int]) -> onnx.ModelProto:
    """Nodes that make `large`, which is then added up and ends in the picture."""
    model = graph(
        [
            *nodes,
            helper.make_node("ReduceMax", ["large"], ["most"], keepdims=0),
            helper.make_node("Cast", ["most"], ["one"], to=TensorProto.UINT8),
            helper.make_node("Max", ["image", "one"], ["image_out"]),
        ],
        {},
    )
    for name, numbers in shapes.items():
        model.graph.initializer.append(
            helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers)
        )
    return model


def constant_bomb() -> onnx.ModelProto:
    return bomb([helper.make_node("ConstantOfShape", ["size"], ["large"])], size=[1 << 20, 1 << 20])


def expanding() -> onnx.ModelProto:
    return bomb([helper.make_node("Expand", ["image", "size"], ["large"])], size=[1 << 20, 1, 1, 1])


def tiling() -> onnx.ModelProto:
    return bomb([helper.make_node("Tile", ["image", "times"], ["large"])], times=[1, 999, 999, 1])


def bomb_in_a_function() -> onnx.ModelProto:
    size = helper.make_node("Constant", [], ["size"], value_ints=[1 << 20, 1 << 20])
    large = helper.make_node("ConstantOfShape", ["size"], ["large"])
    return calling([size, large, helper.make_node("Identity", ["image"], ["image_out"])])


def huge_tensor() -> onnx.ModelProto:
    model = identity()
    model.graph.initializer.append(
        onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20, 1 << 20])
    )
    return model


def many_operators() -> onnx.ModelProto:
    names = ["image", *(f"v{index}" for index in range(20_000)), "image_out"]
    pairs = pairwise(names)
    return graph([helper.make_node("Identity", [a], [b]) for a, b in pairs], {})


def second_input() -> onnx.ModelProto:
    model = identity()
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.UINT8, SHAPE))
    return model


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (external_constant(), "weights in other files"),
        (external_in_a_branch(), "weights in other files"),
        (external_in_a_function(), "weights in other files"),
        (external_without_saying_so(), "weights in other files"),
        (sparse(), "sparse weights"),
        (training(), "training graph"),
        (branching(custom("chosen")), "custom operators of 'com.example'"),
        (calling([custom()]), "custom operators of 'com.example'"),
        (graph([helper.make_node("g", ["image"], ["image_out"], domain="local")], {}), "custom"),
        (loop(), "uses Loop"),
        (recursion(), "call themselves"),
        (explosion(), "1,073,741,824 operators"),
        (many_operators(), "20,001 operators"),
        (constant_bomb(), "unreasonable size"),
        (expanding(), "unreasonable size"),
        (tiling(), "unreasonable size"),
        (bomb_in_a_function(), "unreasonable size"),
        (huge_tensor(), "unreasonable size"),
        (second_input(), "wrong graph"),
    ],
)
def test_what_a_generator_does_not_have_is_refused(
    tmp_path: Path, model: onnx.ModelProto, says: str
) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=says) as caught:
        inspect_graph(read_graph(path), path)
    assert str(path) in str(caught.value)


def test_branches_and_functions_of_standard_operators_are_fine(tmp_path: Path) -> None:
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    invert = helper.make_node("Sub", ["full", "image"], ["image_out"])
    full = helper.make_node(
        "Constant", [], ["full"], value=helper.make_tensor("f", TensorProto.UINT8, [1], [255])
    )
    for name, model in (
        ("branch", branching(helper.make_node("Identity", ["image"], ["chosen"]))),
        ("function", calling([full, invert])),
    ):
        engine = OnnxRuntimeEngine(write_graph(tmp_path / f"{name}.onnx", model, "a", "b"))
        result = engine.run(picture).image
        np.testing.assert_array_equal(result, 255 - picture if name == "function" else picture)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mediatrans.stride", "1000000"),
        ("mediatrans.stride", "0"),
        ("mediatrans.to", "../night"),
        ("mediatrans.to", "a\\b"),
        ("mediatrans.from", ".."),
        ("mediatrans.from", "a\x1b[2Jb"),
    ],
)
def test_metadata_that_cannot_be_is_refused(tmp_path: Path, key: str, value: str) -> None:
    props = GraphMetadata("pair", "day", "night", 4).props() | {key: value}
    with pytest.raises(ModelError, match="metadata is missing or invalid"):
        GraphMetadata.from_props(props, tmp_path / "x.onnx")


LITTLE_MEMORY = """
import os, sys
import numpy as np
known = os.sysconf
os.sysconf = lambda name: 2000 if name == "SC_PHYS_PAGES" else known(name)
from pathlib import Path
from mediatrans.errors import InputError
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
session = OnnxRuntimeEngine(Path(sys.argv[1]))
session.run(np.zeros((1, 64, 64, 3), np.uint8))
try:
    session.run(np.zeros((1, 3000, 3000, 3), np.uint8))
except InputError as error:
    print(error)
"""


def test_a_graph_that_wants_more_memory_than_there_is_fails_as_an_input(tmp_path: Path) -> None:
    # In a process of its own: the limit is set once, and here it is 8 MB.
    nodes = [
        helper.make_node("BitShift", ["image", "one"], ["half"], direction="RIGHT"),
        helper.make_node("BitShift", ["half", "one"], ["image_out"], direction="LEFT"),
    ]
    path = write_graph(tmp_path / "g.onnx", graph(nodes, {"one": [1]}), "a", "b")
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    assert "fails on 1 picture(s) of 3000x3000" in done.stdout
    assert "smaller pictures" in done.stdout
    assert done.stderr == ""
