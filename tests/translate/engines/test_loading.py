"""A graph that takes too long to load is refused."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import onnxruntime
import pytest

from mediatrans.cli.main import run
from mediatrans.errors import ModelError
from mediatrans.translate.engines import loading, openvino
from mediatrans.translate.engines.loading import load_within
from tests.media_files import write_picture


def test_what_is_loaded_and_what_is_raised_are_handed_on() -> None:
    assert load_within(lambda: 3, Path("a.onnx")) == 3
    with pytest.raises(TimeoutError, match="of its own"):
        load_within(lambda: _raise(TimeoutError("of its own")), Path("a.onnx"))


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("device", ["cpu", "openvino"])
def test_a_graph_that_takes_too_long_ends_the_run(
    pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], device: str
) -> None:
    write_picture(Path("a.png"))
    go_on = Event()
    monkeypatch.setattr(loading, "LOADING_S", 0.05)
    monkeypatch.setattr(onnxruntime, "InferenceSession", _waiting(go_on))
    monkeypatch.setattr(openvino.OpenVinoEngine, "_compile", _waiting(go_on))
    assert run(["convert", "a.png", "--to", "night", "--device", device]) == 4
    go_on.set()
    shown = " ".join(capsys.readouterr().err.split())
    assert "to_night.onnx: the graph was not loaded within 0.05 s" in shown
    assert not Path("a-night.png").exists()


def _waiting(go_on: Event) -> Callable[..., Any]:
    def load(*_: Any, **__: Any) -> None:
        go_on.wait()
        raise ModelError("nobody waits for it")

    return load
