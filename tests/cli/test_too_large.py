"""What needs more memory than there is: refused before the generator starts, with the remedy."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from mediatrans.cli.main import run
from mediatrans.zoo.graph_memory import bytes_per_pixel
from tests.media_files import write_picture
from tests.pairs import graph, write_pair

WIDE = 64
LIMIT = "mediatrans.translate.engines.engine.memory_limit"


def wide() -> onnx.ModelProto:
    """A graph with a float value of 64 channels on the way."""
    model = graph(
        [
            helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["floats", "there"], ["many"]),
            helper.make_node("MatMul", ["many", "back"], ["few"]),
            helper.make_node("Cast", ["few"], ["image_out"], to=TensorProto.UINT8),
        ],
        {},
    )
    for name, shape in (("there", [3, WIDE]), ("back", [WIDE, 3])):
        values = [0.1] * (3 * WIDE)
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, shape, values))
    return model


def test_the_estimate_is_that_of_the_largest_values() -> None:
    # The picture, its floats and their 64 channels.
    assert bytes_per_pixel(wide().SerializeToString()) == 3 + 4 * 3 + 4 * WIDE


@pytest.mark.parametrize("device", ["cpu", "openvino"])
def test_a_picture_that_is_too_large_for_the_generator_fails_alone(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    device: str,
) -> None:
    if device == "openvino":
        pytest.importorskip("openvino")
    write_pair(here / "models", forward=wide(), back=wide(), working_size=64)
    write_picture(Path("in/large.png"), 600, 400)
    write_picture(Path("in/small.png"), 60, 40)
    monkeypatch.setattr(LIMIT, lambda: 300 * 200 * 1000)
    words = ["convert", "in", "--to", "night", "-o", "out", "--device", device]
    assert run([*words, "--work-size", "full"]) == 3
    said = capsys.readouterr().err
    assert "large.png" in said
    assert "of memory, the limit is" in said
    assert "--work-size auto" in said
    assert [path.name for path in Path("out").glob("*.png")] == ["small.png"]
    assert run(words) == 0


def test_a_lack_of_memory_is_an_error_of_the_input(
    pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise MemoryError

    write_picture(Path("a.png"))
    monkeypatch.setattr("mediatrans.conversion.batch.plan", fail)
    assert run(["convert", "a.png", "--to", "night"]) == 3
    assert "not enough memory" in capsys.readouterr().err
