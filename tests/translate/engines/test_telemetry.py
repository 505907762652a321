"""No runtime sends or stores anything about its user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans.translate.engines.choice import installed
from tests.pairs import write_graph
from tests.translate.engines.graphs import network

RUN = """
import sys
from importlib import import_module
from pathlib import Path

def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        print(event, arguments)

sys.addaudithook(watch)
import_module(sys.argv[1])
import numpy as np
from mediatrans.translate.engines.choice import open_engine
engine = open_engine(Path(sys.argv[2]), device=sys.argv[3])
engine.run(np.zeros((2, 8, 8, 3), np.uint8))
print(engine.identity)
assert "openvino_telemetry" not in sys.modules
"""

# Whichever module of the folder is imported first.
FIRST = [
    f"mediatrans.translate.engines.{name}"
    for name in ("choice", "gpu_engine", "half", "openvino", "tensorrt")
]


@pytest.mark.parametrize("first", FIRST)
def test_nothing_is_reported_home(tmp_path: Path, first: str) -> None:
    graph = write_graph(tmp_path / "g.onnx", network(), "a", "b")
    device = "openvino" if any(name == "openvino" for name, _ in installed()) else "cpu"
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "USERPROFILE": str(home)}
    # These turn the reports off by themselves.
    usual = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, first, str(graph), device],
        check=True,
        env=usual | places,
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert list(home.rglob("*")) == []
