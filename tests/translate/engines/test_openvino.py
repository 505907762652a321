"""OpenVINO: the same pixels as the reference, at any size, in any batch, within the memory."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from mediatrans.errors import DeviceError, InputError, ModelError
from mediatrans.translate.engines import openvino
from mediatrans.translate.engines.agreement import photograph_like
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.device_words import DeviceWord
from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.translate.engines.openvino import OpenVinoEngine
from mediatrans.translate.engines.openvino_memory import bytes_per_pixel
from mediatrans.translate.translator import Translator
from mediatrans.zoo.find import find
from tests.pairs import SHAPE, graph, inverting, write_graph
from tests.translate.engines.graphs import network

pytest.importorskip("openvino")

CPU = DeviceWord("openvino")


def photographs(count: int, height: int = 48, width: int = 64) -> Pixels:
    random = np.random.default_rng(2)
    return np.stack([photograph_like(random, height, width) for _ in range(count)])


def opened(path: Path, threads: int | None = None) -> OpenVinoEngine:
    return OpenVinoEngine(path, device=CPU, threads=threads)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("model")
    return write_graph(place / "g.onnx", network(with_maps=True), "a", "b")


def test_all_outputs_are_those_of_the_reference(model: Path) -> None:
    images = photographs(3)
    expected, found = OnnxRuntimeEngine(model).run(images), opened(model).run(images)
    assert np.abs(found.image.astype(int) - expected.image).max() <= 1
    for mine, theirs in ((found.map, expected.map), (found.texture, expected.texture)):
        assert mine is not None
        assert theirs is not None
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, atol=1e-3)
    assert found.image.std() > 10


def test_the_shipped_pair() -> None:
    for domain in ("summer", "winter"):
        path = find(domain, "summer2winter").path
        images = photographs(1, 64, 96)
        expected, found = (e.run(images).image for e in (OnnxRuntimeEngine(path), opened(path)))
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_pixels_without_floats(tmp_path: Path) -> None:
    engine = opened(write_graph(tmp_path / "g.onnx", inverting(), "a", "b"))
    images = photographs(2, 8, 12)
    np.testing.assert_array_equal(engine.run(images).image, 255 - images)
    assert engine.provider == "CPU"
    assert engine.metadata["mediatrans.to"] == "b"
    assert "float32" in engine.identity


def test_sizes_may_change_and_the_bytes_stay_the_same(model: Path) -> None:
    engine, other = opened(model), opened(model)
    first = engine.run(photographs(1)).image
    for height, width in ((8, 8), (72, 40), (8, 100)):
        assert engine.run(photographs(1, height, width)).image.shape == (1, height, width, 3)
    np.testing.assert_array_equal(engine.run(photographs(1)).image, first)
    np.testing.assert_array_equal(other.run(photographs(1)).image, first)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_batch_keeps_its_order_whatever_stream_computes_it(model: Path, threads: int) -> None:
    images = photographs(5)
    engine = opened(model, threads)
    whole = engine.run(images)
    assert whole.map is not None
    assert whole.map.shape == (5, 12, 16, 12)
    for _ in range(5):
        np.testing.assert_array_equal(engine.run(images).image, whole.image)
    turned = engine.run(images[::-1])
    np.testing.assert_array_equal(turned.image, whole.image[::-1])
    np.testing.assert_array_equal(engine.run(images[1:3]).image, whole.image[1:3])


def test_results_outlive_the_next_run(model: Path) -> None:
    engine = opened(model)
    first = engine.run(photographs(1))
    kept = [value.copy() for value in first if value is not None]
    engine.run(255 - photographs(1))
    for value, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_a_picture_that_needs_more_memory_than_there_is(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediatrans.translate.engines.engine.memory_limit", lambda: 1 << 20)
    engine = opened(model)
    with pytest.raises(InputError, match=r"of 400x400 \(it needs about .* smaller pictures"):
        engine.run(np.zeros((1, 400, 400, 3), np.uint8))
    assert engine.run(photographs(1)).image.shape == (1, 48, 64, 3)


def test_the_estimate_counts_values_that_are_needed_at_the_same_time(model: Path) -> None:
    core = pytest.importorskip("openvino").Core()
    floats = bytes_per_pixel(core.read_model(model), 4)
    # Eight channels of float32 before and after an operator, and the picture.
    assert 64 <= floats <= 100
    assert floats / 2 <= bytes_per_pixel(core.read_model(model), 2) < floats


def test_a_graph_whose_memory_depends_on_the_pixels_is_left_to_the_reference(
    tmp_path: Path,
) -> None:
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["brightest"], keepdims=0),
        helper.make_node("Cast", ["brightest"], ["count"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["count", "axis"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["row"]),
        helper.make_node("ReduceSum", ["row"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["zero"], to=TensorProto.UINT8),
        helper.make_node("Add", ["image", "zero"], ["image_out"]),
    ]
    model = graph(nodes, {})
    model.graph.initializer.append(helper.make_tensor("axis", TensorProto.INT64, [1], [0]))
    model.opset_import[0].version = 18
    path = write_graph(tmp_path / "g.onnx", model, "a", "b")
    with pytest.raises(ModelError, match="depends on the pixels"):
        opened(path)
    engine = open_engine(path)
    assert engine.identity.startswith("ONNX Runtime")
    np.testing.assert_array_equal(engine.run(photographs(1)).image, photographs(1))


def test_a_graph_with_branches_is_left_to_the_reference(tmp_path: Path) -> None:
    copied = [
        helper.make_graph(
            [helper.make_node("Identity", ["image"], [f"{name}_out"])],
            name,
            [],
            [helper.make_tensor_value_info(f"{name}_out", TensorProto.UINT8, SHAPE)],
        )
        for name in ("yes", "no")
    ]
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["brightest"], keepdims=0),
        helper.make_node("Cast", ["brightest"], ["any"], to=TensorProto.BOOL),
        helper.make_node(
            "If", ["any"], ["image_out"], then_branch=copied[0], else_branch=copied[1]
        ),
    ]
    model = graph(nodes, {})
    model.opset_import[0].version = 18
    path = write_graph(tmp_path / "g.onnx", model, "a", "b")
    with pytest.raises(ModelError, match="memory of the branches"):
        opened(path)
    assert open_engine(path).identity.startswith("ONNX Runtime")


def test_an_intel_gpu_that_is_not_there(model: Path) -> None:
    if "openvino:GPU" in openvino.BACKEND.devices():
        pytest.skip("there is an Intel GPU")
    with pytest.raises(DeviceError, match="finds no GPU"):
        OpenVinoEngine(model, device=DeviceWord("openvino", is_intel_gpu=True))


def test_openvino_that_is_not_installed(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "find_spec", lambda name: None)
    assert openvino.BACKEND.devices() == []
    with pytest.raises(DeviceError, match="pip install openvino"):
        opened(model)


@pytest.mark.parametrize("error", [ImportError("no GLIBC_2.28"), RuntimeError("no plugins.xml")])
def test_openvino_that_does_not_start(
    model: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr(openvino, "_core", broken)
    assert openvino.built_with() == ("OpenVINO", [])
    with pytest.raises(DeviceError, match=f"does not start \\({error}\\); pip install openvino"):
        opened(model)
    assert open_engine(model).identity.startswith("ONNX Runtime")


def test_a_graph_that_openvino_does_not_know(tmp_path: Path) -> None:
    node = helper.make_node("StringNormalizer", ["image"], ["image_out"])
    path = write_graph(tmp_path / "g.onnx", graph([node], {}), "a", "b")
    with pytest.raises(ModelError, match="use --device cpu"):
        opened(path)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_memory_does_not_grow_with_the_number_of_sizes() -> None:
    engine = opened(find("winter", "summer2winter").path)
    sizes = [(32 + 4 * (i % 16), 32 + 4 * (i // 16)) for i in range(256)]
    resident = []
    for half in (sizes[:128], sizes[128:]):
        for height, width in half:
            engine.run(np.zeros((1, height, width, 3), np.uint8))
        status = Path("/proc/self/status").read_text()
        resident.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
    assert resident[1] - resident[0] < 30


def test_a_frame_of_a_series_gets_the_same_bytes_in_every_batch() -> None:
    translator = Translator.load("winter", model="summer2winter", device="openvino")
    images = list(photographs(5, 96, 128))
    sizes = translator.batch_sizes(96, 128)
    expected = translator.series_stage(images)
    for count in (1, 2, 3, 4):
        made = [
            picture
            for first in range(0, 5, count)
            for picture in translator.series_stage(images[first : first + count])
        ]
        np.testing.assert_array_equal(made, expected)
    assert sizes in {(1,), (2, 4)}


def test_large_pictures_are_computed_one_after_the_other(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(model, threads=2)
    assert engine.batch_sizes(360, 640) == (2, 4)
    assert engine.batch_sizes(3000, 3000) == (1,)
    assert opened(model, threads=1).batch_sizes(360, 640) == (1,)
    monkeypatch.setattr(openvino, "memory_limit", lambda: 1 << 24)
    little = opened(model, threads=2)
    assert little.batch_sizes(360, 640) == (1,)
    images = photographs(2, 200, 300)
    alone = [little.run(images[i : i + 1]).image[0] for i in range(2)]
    np.testing.assert_array_equal(little.run(images).image, alone)
