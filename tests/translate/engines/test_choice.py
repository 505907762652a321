"""The choice: auto takes the best that starts and agrees, what is named is taken or refused."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from mediatrans.errors import DeviceError, InputError, MediatransError, ModelError, UsageError
from mediatrans.translate.engines.agreement import LARGEST, Difference, photograph_like
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.choice import ENGINES, compiled_in, open_engine, try_devices
from mediatrans.translate.engines.cuda import cuda_device_count
from mediatrans.translate.engines.device_words import DeviceWord, NumberFormat, Precision
from mediatrans.translate.engines.engine import Engine, Generated, Pixels
from tests.pairs import inverting, write_graph
from tests.translate.engines.graphs import network


class Inverting:
    """An engine for the inverting graph whose pictures are wrong by a given amount."""

    def __init__(self, precision: NumberFormat, wrong_by: int) -> None:
        self.identity = f"fake, {precision}"
        self.provider = "fake"
        self._wrong_by = wrong_by

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        if self._wrong_by < 0:
            raise InputError("the device is out of memory")
        out = 255 - images
        out[0, 0, 0] = np.clip(out[0, 0, 0].astype(int) - self._wrong_by, 0, 255)
        return Generated(out)


def backend(wrong_by: dict[NumberFormat, int | MediatransError]) -> Backend:
    """An engine with formats that give wrong pixels or do not start."""

    def opened(
        path: Path, *, device: DeviceWord, threads: int | None, precision: NumberFormat
    ) -> Engine:
        found = wrong_by[precision]
        if isinstance(found, MediatransError):
            raise found
        return Inverting(precision, found)

    known = cast("tuple[NumberFormat, ...]", tuple(wrong_by))
    return Backend(opened, known, lambda device: known, lambda: ["fake"])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "g.onnx", inverting(), "a", "b")


NO_START = DeviceError("the driver is too old", remedy="install another one")


@pytest.mark.parametrize(
    ("wrong_by", "taken"),
    [
        ({"bfloat16": 0, "float32": 0}, "fake, bfloat16"),
        ({"bfloat16": LARGEST, "float32": 0}, "fake, bfloat16"),
        ({"bfloat16": LARGEST + 1, "float32": 0}, "fake, float32"),
        ({"bfloat16": -1, "float32": 0}, "fake, float32"),
        ({"bfloat16": NO_START, "float32": 1}, "fake, float32"),
        ({"bfloat16": 99, "float32": 99}, "CPUExecutionProvider"),
        ({"bfloat16": NO_START, "float32": NO_START}, "CPUExecutionProvider"),
        ({"bfloat16": ModelError("unknown operator"), "float32": -1}, "CPUExecutionProvider"),
    ],
)
def test_auto_takes_the_best_that_starts_and_agrees(
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong_by: dict[NumberFormat, int | MediatransError],
    taken: str,
) -> None:
    monkeypatch.setitem(ENGINES, "cuda", Backend(NO_OPENER, ("float32",), NO_FORMATS, list))
    monkeypatch.setitem(ENGINES, "openvino", backend(wrong_by))
    engine = open_engine(model)
    assert taken in engine.identity
    picture = np.full((1, 8, 8, 3), 9, np.uint8)
    assert abs(int(engine.run(picture).image[0, 0, 0, 0]) - 246) <= LARGEST


def NO_FORMATS(device: DeviceWord) -> tuple[NumberFormat, ...]:  # noqa: N802
    raise AssertionError("a device that was not found is not asked")


def NO_OPENER(  # noqa: N802
    path: Path, *, device: DeviceWord, threads: int | None, precision: NumberFormat
) -> Engine:
    raise AssertionError("a device that was not found is not opened")


def test_a_mean_difference_counts_as_well() -> None:
    assert Difference(3, 0.5).is_small
    assert not Difference(3, 0.51).is_small
    assert not Difference(4, 0.1).is_small


def test_a_named_device_with_auto_precision_falls_back_to_float32(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "cuda", backend({"float16": 99, "float32": 99}))
    assert open_engine(model, device="cuda").identity == "fake, float32"
    monkeypatch.setitem(ENGINES, "cuda", backend({"float16": NO_START, "float32": NO_START}))
    with pytest.raises(DeviceError, match="driver is too old"):
        open_engine(model, device="cuda")


def test_a_precision_that_is_named_is_not_compared(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "openvino", backend({"bfloat16": 99, "float32": 0}))
    monkeypatch.setitem(ENGINES, "cuda", backend({"float32": NO_START}))
    for device in ("openvino", "auto"):
        found = open_engine(model, device=device, precision="bfloat16")
        assert found.identity == "fake, bfloat16"
    assert open_engine(model, precision="float32").identity == "fake, float32"
    with pytest.raises(DeviceError, match="no device of this machine computes in float16"):
        open_engine(model, precision="float16")


@pytest.mark.parametrize(
    ("device", "precision", "error", "says"),
    [
        ("gpu", "auto", UsageError, "unknown device"),
        ("cpu", "bfloat16", UsageError, "use --precision auto or float32"),
        ("cuda", "bfloat16", UsageError, "does not compute in bfloat16"),
        ("auto", "int8", UsageError, "unknown precision 'int8'"),
    ],
)
def test_refusals(
    model: Path, device: str, precision: str, error: type[MediatransError], says: str
) -> None:
    with pytest.raises(error, match=says):
        open_engine(model, device=device, precision=cast("Precision", precision))


def test_a_precision_that_the_processor_lacks(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = backend({"float16": 0, "float32": 0})
    monkeypatch.setitem(
        ENGINES,
        "openvino",
        Backend(lacking.open, lacking.known, lambda device: ("float32",), lacking.devices),
    )
    with pytest.raises(DeviceError, match=r"no float16 .* use --precision auto or float32"):
        open_engine(model, device="openvino", precision="float16")


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
def test_a_gpu_that_is_not_there(model: Path, device: str) -> None:
    with pytest.raises(DeviceError, match="CUDA device"):
        open_engine(model, device=f"{device}:{cuda_device_count()}")


def test_the_reference_is_onnxruntime_on_the_cpu(model: Path) -> None:
    engine = open_engine(model, device="cpu")
    assert engine.identity.endswith("CPUExecutionProvider, float32")
    assert engine.identity.startswith("ONNX Runtime ")


def test_auto_on_this_machine_stays_within_the_limits(tmp_path: Path) -> None:
    path = write_graph(tmp_path / "g.onnx", network(), "a", "b")
    images = photograph_like(np.random.default_rng(5), 64, 96)[np.newaxis]
    found, expected = (open_engine(path, device=d).run(images).image for d in ("auto", "cpu"))
    assert np.abs(found.astype(int) - expected).max() <= LARGEST + 2


def test_a_network_that_enlarges_rounding_errors_is_run_in_float32(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    path = write_graph(tmp_path / "g.onnx", network(gain=60), "a", "b")
    assert open_engine(path, device="openvino").identity.endswith("float32")
    tame = write_graph(tmp_path / "tame.onnx", network(gain=0.02), "a", "b")
    fastest = ENGINES["openvino"].formats(DeviceWord("openvino"))[0]
    assert open_engine(tame, device="openvino").identity.endswith(fastest)


def test_a_stride_decides_the_size_of_the_compared_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = []

    class Watching(Inverting):
        def run(self, images: Pixels) -> Generated:
            shapes.append(images.shape)
            return super().run(images)

    known: tuple[NumberFormat, ...] = ("float32",)
    watching = Backend(
        lambda path, *, device, threads, precision: Watching(precision, 0),
        known, lambda device: known, lambda: ["openvino"],
    )  # fmt: skip
    monkeypatch.setitem(ENGINES, "openvino", watching)
    path = write_graph(tmp_path / "g.onnx", inverting(), "a", "b", stride=12)
    assert open_engine(path).identity == "fake, float32"
    assert shapes == [(1, 264, 264, 3)]


def test_every_device_of_this_machine_is_tried() -> None:
    found = try_devices()
    assert found["cpu"] is None
    if "openvino" in ENGINES["openvino"].devices():
        assert found["openvino"] is None
    assert any(name.startswith("ONNX Runtime") for name in compiled_in())
