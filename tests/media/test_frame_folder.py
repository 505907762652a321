"""A folder of numbered pictures as a video."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.errors import InputError
from mediatrans.media.numbered import numbered_pictures
from mediatrans.media.read.folder_source import FrameFolder
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
from tests.media.clips import packets_of, times_of


def write_frames(folder: Path, names: list[str], size: tuple[int, int] = (32, 24)) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(names):
        Image.new("RGB", size, (20 * index, 90, 120)).save(folder / name)
    return [folder / name for name in names]


def test_frames_follow_their_numbers(tmp_path: Path) -> None:
    names = ["f1.png", "f2.png", "f9.png", "f10.png", "f010.png", "f100.png", "g.png"]
    write_frames(tmp_path, sorted(names))
    (tmp_path / "notes.txt").write_text("no frame")
    (tmp_path / "below").mkdir()
    write_frames(tmp_path / "below", ["f3.png"])
    found = [path.name for path in numbered_pictures(tmp_path)]
    assert found == ["f1.png", "f2.png", "f9.png", "f010.png", "f10.png", "f100.png", "g.png"]


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(5, 2)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_every_picture_is_one_frame_at_its_time(
    tmp_path: Path, suffix: str, rate: Fraction
) -> None:
    paths = write_frames(tmp_path / "in", [f"{number}.png" for number in range(7)])
    output = tmp_path / f"out{suffix}"
    with (
        FrameFolder(tmp_path / "in", paths, rate) as source,
        VideoSink(PublishedFile(output), source.info) as sink,
    ):
        assert source.info.frame_count == 7
        for frame in source:
            sink.write(frame)
    times = times_of(output)
    exact = Fraction(0) if suffix == ".mp4" else Fraction(1, 1000)
    assert all(abs(time - index / rate) <= exact for index, time in enumerate(times))
    assert len(times) == 7
    assert packets_of(output, "audio") == []


def test_a_part_of_the_frames(tmp_path: Path) -> None:
    paths = write_frames(tmp_path / "in", [f"{number}.png" for number in range(10)])
    with FrameFolder(
        tmp_path, paths, Fraction(5), start_s=Fraction("0.4"), end_s=Fraction("1.6"), limit=4
    ) as source:
        frames = list(source)
    assert [frame.pixels[0, 0, 0] for frame in frames] == [40, 60, 80, 100]
    assert [frame.pts for frame in frames] == [0, 1, 2, 3]
    with pytest.raises(InputError, match="no frame"):
        FrameFolder(tmp_path, paths, Fraction(5), start_s=Fraction(9)).__enter__()


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    paths = write_frames(tmp_path / "in", ["1.png", "2.png"])
    paths += write_frames(tmp_path / "in", ["3.png"], size=(24, 32))
    with (
        FrameFolder(tmp_path, paths, Fraction(5)) as source,
        pytest.raises(InputError, match="24x32") as caught,
    ):
        list(source)
    assert caught.value.path == paths[2]


def test_frames_are_upright_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (32, 24)).save(tmp_path / "1.jpg", exif=exif)
    (tmp_path / "2.jpg").write_bytes(b"text")
    with FrameFolder(tmp_path, numbered_pictures(tmp_path), Fraction(5)) as source:
        assert (source.info.width, source.info.height) == (24, 32)
        with pytest.raises(InputError, match=r"2\.jpg"):
            list(source)


def test_transparent_frames_make_a_transparent_video(tmp_path: Path) -> None:
    alpha = np.zeros((24, 32), np.uint8)
    alpha[:, 16:] = 255
    image = Image.new("RGB", (32, 24), (200, 60, 40))
    image.putalpha(Image.fromarray(alpha))
    image.save(tmp_path / "1.png")
    output = tmp_path / "out.webm"
    paths = [tmp_path / "1.png"] * 3
    with (
        FrameFolder(tmp_path, paths, Fraction(5)) as source,
        VideoSink(PublishedFile(output), source.info) as sink,
    ):
        for frame in source:
            sink.write(frame)
    with VideoSource(output) as video:
        for frame in video:
            assert frame.alpha is not None
            assert np.abs(frame.alpha.astype(int) - alpha)[:, np.r_[:12, 20:32]].max() <= 3


def test_colours_come_back(tmp_path: Path) -> None:
    bars = np.zeros((48, 64, 3), np.uint8)
    bars[:, :32], bars[:, 32:] = (200, 60, 40), (40, 160, 220)
    Image.fromarray(bars).save(tmp_path / "1.png")
    output = tmp_path / "out.mp4"
    paths = [tmp_path / "1.png"] * 3
    with (
        FrameFolder(tmp_path, paths, Fraction(5)) as source,
        VideoSink(PublishedFile(output), source.info) as sink,
    ):
        for frame in source:
            sink.write(frame)
    with VideoSource(output) as video:
        for frame in video:
            inner = np.r_[4:28, 36:60]  # chroma is shared across the edge
            assert np.abs(frame.pixels[:, inner].astype(int) - bars[:, inner]).max() <= 3
