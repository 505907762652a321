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


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ("--vcodec h264_mediacodec", 5, "h264_mediacodec"),
        ("--vcodec libx264x", 2, "did you mean libx264"),
        ("--vcodec libx264 --preset glacial", 2, "preset glacial"),
        ("--preset glacial", 2, "libx264 does not start (640x360, preset glacial)"),
        ("--preset slow --format webm", 2, "libvpx-vp9 does not support --preset"),
        ("--preset glacial -o b.gif", 0, ""),
    ],
)
def test_an_encoder_that_does_not_start_is_told_in_the_words_of_the_run(
    pair: Path, capsys: pytest.CaptureFixture[str], flags: str, code: int, said: str
) -> None:
    write_clip(Path("a.mp4"), TIMES[:3], size=SMALL)
    words = ["convert", "a.mp4", "--to", "night", "--device", "cpu", *flags.split()]
    assert run([*words, "--dry-run"]) == code
    planned = capsys.readouterr()
    assert sorted(path.name for path in Path().glob("a*")) == ["a.mp4"]
    assert run(words) == code
    done = capsys.readouterr()
    if code:
        lines = (planned.out + planned.err).splitlines()
        message = next(line for line in lines if said in line)
        assert message.split(maxsplit=1)[1] in done.err


def test_a_container_whose_encoder_refuses_an_option_stops_no_other(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in").mkdir()
    for name in ("a.mp4", "b.webm"):
        codec = "libx264" if name == "a.mp4" else "libvpx"
        write_clip(Path("in", name), TIMES[:3], size=SMALL, codec=codec)
    words = ["convert", "in", "--to", "night", "--device", "cpu", "--preset", "ultrafast"]
    assert run([*words, "-n"]) == 2
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == ["convert", "fail"]
    assert run(words) == 2
    assert [path.name for path in Path("in-night").glob("*.*4")] == ["a.mp4"]
