"""CUDA and TensorRT with a session that computes in numpy: binding, streams, options, refusals."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from mediatrans.errors import DeviceError, InputError
from mediatrans.translate.engines import cuda, tensorrt
from mediatrans.translate.engines.agreement import difference, sample
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.device_words import read_device_word
from mediatrans.translate.engines.half import to_float16
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.zoo.size_rule import SizeRule
from tests.pairs import inverting, write_graph
from tests.translate.engines.graphs import network

Array = NDArray[Any]


class FakeValue:
    """A buffer on the device."""

    made: list[tuple[int, ...]] = []  # noqa: RUF012

    def __init__(self, array: Array) -> None:
        self.array = array

    @classmethod
    def ortvalue_from_shape_and_type(
        cls, shape: Sequence[int], kind: type, device: str, index: int
    ) -> Self:
        assert (device, kind) == ("cuda", np.uint8)
        cls.made.append((*shape, index))
        return cls(np.zeros(shape, kind))

    def update_inplace(self, data: Array) -> None:
        assert data.flags.c_contiguous
        self.array[...] = data

    def numpy(self) -> Array:
        return self.array.copy()


class FakeBinding:
    """The inputs and outputs of a run."""

    def __init__(self) -> None:
        self.values: dict[str, FakeValue] = {}

    def bind_ortvalue_input(self, name: str, value: FakeValue) -> None:
        self.values[name] = value

    bind_ortvalue_output = bind_ortvalue_input

    def bind_output(self, name: str, device: str, index: int) -> None:
        assert device == "cuda"
        self.values[name] = FakeValue(np.zeros(0))

    def synchronize_inputs(self) -> None:
        pass

    synchronize_outputs = synchronize_inputs

    def get_outputs(self) -> list[FakeValue]:
        return [value for name, value in self.values.items() if name != "image"]


class FakeOutput:
    def __init__(self, name: str) -> None:
        self.name = name


class FakeSession:
    """Inverts pictures; `map` is their mean."""

    names: Sequence[str] = ("image_out",)
    starts = True
    running: threading.Barrier | None = None

    def __init__(self, content: bytes, options: Any, providers: Sequence[Any]) -> None:
        self.content, self.providers = content, providers

    def get_providers(self) -> list[str]:
        return [self.providers[0][0] if self.starts else "CPUExecutionProvider"]

    def get_outputs(self) -> list[FakeOutput]:
        return [FakeOutput(name) for name in self.names]

    def io_binding(self) -> FakeBinding:
        return FakeBinding()

    def run_with_iobinding(self, binding: FakeBinding) -> None:
        if self.running is not None:
            self.running.wait(10)
        image = binding.values["image"].array
        if image.max() == 13:
            raise RuntimeError("CUDA out of memory")
        binding.values["image_out"].array[...] = 255 - image
        if "map" in binding.values:
            means = image.mean(axis=(1, 2), dtype=np.float32)
            binding.values["map"].array = means[:, None, None].repeat(4, axis=-1)


Opened = Callable[[str, str], Any]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "g.onnx", network(), "a", "b")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeSession]:
    """Two GPUs whose sessions are the fake; the sessions that were made."""
    sessions: list[FakeSession] = []

    def session(*arguments: Any, **how: Any) -> FakeSession:
        sessions.append(FakeSession(*arguments, **how))
        return sessions[-1]

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "OrtValue", FakeValue)
    monkeypatch.setattr(cuda, "cuda_device_count", lambda: 2)
    monkeypatch.setattr(tensorrt, "cuda_device_count", lambda: 2)
    monkeypatch.setattr(
        cuda, "built_with", lambda: ("", ["TensorrtExecutionProvider", "CUDAExecutionProvider"])
    )
    monkeypatch.setattr(tensorrt, "_tensorrt_version", lambda: "10.9.0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    FakeValue.made.clear()
    return sessions


def pictures(count: int, height: int = 8, width: int = 12) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(20, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("device", ["cuda:1", "tensorrt:1"])
def test_a_batch_goes_through_two_streams_in_order(
    model: Path, fake: list[FakeSession], device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(model, device=device, precision="float32")
    images = pictures(5)
    monkeypatch.setattr(FakeSession, "running", threading.Barrier(2))  # or it would time out
    np.testing.assert_array_equal(engine.run(images).image, 255 - images)
    monkeypatch.setattr(FakeSession, "running", None)
    np.testing.assert_array_equal(engine.run(images[:1]).image, 255 - images[:1])


def test_buffers_are_used_again_until_the_size_changes(
    model: Path, fake: list[FakeSession]
) -> None:
    engine = open_engine(model, device="cuda:1", precision="float32")
    for _ in range(3):
        engine.run(pictures(1))
    assert FakeValue.made == [(1, 8, 12, 3, 1)] * 2
    kept = engine.run(pictures(1)).image
    copy = kept.copy()
    engine.run(255 - pictures(1))
    np.testing.assert_array_equal(kept, copy)
    engine.run(pictures(1, 16, 16))
    assert FakeValue.made[2:] == [(1, 16, 16, 3, 1)] * 2


def test_maps_come_along(
    model: Path, fake: list[FakeSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSession, "names", ("image_out", "map"))
    images = pictures(3)
    found = open_engine(model, device="cuda", precision="float32").run(images)
    assert found.map is not None
    assert found.map.shape == (3, 1, 1, 12)
    np.testing.assert_allclose(found.map[:, 0, 0, ::4][:, 0], images.mean(axis=(1, 2))[:, 0], 1e-5)


def test_an_error_on_the_device_is_the_pictures(model: Path, fake: list[FakeSession]) -> None:
    engine = open_engine(model, device="cuda", precision="float32")
    with pytest.raises(InputError, match=r"fails on 2 picture\(s\) of 12x8 \(CUDA out of memory\)"):
        engine.run(np.full((2, 8, 12, 3), 13, np.uint8))
    assert engine.run(pictures(2)).image.shape == (2, 8, 12, 3)


def test_cuda_is_asked_for_float32_and_for_the_same_bytes_every_time(
    model: Path, fake: list[FakeSession]
) -> None:
    engine = open_engine(model, device="cuda:1", precision="float32")
    ((name, options),) = fake[-1].providers
    assert name == "CUDAExecutionProvider"
    assert options == {"device_id": 1, "use_tf32": 0, "cudnn_conv_algo_search": "HEURISTIC"}
    assert fake[-1].content == model.read_bytes()
    assert engine.identity.endswith("CUDAExecutionProvider, float32")


def test_float16_converts_the_graph(model: Path, fake: list[FakeSession]) -> None:
    engine = open_engine(model, device="cuda", precision="float16")
    assert engine.identity.endswith("float16")
    weights = onnx.load_model_from_string(fake[-1].content).graph.initializer
    assert any(weight.data_type == onnx.TensorProto.FLOAT16 for weight in weights)


def test_tensorrt_keeps_what_it_compiled_by_graph_version_and_format(
    model: Path, fake: list[FakeSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []
    other = write_graph(tmp_path / "other.onnx", inverting(), "a", "b")
    for path, precision, version in (
        (model, "float32", "10.9.0"),
        (model, "float16", "10.9.0"),
        (other, "float32", "10.9.0"),
        (model, "float32", "10.10.0"),
    ):
        monkeypatch.setattr(tensorrt, "_tensorrt_version", lambda version=version: version)
        engine = open_engine(path, device="tensorrt", precision=precision)  # type: ignore[arg-type]
        assert f"TensorRT {version}" in engine.identity
        (name, options), (fallback, _) = fake[-1].providers
        assert (name, fallback) == ("TensorrtExecutionProvider", "CUDAExecutionProvider")
        assert options["trt_fp16_enable"] == (precision == "float16")
        assert options["trt_engine_cache_enable"]
        assert options["trt_timing_cache_enable"]
        assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"]
        folders.append(Path(options["trt_engine_cache_path"]))
    assert len(set(folders)) == 4
    assert all(folder.is_dir() and tmp_path in folder.parents for folder in folders)


@pytest.mark.parametrize(
    ("device", "says"), [("cuda", "mediatrans\\[cuda\\]"), ("tensorrt", "use --device cuda")]
)
def test_a_provider_that_falls_back_to_the_cpu_is_refused(
    model: Path,
    fake: list[FakeSession],
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    says: str,
) -> None:
    monkeypatch.setattr(FakeSession, "starts", False)
    with pytest.raises(DeviceError, match=says):
        open_engine(model, device=device, precision="float32")


def test_a_cache_folder_that_cannot_be_made(
    model: Path, fake: list[FakeSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DeviceError, match="use --device cuda"):
        open_engine(model, device="tensorrt", precision="float32")


def test_tensorrt_that_is_not_installed(
    model: Path, monkeypatch: pytest.MonkeyPatch, fake: list[FakeSession]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(tensorrt, "cuda_index", lambda device, provider: 0)
    monkeypatch.setattr(tensorrt, "_LIBRARY", "libnvinfer.so.0")
    with pytest.raises(DeviceError, match="pip install tensorrt"):
        tensorrt.open_tensorrt(model, device=read_device_word("tensorrt"))


def test_a_graph_in_float16_gives_nearly_the_same_pixels(model: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    half.write_bytes(to_float16(model.read_bytes()))
    picture = sample(SizeRule(4))
    expected = OnnxRuntimeEngine(model).run(picture).image
    assert difference(OnnxRuntimeEngine(half), picture, expected).is_small
    assert half.stat().st_size < model.stat().st_size
    assert to_float16(half.read_bytes()) == half.read_bytes()
    graph = onnx.load(half).graph
    cast_to_float = {
        node.output[0]
        for node in graph.node
        if node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.FLOAT
    }
    norms = [node for node in graph.node if node.op_type == "InstanceNormalization"]
    assert norms
    assert all(norm.input[0] in cast_to_float for norm in norms)
