"""Two runs that write to one folder at the same time leave whole files and true messages."""

import json
import logging
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mediatrans.errors import OutputError
from mediatrans.files.publish import part_path, publishing, publishing_folder
from tests.child_processes import Child
from tests.media_files import write_clip, write_picture

log = logging.getLogger(__name__)

PAIRS = 200
TRUE = ("another run is writing it", "the output exists already", "another process is writing")


def test_a_second_writer_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    final = tmp_path / "a.png"
    with publishing(final) as part:
        part.write_bytes(b"whole")
        with pytest.raises(OutputError, match="another run is writing it"), publishing(final):
            pass
        assert part.read_bytes() == b"whole"
    assert final.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [final]


def test_a_second_writer_of_a_folder_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    final = tmp_path / "model"
    with publishing_folder(final) as part:
        (part / "card").write_text("whole")
        with pytest.raises(OutputError, match="another run"), publishing_folder(final):
            pass
    assert (final / "card").read_text() == "whole"
    assert list(tmp_path.iterdir()) == [final]


def test_the_part_of_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    final = tmp_path / "a.png"
    part_path(final).write_bytes(b"a longer text of a run that was killed")
    with publishing(final) as part, part.open("r+b") as file:
        file.write(b"new")
    assert final.read_bytes() == b"new"


class Runner:
    """A process that runs one command line after another."""

    def __init__(self, stack: ExitStack) -> None:
        self._process = stack.enter_context(
            Child(
                [sys.executable, "-m", "tests.fuzz.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            )
        )

    def start(self, words: list[str]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"kind": "cli", "words": words}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline())
        assert isinstance(answer, dict)
        return answer


@pytest.mark.slow
def test_two_hundred_pairs_of_runs(pair: Path) -> None:
    """A folder of pictures, an animation, and short and long clips, by two runs at once."""
    for index in range(2):
        write_picture(Path(f"in/{index}.png"), 40, 30)
    write_clip(Path("in/long.mp4"), frames=40)
    write_clip(Path("in/short.mp4"), frames=5)
    frames = [Image.new("RGB", (16, 12), (40 * index, 0, 0)) for index in range(3)]
    frames[0].save("in/moving.gif", save_all=True, append_images=frames[1:], duration=50)
    names = {path.name for path in Path("in").iterdir()}
    words = ["convert", "in", "--to", "night", "-o", "out", "--device", "cpu", "--check-every", "0"]
    refused = again = 0
    with ExitStack() as stack:
        runners = [Runner(stack), Runner(stack)]
        for _ in range(PAIRS):
            for runner in runners:
                runner.start(words)
            answers = [runner.answer() for runner in runners]
            for answer in answers:
                refused += is_refused(answer)
            for path in Path("out").iterdir():
                if not path.name.startswith(".") and not path.name.endswith(".mediatrans"):
                    check_whole(path)
            if any(answer["code"] for answer in answers):
                again += 1
                runners[0].start(words)
                assert runners[0].answer()["code"] == 0
            left = {path.name for path in Path("out").iterdir()}
            assert left == names | {".mediatrans.jsonl"}
            shutil.rmtree("out")
    log.info("%d pairs, %d runs with a refusal, %d third runs", PAIRS, refused, again)
    assert refused > 0


def is_refused(answer: dict[str, Any]) -> bool:
    """Whether a run was refused an output; each of its messages must then be true."""
    said = [line for line in answer["said"].splitlines() if "/" in line and "; " in line]
    assert answer["code"] in (0, 6), answer
    assert "Traceback" not in answer["said"]
    if answer["code"] == 6:
        assert said, answer
        assert all(any(true in line for true in TRUE) for line in said), answer
    return bool(answer["code"])


def check_whole(path: Path) -> None:
    """Decode a file under a final name."""
    if path.suffix == ".png":
        Image.open(path).load()
        return
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
    assert count == {"long.mp4": 40, "short.mp4": 5, "moving.gif": 3}[path.name]
