"""The outputs a graph may have: the picture alone, or with a map, and then a texture."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from mediatrans.errors import ModelError
from mediatrans.zoo.graph import INPUT_NAME, MAP_NAME, TEXTURE_NAME, inspect_graph
from tests.pairs import identity

Shape = list[str | int]
MAP: Shape = ["N", "H/4", "W/4", 12]
TEXTURE: Shape = ["N", "H", "W", 3]


def with_outputs(*outputs: tuple[str, int, Shape]) -> bytes:
    """A graph that returns its input, with outputs of these names, types and shapes beside it."""
    model = identity()
    for name, kind, shape in outputs:
        cast = f"{name}_cast"
        model.graph.node.append(helper.make_node("Cast", [INPUT_NAME], [cast], to=kind))
        node = helper.make_node("Pad" if shape[-1] == 12 else "Identity", [cast], [name])
        if shape[-1] == 12:
            model.graph.initializer.append(
                helper.make_tensor("pads", TensorProto.INT64, [8], [0, 0, 0, 0, 0, 0, 0, 9])
            )
            node.input.append("pads")
        model.graph.node.append(node)
        model.graph.output.append(helper.make_tensor_value_info(name, kind, shape))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("textures", [0, 1])
def test_a_graph_may_give_a_map_and_a_texture(textures: int) -> None:
    texture = (TEXTURE_NAME, TensorProto.FLOAT, TEXTURE)
    content = with_outputs((MAP_NAME, TensorProto.FLOAT, MAP), *[texture][:textures])
    onnx.checker.check_model(onnx.load_model_from_string(content))
    assert inspect_graph(content, Path("m.onnx")) == {}


@pytest.mark.parametrize(
    "outputs",
    [
        [(TEXTURE_NAME, TensorProto.FLOAT, TEXTURE)],
        [(TEXTURE_NAME, TensorProto.FLOAT, TEXTURE), (MAP_NAME, TensorProto.FLOAT, MAP)],
        [("maps", TensorProto.FLOAT, MAP), (TEXTURE_NAME, TensorProto.FLOAT, TEXTURE)],
        [(MAP_NAME, TensorProto.FLOAT, TEXTURE), (TEXTURE_NAME, TensorProto.FLOAT, TEXTURE)],
        [(MAP_NAME, TensorProto.FLOAT, MAP), (TEXTURE_NAME, TensorProto.UINT8, TEXTURE)],
        [(MAP_NAME, TensorProto.FLOAT, MAP), (TEXTURE_NAME, TensorProto.FLOAT, [1, 64, 64, 3])],
    ],
)
def test_other_outputs_are_refused(outputs: list[tuple[str, int, Shape]]) -> None:
    with pytest.raises(ModelError, match="wrong graph"):
        inspect_graph(with_outputs(*outputs), Path("m.onnx"))
