"""The plan of several workers: how films are divided, or why they are not."""

import json
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.media.clips import write_clip
from tests.media_files import write_picture

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

TIMES = [40 * index for index in range(520)]
PLAN = ["convert", "in", "--to", "night", "--stabilise", "0", "--dry-run"]
SMALL = (32, 24)
QUICK = {"preset": "ultrafast", "g": "25"}
EXPECTED = {
    "cut.mp4": "3 spans",
    "fields.mp4": "one span: it is interlaced: a frame depends on its neighbours",
    "few.mkv": "2 spans",
    "recording.ts": "one span: keyframes of mpegts are not found exactly",
    "short.mp4": "one span: it has at most two segments",
    "xvid.mkv": "one span: a packet of mpeg4 need not give one frame",
}


def write_films() -> None:
    """A picture and films that can be cut, or not."""
    write_picture(Path("in/1.png"))
    write_clip(Path("in/cut.mp4"), TIMES, size=SMALL, options=QUICK)
    write_clip(Path("in/recording.ts"), TIMES, size=SMALL, options=QUICK)
    fields = {**QUICK, "x264-params": "tff=1:interlaced=1"}
    write_clip(Path("in/fields.mp4"), TIMES, size=SMALL, options=fields)
    write_clip(Path("in/few.mkv"), TIMES, size=SMALL, options={**QUICK, "g": "1000"})
    write_clip(Path("in/short.mp4"), TIMES[:9], size=SMALL)
    write_clip(Path("in/xvid.mkv"), TIMES, size=SMALL, codec="mpeg4")


def notes(said: str) -> dict[str, str]:
    """What stands in brackets behind each file of a plan."""
    lines = said.splitlines()
    return {Path(line.split()[1]).name: line.partition(" (")[2].removesuffix(")") for line in lines}


def test_the_plan_says_why_a_film_is_one_span(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_films()
    assert run([*PLAN, "--workers", "2"]) == 0
    assert notes(capsys.readouterr().out) == {"1.png": "", **EXPECTED}
    assert not Path("in-night").exists()
    assert run([*PLAN, "--executor", "ray", "--workers", "2", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {
        Path(row["input"]).name: (row["spans"], row["one_span_because"], row["reason"])
        for row in rows
    }
    assert by_name.pop("1.png") == (None, None, None)
    assert by_name.pop("cut.mp4") == (3, None, None)
    assert by_name.pop("few.mkv") == (2, None, None)
    for name, found in by_name.items():
        assert found == (1, EXPECTED[name].removeprefix("one span: "), None)


def test_what_is_written_in_a_single_piece(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in").mkdir()
    write_clip(Path("in/cut.mp4"), TIMES, size=SMALL, options=QUICK)
    for more, words in (
        ([], ""),
        (["--workers", "2", "--preview", "20"], "one span: it has at most two segments"),
        (["--workers", "2", "-o", "x.gif"], "one span: a .gif is written in a single piece"),
    ):
        assert run(["convert", "in/cut.mp4", *PLAN[2:], *more]) == 0
        assert set(notes(capsys.readouterr().out).values()) == {words}
