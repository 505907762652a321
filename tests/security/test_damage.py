"""Damage that the fuzzers have found to be mistaken for a bug or for a bad disk."""

import gc
import io
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.errors import ExitCode, ModelError, UsageError
from mediatrans.media.read.video_source import VideoSource
from mediatrans.training.recipe import load_recipe
from mediatrans.zoo.card import read_card
from tests.media_files import write_clip


def decoded_frames() -> int:
    return sum(type(thing) is av.VideoFrame for thing in gc.get_objects())


def test_frames_need_no_garbage_collector(tmp_path: Path) -> None:
    # A frame of 1080p is 3 MB, and the collector counts objects.
    clip = write_clip(tmp_path / "clip.mp4", frames=60)
    gc.collect()
    gc.disable()
    before = decoded_frames()
    try:
        with VideoSource(clip) as source:
            assert sum(1 for _ in source) == 60
            kept = decoded_frames() - before
    finally:
        gc.enable()
    assert kept < 10


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_sound_track_without_sound_is_no_obstacle(pair: Path, suffix: str) -> None:
    source, output = f"in{suffix}", f"out{suffix}"
    with av.open(source, "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 32, 24, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="stereo")
        sound.codec_context.open()
        for level in range(6):
            pixels = np.full((24, 32, 3), 30 * level, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(video.encode(None))
    assert run(["convert", source, "--to", "night", "-o", output]) == ExitCode.OK
    with av.open(output) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6


def test_an_animation_that_plays_millions_of_times(pair: Path) -> None:
    pictures = [Image.new("RGB", (16, 12), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    pictures[0].save(file, "PNG", save_all=True, append_images=pictures[1:], duration=40)
    data = bytearray(file.getvalue())
    at = data.index(b"acTL")
    data[at + 8 : at + 12] = (5_000_000).to_bytes(4)
    data[at + 12 : at + 16] = zlib.crc32(data[at : at + 12]).to_bytes(4)
    Path("often.png").write_bytes(data)
    assert run(["convert", "often.png", "--to", "night"]) == ExitCode.OK
    with Image.open("often-night.png") as image:
        assert (getattr(image, "n_frames", 1), image.info["loop"]) == (3, 0)


def test_a_tiff_whose_second_directory_is_damaged(
    pair: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = io.BytesIO()
    pages = [Image.new("RGB", (16, 12)), Image.new("RGB", (16, 12))]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    data = bytearray(file.getvalue())
    width = b"\0\1\4\0\1\0\0\0\x10\0\0\0"
    if width not in data:
        width = b"\0\1\3\0\1\0\0\0\x10\0\0\0"
    at = data.rindex(width)
    data[at : at + 2] = b"\xff\xfe"
    Path("pages.tif").write_bytes(data)
    assert run(["convert", "pages.tif", "--to", "night"]) == ExitCode.INPUT
    assert "picture is damaged" in capfd.readouterr().err


@pytest.mark.parametrize(
    "line", ["stride = inf", "stride = " + "9" * 5000, "x = " + "[" * 3000, "stride = 1025"]
)
def test_a_card_of_strange_values_is_damaged(pair: Path, line: str) -> None:
    key = line.partition(" =")[0]
    lines = (pair / "card.toml").read_text().splitlines()
    kept = [other for other in lines if not other.startswith(f"{key} =")]
    (pair / "card.toml").write_text("\n".join([line, *kept]))
    with pytest.raises(ModelError, match="damaged"):
        read_card(pair)


@pytest.mark.parametrize("text", ["x = " + "[" * 3000, "domains = 5", 'domains = ["a", 5]', "\xff"])
def test_a_recipe_of_strange_values_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"recipe\.toml"):
        load_recipe(path)


def test_a_clock_that_ticks_once_in_a_month_is_damage(
    pair: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with av.open("slow.avi", "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 32, 24, "yuv420p"
        for level in range(6):
            pixels = np.full((24, 32, 3), 30 * level, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(video.encode(None))
    data = bytearray(Path("slow.avi").read_bytes())
    scale = data.index(b"vids") + 20  # seconds a frame are scale / rate
    data[scale : scale + 8] = (13_421_773).to_bytes(4, "little") + (5).to_bytes(4, "little")
    Path("slow.avi").write_bytes(data)
    assert run(["convert", "slow.avi", "--to", "night"]) == ExitCode.INPUT
    assert "time base of" in capfd.readouterr().err
