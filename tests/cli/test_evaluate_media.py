"""The command `evaluate`: clips, sizes, flat frames, the contact sheet, and the progress."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mediatrans.cli.collection_progress import CollectionProgress
from mediatrans.cli.main import run
from mediatrans.training.evaluation import session
from mediatrans.training.evaluation.features import FEATURE_NETWORKS
from tests.media_files import write_clip
from tests.pairs import write_pair
from tests.training.colours import COLOURS, GRADIENTS, tinted


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FEATURE_NETWORKS:
        monkeypatch.setitem(FEATURE_NETWORKS, name, lambda device: COLOURS)
    monkeypatch.setattr(session, "load_texture_network", lambda device: GRADIENTS)


@pytest.fixture
def words(here: Path) -> list[str]:
    """`./models/day2night` inverts pictures; the command with two folders of them."""
    write_pair(here / "models")
    for name, channel in (("testA", 0), ("testB", 2)):
        (here / name).mkdir()
        for index, pixels in enumerate(tinted(6, channel, channel)):
            Image.fromarray(pixels).save(here / name / f"{index}.png")
    fixed = ["--a", "testA", "--b", "testB", "--resamples", "100", "--device", "cpu"]
    return ["evaluate", "day2night", *fixed]


def test_clips_are_measured_in_both_directions(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(here / "clip.mp4", frames=12)
    assert run([*words, "--clips", "clip.mp4", "--clip-frames", "5", "--json"]) == 0
    (clip,) = json.loads(capsys.readouterr().out)["clips"]
    assert (clip["clip"], clip["size"], clip["frames"]) == ("clip.mp4", [32, 24], 5)
    # An inverted clip changes as much as its source does.
    for direction in ("to_night", "to_day"):
        assert clip[direction]["flicker_source"] > 1
        assert clip[direction]["flicker_ratio"] == pytest.approx(1.0, abs=0.05)
    assert run([*words, "--clips", "clip.mp4"]) == 0
    out = capsys.readouterr().out
    assert "clip.mp4, 12 frames 32x24" in out
    assert "flicker over the source's" in out


def test_clips_that_cannot_be_measured_are_left_out(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(here / "good.mp4", frames=3)
    write_clip(here / "short.mp4", frames=1)
    (here / "broken.mp4").write_bytes(b"no video")
    names = ["broken.mp4", "testA/0.png", "nowhere.mp4", "short.mp4", "good.mp4"]
    assert run([*words, "--json", *(word for name in names for word in ("--clips", name))]) == 3
    out, err = capsys.readouterr()
    assert [clip["clip"] for clip in json.loads(out)["clips"]] == ["good.mp4"]
    assert "left out: testA/0.png: not a video" in err
    assert "left out: short.mp4: 1 frames, at least 2 are needed" in err
    assert "left out: broken.mp4: " in err
    assert "left out: nowhere.mp4: " in err


def test_the_same_pictures_at_several_sizes(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--sizes", "64,32", "--json"]) == 0
    sizes = json.loads(capsys.readouterr().out)["sizes"]
    assert sizes["short_sides"] == [64, 32]
    assert sizes["features"] == "pooled colours"
    for direction in ("to_night", "to_day"):
        figures = sizes[direction]
        assert figures["pictures"] == 6
        assert figures["enlarged"] == [6, 6]  # they are 20 px and a little more
        first, second = figures["domain_probability"]
        assert figures["domain_probability_moves"] == pytest.approx(abs(first - second))
        assert figures["domain_probability_moves"] < 0.1  # an inversion does not see the size
        assert figures["sharpness"] == pytest.approx([1.0, 1.0], abs=0.01)


def test_flat_frames_are_always_measured(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--json"]) == 0
    flat = json.loads(capsys.readouterr().out)["flat_frames"]
    for direction in ("to_night", "to_day"):
        assert flat[direction] == {"black": 0.0, "grey": 0.0, "white": 0.0, "blue": 0.0}


def test_a_sheet_of_the_worst(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "testA" / "00-broken.png").write_bytes(b"no picture")
    assert run([*words, "--sheet", "sheet.png"]) == 3
    with Image.open(here / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert min(sheet.size) > 1000
        assert len(np.unique(np.asarray(sheet.convert("L")))) > 100
    capsys.readouterr()
    assert run([*words, "--sheet", "sheet.png"]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert "sheet.png: exists already; replace it with --overwrite" in err
    assert run([*words, "--sheet", "sheet.png", "--overwrite"]) == 3
    assert run([*words, "--sheet", "testA/0.png/sheet.png"]) == 6
    assert "cannot write the sheet" in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal_only() -> None:
    shown = {}
    for is_terminal in (True, False):
        text = io.StringIO()
        console = Console(file=text, force_terminal=is_terminal, width=80)
        with CollectionProgress(console) as progress:
            watched = progress.watch(range(3), "pictures of\x1b[2J day", 3)
            assert [list(watched), list(watched)] == [[0, 1, 2], [0, 1, 2]]
            progress.message("a sentence")
        shown[is_terminal] = text.getvalue()
    assert "pictures of" in shown[True]
    assert "\x1b[2J day" not in shown[True]
    assert shown[False] == "a sentence\n"
