"""Fixtures shared by all tests: an empty place to stand in, and a pair that inverts."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

# Tiny networks gain nothing from threads, and OpenMP's waiting threads starve each other where
# other work shares the cores. Read when torch is loaded, here and in subprocesses.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The settings of whoever runs the tests are not those of the tests.
os.environ["XDG_CONFIG_HOME"] = os.devnull

# The many processes of the tests read what the first compiles, a third of a second each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import pytest

# Under nohup, SIGINT is ignored here and would be in every child.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

from mediatrans.translate.engines.choice import ENGINES
from tests.pairs import write_pair

sys.dont_write_bytecode = False  # here as well, for the tests themselves

_SLOW_S = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests are given longer before they count as hanging."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_S))


@pytest.fixture
def auto_is_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """No device but the CPU, as where OpenVINO is not installed: a model opens in no time."""
    monkeypatch.setitem(ENGINES, "openvino", replace(ENGINES["openvino"], devices=list))


@pytest.fixture(scope="session")
def graphs_once() -> Iterator[None]:
    """From here on, each architecture is turned into a graph once."""
    from mediatrans.training.export.domain_graph import to_domain_onnx
    from mediatrans.training.export.exporter import to_onnx
    from tests.training.graphs import domain_once, once

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mediatrans.training.export.model_folder.to_onnx", once(to_onnx))
        place = "mediatrans.training.evaluation.domain_file.to_domain_onnx"
        patched.setattr(place, domain_once(to_domain_onnx))
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh current folder, with the user's data folder inside it and no zoo anywhere else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def pair(here: Path) -> Path:
    """`./models/day2night`: both directions invert the colours, so the cycle is perfect."""
    return write_pair(here / "models")
