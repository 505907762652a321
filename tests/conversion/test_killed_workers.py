"""Workers, drivers and nodes that are killed at any moment, over a folder with a film in it."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.pairs import darkening, identity, write_pair
from tests.worker_kills import HOW, kill_workers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    # Of Ray's own sockets and processes, at its end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

HAS_RAY = importlib.util.find_spec("ray") is not None
KILLS = 8


@pytest.mark.parametrize("how", HOW)
def test_killed_again_and_again(here: Path, how: str) -> None:
    if how != "processes" and not HAS_RAY:
        pytest.skip("ray (extra ray) is not installed")
    write_pair(here / "models", forward=darkening(), back=identity())
    figures = kill_workers(how, KILLS, seed=1)
    assert figures.kills.total() == KILLS
    assert figures.completed > 0
