"""Killed at any moment, the same command ends in what an uninterrupted run gives."""

import json
import logging
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mediatrans.media.write.segments.work_folder import work_path
from tests.conversion.long_videos import packets
from tests.media_files import write_clip, write_picture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]

log = logging.getLogger(__name__)

KILLS = 30
MEDIATRANS = [sys.executable, "-m", "mediatrans"]


def run(words: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """A run to its end: its exit code and the rows of its report."""
    done = subprocess.run([*MEDIATRANS, *words, "--json"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def kill_after(words: Sequence[str], seconds: float) -> bool:
    """Start a run and kill it after so long; whether it was still at work."""
    with subprocess.Popen(
        [*MEDIATRANS, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
    return False


def length_of(words: Sequence[str]) -> float:
    begin = time.monotonic()
    assert run(words)[0] == 0
    return time.monotonic() - begin


def test_a_video_killed_thirty_times(pair: Path) -> None:
    """Each kill is one of up to three in a row; each row of them ends in the whole video."""
    clip = write_clip(Path("day.mp4"), frames=2600, width=64, height=48)
    words = ["convert", str(clip), "--to", "night", "-o"]
    lasts_s = length_of([*words, "whole.mp4"])
    whole = packets(Path("whole.mp4"))
    _, (reference,) = run([*words, "again.mp4"])
    moments = random.Random(20261124)
    made = Path("made.mp4")
    kills = resumed = ended = 0
    while kills < KILLS:
        for _ in range(moments.randint(1, 3)):
            if kill_after([*words, "made.mp4"], moments.uniform(0.2, 1.0) * lasts_s):
                kills += 1
        ended += 1
        resumed += work_path(made).exists()
        if made.exists() and not work_path(made).exists():  # it was all done by then
            assert packets(made) == whole
        else:
            code, (row,) = run([*words, "made.mp4"])
            assert code == 0
            assert (row["frames"], row["cycle"]) == (reference["frames"], reference["cycle"])
            assert packets(made) == whole
        left = {path.name for path in Path().iterdir() if "made" in path.name}
        assert left == {"made.mp4"}
        made.unlink()
    log.info("%d kills, %d ended runs, %d of them on segments", kills, ended, resumed)
    assert resumed > 0


def test_a_folder_killed_thirty_times(pair: Path) -> None:
    for index in range(60):
        write_picture(Path(f"in/{index % 3}/{index}.png"), 200, 150)
    write_clip(Path("in/clip.mp4"), frames=30)
    words = ["convert", "in", "--to", "night", "-o"]
    lasts_s = length_of([*words, "whole"])
    whole = contents(Path("whole"))
    moments = random.Random(20261125)
    kills = skipped = ended = 0
    while kills < KILLS:
        for _ in range(moments.randint(1, 3)):
            kills += kill_after([*words, "made"], moments.uniform(0.2, 1.0) * lasts_s)
        code, rows = run([*words, "made"])
        assert code == 0
        assert len(rows) == 61
        ended += 1
        skipped += sum(row["status"] == "skipped" for row in rows)
        assert contents(Path("made")) == whole
        for path in sorted(Path("made").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    log.info("%d kills, %d ended runs, %d files skipped in them", kills, ended, skipped)
    assert skipped > 0


def contents(folder: Path) -> dict[Path, Any]:
    """Every output in a folder: a picture's bytes, a video's packets."""
    return {
        path.relative_to(folder): packets(path) if path.suffix == ".mp4" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".mediatrans.jsonl"
    }
