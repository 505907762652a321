"""The command `prepare`: what it sorts, reports and refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.training.data.folders import find_pictures
from tests.training.data.test_preparation import picture


def write(folder: Path, seed: int, count: int = 6) -> Path:
    for index in range(count):
        picture(folder / f"{index}.png", seed + index)
    return folder


def test_two_folders(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "day", 0)
    write(here / "night", 100)
    picture(here / "day" / "thumb.png", 300, side=8)
    assert run(["prepare", "day", "night", "--test-share", "0"]) == 0
    out, err = capsys.readouterr()
    assert "tiny: 1, left out" in out
    assert "thumb.png: 8 px" in out
    assert "trainA: 6 pictures" in out
    assert "--domains day,night" in err
    assert len(find_pictures(here / "data" / "day2night" / "trainB")) == 6
    assert run(["prepare", "day", "night"]) == 6
    assert run(["prepare", "day", "night", "--overwrite", "--keep", "tiny"]) == 0
    assert "tiny: 1, kept" in capsys.readouterr().out


def test_a_look_writes_nothing(here: Path) -> None:
    write(here / "day", 0)
    write(here / "night", 100)
    assert run(["prepare", "day", "night", "--check"]) == 0
    assert sorted(path.name for path in here.iterdir()) == ["day", "night"]


def test_a_root_with_splits(here: Path) -> None:
    for index, split in enumerate(("trainA", "trainB", "testA", "testB")):
        write(here / "horse2zebra" / split, 100 * index, count=3)
    assert run(["prepare", "horse2zebra", "-o", "mine", "--links", "copy"]) == 0
    for split in ("trainA", "trainB", "testA", "testB"):
        assert len(find_pictures(here / "mine" / split)) == 3


def test_a_root_with_a_folder_a_domain(here: Path) -> None:
    write(here / "photos" / "summer", 0)
    write(here / "photos" / "winter", 100)
    assert run(["prepare", "photos"]) == 0
    assert (here / "data" / "summer2winter" / "trainA").is_dir()
    write(here / "photos" / "autumn", 200)
    assert run(["prepare", "photos", "--overwrite"]) == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["day"], 3),
        (["day", "night", "dusk"], 2),
        (["day", "night", "--layout", "root"], 2),
        (["day", "--layout", "two-folders"], 2),
        (["day", "day"], 2),
        (["day", "nowhere"], 3),
        (["day", "--layout", "root"], 3),
        (["day", "night", "--test-share", "2"], 2),
    ],
)
def test_what_bad_words_get(here: Path, words: list[str], code: int) -> None:
    for name in ("day", "night", "dusk"):
        write(here / name, 0, count=2)
    assert run(["prepare", *words]) == code


def test_torch_is_not_needed(here: Path) -> None:
    write(here / "day", 0)
    write(here / "night", 100)
    code = (
        "import sys; sys.modules['torch'] = None; from mediatrans.cli.main import run;"
        "sys.exit(run(['prepare', 'day', 'night']))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=here).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 here")
def test_a_name_that_is_not_utf8_is_reported_and_laid_out(here: Path) -> None:
    write(here / "day", 0)
    write(here / "night", 100)
    for name, side in (("tiny\udcff.png", 8), ("fine\udcff.png", 70)):
        picture(here / "plain.png", 500 + side, side=side).rename(here / "day" / name)
    words = [sys.executable, "-m", "mediatrans", "prepare", "day", "night", "--test-share", "0"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(words, cwd=here, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert rb"tiny\udcff.png: 8 px" in done.stdout
    report = json.loads((here / "data" / "day2night" / "prepared.json").read_text())
    assert report["findings"][0]["path"].endswith("tiny\udcff.png")
    assert (here / "data" / "day2night" / "trainA" / "fine\udcff.png").exists()
