"""`mediatrans convert` on folders: what belongs to them, and how the rest is told."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.training.data.folders import find_pictures
from tests.fork_server import mediatrans_words
from tests.media_files import write_picture

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

JUNK = [
    "._a.png", "sub/._b.png", "@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", ".thumbnails/a.png",
    "__MACOSX/sub/._b.png", "$RECYCLE.BIN/old.png", "Thumbs.db", ".DS_Store",
]  # fmt: skip


def write_junk() -> None:
    """A folder of two pictures with what cameras, systems and users put beside them."""
    write_picture(Path("in/a.png"))
    write_picture(Path("in/sub/b.png"))
    for name in [*JUNK, "c.dng", "d.DNG", "e.psd"]:
        path = Path("in", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")


def test_what_does_not_belong_to_a_folder_is_left_out_and_counted(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_junk()
    assert run(["convert", "in", "--to", "night", "--report", "r.json"]) == 0
    made = sorted(str(path.relative_to("in-night")) for path in Path("in-night").rglob("*.*"))
    assert made == [".mediatrans.jsonl", "a.png", "sub/b.png"]
    err = capsys.readouterr().err
    assert "9 files left out (hidden 6, .dng 2, .psd 1)" in err
    assert ".dng: develop raw photographs to TIFF or JPEG first" in err
    assert ".psd: export it as PNG, TIFF or JPEG first" in err
    report = json.loads(Path("r.json").read_text())
    assert report["summary"]["left_out"] == 9
    assert {"path": "in/e.psd", "as": ".psd"} in report["left_out"]
    assert {"path": "in/@eaDir", "as": "hidden"} in report["left_out"]


def test_training_takes_the_same_files(pair: Path) -> None:
    write_junk()
    assert find_pictures(Path("in")) == ["a.png", "sub/b.png"]


def test_the_plan_counts_them_as_well(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_junk()
    assert run(["convert", "in", "--to", "night", "--dry-run"]) == 0
    captured = capsys.readouterr()
    assert "left out (hidden 6, .dng 2, .psd 1)" in captured.err
    assert "psd" not in captured.out


def test_a_quiet_run_does_not_count(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_junk()
    assert run(["convert", "in", "--to", "night", "-q"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.dng", "develop raw photographs to TIFF or JPEG first"),
        ("a.CR3", "develop raw photographs to TIFF or JPEG first"),
        ("a.psd", "export it as PNG, TIFF or JPEG first"),
        ("a.svg", "export it as PNG, TIFF or JPEG first"),
        ("a.txt", "give the file its usual suffix"),
    ],
)
def test_what_to_do_with_other_formats_is_said(
    pair: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(b"something")
    assert run(["convert", name, "--to", "night"]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("more", [[], ["--fps", "5"]])
def test_pipes_in_folders_hold_nothing_up(pair: Path, more: list[str]) -> None:
    write_picture(Path("in/1.png"))
    for suffix in (".jpg", ".gif", ".webp", ".mp4"):
        os.mkfifo(f"in/2{suffix}")
    # A process of its own, which can be ended if it waits.
    words = [*mediatrans_words(), "convert", "in", "--to", "night", "--dry-run"]
    done = subprocess.run([*words, *more], timeout=60, check=False, capture_output=True)
    assert done.returncode == 0
    assert b"2." not in done.stdout
