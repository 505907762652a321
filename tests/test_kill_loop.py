"""Killed at any moment, the same command ends in what an uninterrupted run gives."""

import logging
import sys
from pathlib import Path

import pytest

from tests.kill_loop import WORKS, kill

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]

KILLS = {"folder": 4, "video": 4, "animation": 4, "training": 2, "export": 2}
"""Kills of each kind of work; `python -m tests.kill_loop --kills 100` makes more."""


@pytest.mark.parametrize("name", WORKS)
def test_a_killed_run_ends_like_another(pair: Path, name: str) -> None:
    figures = kill(name, KILLS[name], seed=20261124)
    logging.getLogger(__name__).info("%s: %s", name, figures)
    assert figures.kills >= KILLS[name]
    assert figures.continued > 0
