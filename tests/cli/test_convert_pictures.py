"""`mediatrans convert` on pictures: formats, folders of frames, limits and the blend."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mediatrans.cli.main import run
from tests.media_files import levels, times, write_clip, write_picture
from tests.pairs import darkening, identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image.convert("RGB"))


def test_a_format_for_everything_that_can_have_it(pair: Path) -> None:
    source = write_picture(Path("in/a.jpg"))
    write_picture(Path("in/b/c.bmp"))
    write_clip(Path("in/d.mp4"))
    assert run(["convert", "in", "--to", "night", "--format", "PNG"]) == 0
    made = sorted(str(path.relative_to("in-night")) for path in Path("in-night").rglob("[!.]*.*"))
    assert made == ["a.png", "b/c.png", "d.mp4"]
    assert pixels("in-night/a.png").shape == source.shape
    assert run(["convert", "in/d.mp4", "--to", "night", "--format", "mkv"]) == 0
    assert len(times(Path("in/d-night.mkv"))) == 12


def test_a_quality(pair: Path) -> None:
    write_picture(Path("a.jpg"), 64, 64)
    for quality in ("20", "95"):
        words = ["convert", "a.jpg", "--to", "night", "-o", f"{quality}.jpg", "--quality", quality]
        assert run(words) == 0
    assert Path("20.jpg").stat().st_size < Path("95.jpg").stat().st_size / 2


def test_a_folder_of_frames_is_a_folder_of_pictures(pair: Path) -> None:
    for number in (1, 2, 10):
        write_picture(Path(f"frames/{number}.png"))
    assert run(["convert", "frames", "--to", "night"]) == 0
    assert sorted(path.name for path in Path("frames-night").glob("*.png")) == [
        "1.png",
        "10.png",
        "2.png",
    ]


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ([], "frames-night.mp4"),
        (["-o", "out.webm"], "out.webm"),
        (["--format", "mkv"], "frames-night.mkv"),
    ],
)
def test_or_a_video_with_fps(
    pair: Path, words: list[str], output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2, 10, 9):
        Path("frames").mkdir(exist_ok=True)
        Image.new("RGB", (32, 24), (20 * number,) * 3).save(f"frames/{number}.png")
    assert run(["convert", "frames", "--to", "night", "--fps", "24", "--json", *words]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["frames"], row["output"]) == ("video", 4, output)
    np.testing.assert_allclose(levels(Path(output)), [235, 215, 75, 55], atol=2)
    np.testing.assert_allclose(
        [float(time) for time in times(Path(output))], np.arange(4) / 24, atol=0.001
    )


def test_frames_that_make_no_video(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("frames/1.png"), 16, 12)
    write_picture(Path("frames/2.png"), 12, 16)
    Path("empty").mkdir()
    assert run(["convert", "frames", "empty", "--to", "night", "--fps", "24"]) == 3
    err = capsys.readouterr().err
    assert "frames/2.png" in err
    assert "empty: no pictures" in err
    assert list(Path().glob("*.mp4")) == []


def test_the_limit_on_pixels(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("a.png"), 40, 30)
    words = ["convert", "a.png", "--to", "night"]
    assert run([*words, "--max-pixels", "1199"]) == 3
    assert "--max-pixels 1200" in capsys.readouterr().err
    assert run([*words, "--max-pixels", "1200"]) == 0


def test_what_was_computed_at_8_bits_is_said(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite("deep.png", np.full((10, 12, 3), 40_000, np.uint16))
    write_picture(Path("flat.png"))
    words = ["convert", "deep.png", "flat.png", "--to", "night", "--report", "r.json"]
    assert run(words) == 0
    deep, flat = capsys.readouterr().out.splitlines()
    assert "16 bits per channel, converted with 8" in deep
    assert "16 bits" not in flat
    assert [row["notes"] for row in json.loads(Path("r.json").read_text())["jobs"]] == [
        ["16 bits per channel, converted with 8"],
        [],
    ]
    assert run([*words[:-2], "--overwrite", "--json"]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert row["notes"] == ["16 bits per channel, converted with 8"]


@pytest.mark.parametrize("strength", ["0", "0.25", "1"])
def test_the_blend_of_pictures_and_videos(pair: Path, strength: str) -> None:
    source = write_picture(Path("a.png"))
    clip = write_clip(Path("b.mp4"))
    assert run(["convert", "a.png", "b.mp4", "--to", "night", "--strength", strength]) == 0
    share = float(strength)
    expected = share * (255 - source.astype(float)) + (1 - share) * source
    assert np.abs(pixels("a-night.png") - expected).max() <= 0.5
    mixed = [share * (255 - level) + (1 - share) * level for level in levels(clip)]
    np.testing.assert_allclose(levels(Path("b-night.mp4")), mixed, atol=2)


def test_the_cycle_check_measures_the_translation_not_the_blend(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    write_picture(Path("a.png"), 40, 40)
    found = []
    for strength in ("1", "0.3", "0"):
        words = ["convert", "a.png", "--to", "night", "--json", "--overwrite"]
        assert run([*words, "--strength", strength]) == 0
        found.append(json.loads(capsys.readouterr().out)["cycle"])
    assert found[0] == found[1] == found[2]
    assert found[0]["psnr_db"]["mean"] < 20
