"""The session: the graph contract is checked before anything is loaded, devices are honest."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mediatrans.errors import ModelError
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from tests.pairs import graph, identity, inverting, write_graph

PICTURE = np.arange(2 * 8 * 12 * 3, dtype=np.uint8).reshape(2, 8, 12, 3)


def test_runs_uint8_nhwc(tmp_path: Path) -> None:
    engine = OnnxRuntimeEngine(write_graph(tmp_path / "g.onnx", inverting(), "a", "b"))
    np.testing.assert_array_equal(engine.run(PICTURE).image, 255 - PICTURE)
    assert engine.provider == "CPUExecutionProvider"
    assert engine.metadata["mediatrans.to"] == "b"


def renamed(name: str) -> onnx.ModelProto:
    model = identity()
    model.graph.input[0].name = model.graph.node[0].input[0] = name
    return model


def floating() -> onnx.ModelProto:
    model = identity()
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    return model


def fixed() -> onnx.ModelProto:
    model = identity()
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[1].dim_value = 64
    return model


def custom() -> onnx.ModelProto:
    node = helper.make_node("Shell", ["image"], ["image_out"], domain="com.example")
    return graph([node], {})


def external() -> onnx.ModelProto:
    node = helper.make_node("Div", ["image", "two"], ["image_out"])
    model = graph([node], {"two": [2]})
    tensor = model.graph.initializer[0]
    tensor.ClearField("int32_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return model


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (renamed("x"), "wrong graph"),
        (floating(), "wrong graph"),
        (fixed(), "wrong graph"),
        (custom(), "custom operators"),
        (external(), "weights in other files"),
    ],
)
def test_graph_outside_the_contract_is_refused(
    tmp_path: Path, model: onnx.ModelProto, says: str
) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=says) as caught:
        OnnxRuntimeEngine(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_graphs(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("hello, I am not a graph")
    with pytest.raises(ModelError, match="ONNX file"):
        OnnxRuntimeEngine(tmp_path / "text.onnx")
    with pytest.raises(ModelError, match="no such model"):
        OnnxRuntimeEngine(tmp_path / "missing.onnx")


def test_output_of_another_size_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Slice", ["image", "zero", "four", "axis"], ["image_out"])
    model = graph([node], {})
    for name, number in (("zero", 0), ("four", 4), ("axis", 1)):
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [1], [number]))
    path = write_graph(tmp_path / "half.onnx", model, "a", "b")
    with pytest.raises(ModelError, match="keeps the size"):
        OnnxRuntimeEngine(path).run(PICTURE)
