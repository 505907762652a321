"""Workers and drivers that are killed at any moment, over a folder with a film in it."""

import importlib.util
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conversion.long_videos import packets
from tests.media_files import write_clip, write_picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

log = logging.getLogger(__name__)

KILLS = 12
MEDIATRANS = [sys.executable, "-m", "mediatrans"]
WORKERS = (b"multiprocessing.spawn", b"ray::_Actor")
HAS_RAY = importlib.util.find_spec("ray") is not None


def run(words: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """A run to its end: its exit code and the rows of its report."""
    done = subprocess.run([*MEDIATRANS, *words, "--json"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def contents(folder: Path) -> dict[Path, Any]:
    """Every output in a folder: a picture's bytes, a video's packets."""
    return {
        path.relative_to(folder): packets(path) if path.suffix == ".mp4" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def workers_of(driver: int) -> list[int]:
    """The process identifiers of a run's workers."""
    parents: dict[int, int] = {}
    lines: dict[int, bytes] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            status = (place / "stat").read_text().rpartition(")")[2].split()
            lines[int(place.name)] = (place / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(place.name)] = int(status[1])
    family = {driver}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return [pid for pid in family if any(word in lines.get(pid, b"") for word in WORKERS)]


def kill_one(words: list[str], after_s: float, chance: random.Random) -> tuple[str, int | None]:
    """Run, kill the driver or a worker, and wait; what was killed, and the exit code."""
    with subprocess.Popen(
        [*MEDIATRANS, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            if chance.random() < 0.5:
                process.kill()
                process.wait()
                return "driver", None
            workers = workers_of(process.pid)
            if workers:
                os.kill(chance.choice(sorted(workers)), signal.SIGKILL)
            return "worker" if workers else "nothing", process.wait()
    return "nothing", process.returncode


@pytest.mark.parametrize(
    "how",
    [
        ["--workers", "2"],
        pytest.param(
            ["--workers", "2", "--executor", "ray"],
            marks=pytest.mark.skipif(not HAS_RAY, reason="ray (extra ray) is not installed"),
        ),
    ],
    ids=["processes", "ray"],
)
def test_killed_again_and_again(pair: Path, how: list[str]) -> None:
    for index in range(30):
        write_picture(Path(f"in/{index % 3}/{index}.png"), 200, 150)
    write_clip(Path("in/film.mp4"), frames=1300, width=64, height=48)
    alike = ["--device", "cpu", "--threads", "1", "-o"]
    assert run(["convert", "in", "--to", "night", *alike, "whole"])[0] == 0
    whole = contents(Path("whole"))
    words = ["convert", "in", "--to", "night", *how, *alike]
    begun = time.monotonic()
    assert run([*words, "first"])[0] == 0
    lasts_s = time.monotonic() - begun
    assert contents(Path("first")) == whole
    chance = random.Random(20261130)
    kills: dict[str, int] = {"driver": 0, "worker": 0, "nothing": 0}
    while kills["driver"] + kills["worker"] < KILLS:
        killed, code = kill_one([*words, "made"], chance.uniform(0.2, 0.9) * lasts_s, chance)
        kills[killed] += 1
        if code is None:
            continue
        assert code == 0
        _complete(words, whole)
    _complete(words, whole)
    log.info("%s", kills)


def _complete(words: list[str], whole: dict[Path, Any]) -> None:
    """Run to the end, compare everything, and begin again."""
    code, rows = run([*words, "made"])
    assert code == 0
    assert len(rows) == 31
    assert contents(Path("made")) == whole
    for path in sorted(Path("made").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
