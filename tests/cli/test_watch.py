"""`watch`: it makes what `convert` would make, and goes on after it was killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.child_processes import Child
from tests.conversion.test_memory import PEAK
from tests.fork_server import mediatrans_words
from tests.media_files import write_clip, write_picture
from tests.pairs import darkening, identity, write_pair

WATCH = ["watch", "in", "out", "--to", "night", "--device", "cpu"]
UNTIL_IDLE = [*WATCH, "--settle", "0", "--until-idle", "0"]


def files(folder: str) -> dict[str, bytes]:
    found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if path.name != ".mediatrans.jsonl"
    }


def start(*words: str, program: Sequence[str] = ()) -> Child[str]:
    return Child(
        [*(program or mediatrans_words()), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_makes_what_convert_makes(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.png", "sub/b.jpg", "sub/deep/c.webp"):
        write_picture(Path("in", name))
    write_clip(Path("in/d.mp4"), frames=3)
    Path("in/notes.txt").write_text("no picture")
    assert run(UNTIL_IDLE) == 0
    out, err = capsys.readouterr()
    assert out.count("ok ") == 4
    assert "day -> night with day2night" in err
    convert = ["convert", "in", "--to", "night", "--device", "cpu", "-o"]
    assert run([*convert, "again"]) == 0
    assert files("out") == files("again")
    capsys.readouterr()
    assert run([*convert, "out", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["status"] for row in rows} == {"skipped"}
    assert run(UNTIL_IDLE) == 0
    assert "4 files up to date" in capsys.readouterr().err


def test_a_bad_file_is_reported_once_and_tried_again_when_it_has_changed(pair: Path) -> None:
    Path("in").mkdir()
    Path("in/a.png").write_text("no picture")
    with start(*WATCH, "--settle", "0", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "failed"
        write_picture(Path("in/a.png"))
        assert json.loads(process.stdout.readline())["status"] == "ok"
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate()
    assert rest == ""
    assert said.count("failed") == 1
    assert "Go on with: mediatrans watch in out" in said
    assert process.returncode == 130


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_watch_goes_on(pair: Path) -> None:
    for index in range(12):
        write_picture(Path(f"in/{index}.png"), 200, 150)
    write_clip(Path("in/clip.mp4"), frames=30)
    for _ in range(2):
        # Of its own, so that its end is that of the process. Everything may be done before it is
        # killed: the next one has nothing to say, and ends.
        program = [sys.executable, "-m", "mediatrans"]
        words = [*WATCH, "--settle", "0", "--json", "--until-idle", "5"]
        with start(*words, program=program) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.kill()
    assert run(UNTIL_IDLE) == 0
    assert run(["convert", "in", "--to", "night", "--device", "cpu", "-o", "again"]) == 0
    assert files("out") == files("again")


def test_exit_codes_of_the_files_are_remembered(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    write_picture(Path("in/a.png"))
    assert run([*UNTIL_IDLE, "--fail-under", "psnr=60"]) == 7
    assert "below" in capsys.readouterr().err
    Path("in/b.png").write_text("no picture")
    assert run([*UNTIL_IDLE, "--fail-under", "psnr=60"]) == 3


def test_two_inputs_never_share_an_output(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("in/a.png"))
    write_picture(Path("in/a.bmp"))
    write_picture(Path("in/b.bmp"))
    assert run([*UNTIL_IDLE, "--format", "webp"]) == 6
    assert capsys.readouterr().err.count("has the same output") == 2
    assert list(files("out")) == ["b.webp"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["watch", "missing", "out", "--to", "night"], 3),
        (["watch", "in", "in/out", "--to", "night"], 6),
        (["watch", "in", "in", "--to", "night"], 6),
        (["watch", "in", "a.txt", "--to", "night"], 2),
        (["watch", "in", "out", "--to", "dusk"], 4),
        (["watch", "in", "out", "--to", "night", "--device", "openvino:GPU.7"], 2),
        (["watch", "in", "out", "--to", "night", "--fps", "3"], 2),
        (["watch", "in", "out"], 2),
    ],
)
def test_what_cannot_be_watched(pair: Path, words: list[str], code: int) -> None:
    Path("in").mkdir()
    Path("a.txt").write_text("mine")
    assert run(words) == code


def test_a_model_that_changes_ends_it(pair: Path) -> None:
    write_picture(Path("in/a.png"))
    with start(*WATCH, "--settle", "0", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "ok"
        (pair / "to_night.onnx").write_bytes(b"another")
        write_picture(Path("in/b.png"))
        process.communicate()
    assert process.returncode == 4


@pytest.mark.slow
def test_the_memory_does_not_grow_with_the_files(pair: Path) -> None:
    """Peaks of 500 and of 3,000 pictures, in MB."""
    peaks = []
    for count in (500, 3000):
        for index in range(count):
            write_picture(Path(f"in{count}/{index}.png"))
        words = ["watch", f"in{count}", f"out{count}", "--to", "night", "--device", "cpu"]
        words += ["--settle", "0", "--until-idle", "1", "--quiet", "--check-every", "0"]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
        )
        assert len(list(Path(f"out{count}").glob("*.png"))) == count
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] <= 1.05 * peaks[0], peaks
