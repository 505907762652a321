"""Steadied videos: the same in one run, in two and in parts; and only videos are steadied."""

from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest

from mediatrans import ConvertOptions, Observer, Translator, convert
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import UsageError
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write.segments.segmented_sink import segment_length
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.stages.stabilise import METHOD
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, packets, same
from tests.conversion.test_exchanged_parts import Stopping
from tests.media.clips import write_clip
from tests.media_files import write_picture

STEADY = list(accumulate([0] + [40] * 39))
UNEVEN = list(accumulate([0] + [16, 200, 33, 5] * 9 + [40, 40, 40]))


class Flickering:
    """An engine whose brightness depends on every pixel of a frame, as of none."""

    identity = "flickering 1"
    provider = "arithmetic"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        steps = (images.astype(int).sum(axis=(1, 2, 3), keepdims=True) * 7919) % 24
        return Generated((images // 2 + steps).astype(np.uint8))


def workshop(output: str, stabilise: float = 1.0) -> Workshop:
    options = ConvertOptions(
        output=Path(output),
        segment_frames=SEGMENT,
        check_every=0,
        stabilise=stabilise,
        vcodec="ffv1",
    )
    return Workshop(
        find("night"),
        options,
        engine_opener=lambda path, *, device, threads, precision: Flickering(),
    )


def frames_of(path: Path) -> list[Pixels]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def test_an_interrupted_video_gets_the_same_packets(here: Path, pair: Path) -> None:
    clip = write_clip(Path("day.mkv"), STEADY)
    whole = convert(clip, "night", workshop=workshop("whole.mkv"))
    for at in (15, 30):
        with pytest.raises(KeyboardInterrupt):
            convert(clip, "night", observer=Stopping(at), workshop=workshop("made.mkv"))
    assert same(convert(clip, "night", workshop=workshop("made.mkv")), whole)
    assert packets(Path("made.mkv")) == packets(Path("whole.mkv"))


class Counting(Observer):
    """Keeps the numbers of frames that were reported."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def translated(self, job: object, frames: int, total: int | None) -> None:
        self.frames.append(frames)


@pytest.mark.parametrize("method", ["earlier", METHOD])
def test_a_video_begun_with_another_method_is_started_over(
    here: Path, pair: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    clip = write_clip(Path("day.mkv"), STEADY)
    with monkeypatch.context() as begun:
        begun.setattr("mediatrans.conversion.workshop.METHOD", method)
        with pytest.raises(KeyboardInterrupt):
            convert(clip, "night", observer=Stopping(30), workshop=workshop("made.mkv"))
    counting = Counting()
    convert(clip, "night", observer=counting, workshop=workshop("made.mkv"))
    assert (min(counting.frames) > SEGMENT) == (method == METHOD)


def test_times_change_no_picture(here: Path, pair: Path) -> None:
    pictures = []
    for name, times in (("steady", STEADY), ("uneven", UNEVEN)):
        clip = write_clip(Path(f"{name}.mkv"), times, codec="ffv1")
        convert(clip, "night", workshop=workshop(f"{name}-night.mkv"))
        pictures.append(frames_of(Path(f"{name}-night.mkv")))
    for one, other in zip(*pictures, strict=True):
        np.testing.assert_array_equal(one, other)


def test_zero_leaves_every_frame_to_itself(here: Path, pair: Path) -> None:
    clip = write_clip(Path("day.mkv"), STEADY)
    for strength in (0.0, 1.0):
        convert(clip, "night", workshop=workshop(f"{strength}.mkv", strength))
    alone, averaged = frames_of(Path("0.0.mkv")), frames_of(Path("1.0.mkv"))
    assert len(alone) == len(averaged) == len(STEADY)
    assert any((a != b).any() for a, b in zip(alone, averaged, strict=True))
    with open_source(Input(clip, "video"), ReadOptions()) as source:
        frames = [frame.pixels for frame in source]
    for frame, picture in zip(frames, alone, strict=True):
        made = Flickering().run(frame[np.newaxis]).image[0]
        assert np.abs(picture.astype(int) - made).mean() < 3


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_is_a_share(strength: float) -> None:
    with pytest.raises(UsageError, match="--stabilise is not between 0 and 1"):
        ConvertOptions(stabilise=strength)


def test_pictures_are_left_alone(pair: Path) -> None:
    write_picture(Path("in/a.png"))
    write_picture(Path("in/b.png"))
    assert workshop("out").chain("image").memory == 0
    assert workshop("out").chain("video").memory > 0
    assert Translator.load("night").stage.memory == 0


def test_segments_are_longer_than_what_warms_them_up(here: Path) -> None:
    clip = write_clip(Path("day.mkv"), STEADY)
    with open_source(Input(clip, "video"), ReadOptions()) as source:
        info = source.info
    long = replace(info, frame_count=10_000)
    assert segment_length(long, Path("a.mkv"), 1) == 250
    assert segment_length(long, Path("a.mkv"), 1, None, 30) == 360
    assert segment_length(long, Path("a.mkv"), 1, None, 2) == 250
    assert segment_length(info, Path("a.mkv"), 1, SEGMENT, 1000) == SEGMENT
