"""What the frames of a video look like: colour, rotation, size, transparency."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.frames import Pixels
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
from tests.media.clips import Tags, largest_difference, times_of, translate, write_clip

TIMES = [index * 40 for index in range(4)]
BARS = np.array([(r, g, b) for r in (16, 235) for g in (16, 235) for b in (16, 235)], np.uint8)


def first_picture(path: Path) -> Pixels:
    with VideoSource(path) as frames:
        return next(iter(frames)).pixels


def ramp_and_bars(index: int, width: int, height: int) -> Pixels:
    """A grey ramp above, eight colour bars below."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2] = np.linspace(0, 255, width).round()[None, :, None]
    picture[height // 2 :] = np.repeat(BARS, width // 8, axis=0)[None]
    return picture


def flat_parts(pixels: Pixels) -> list[Pixels]:
    """The ramp, and the bars without their edges, where chroma is shared across pixels."""
    height, width = pixels.shape[:2]
    bars = pixels[height // 2 + 12 : -4].reshape(-1, 8, width // 8, 3)[:, :, 12:-12]
    return [pixels[4 : height // 2 - 12, 8:-8], bars]


COLOURS = {
    "bt601 limited": ((512, 256), Tags(1, 6, 6, 6)),
    "bt601 full": ((512, 256), Tags(2, 6, 6, 6)),
    "bt709 limited": ((512, 256), Tags(1, 1, 1, 1)),
    "bt709 full": ((512, 256), Tags(2, 1, 1, 1)),
    "untagged small": ((512, 256), Tags(untagged_matrix=6)),
    "untagged large": ((1280, 720), Tags(untagged_matrix=1)),
}


@pytest.mark.parametrize(("size", "tags"), COLOURS.values(), ids=COLOURS.keys())
def test_colours_survive_and_tags_stay(tmp_path: Path, size: tuple[int, int], tags: Tags) -> None:
    drawn = ramp_and_bars(0, *size)
    source = write_clip(
        tmp_path / "in.mp4", TIMES[:2], size=size, draw=ramp_and_bars, tags=tags,
        options={"qp": "1", "preset": "ultrafast"},
    )  # fmt: skip
    output = translate(source, tmp_path / "out.mp4")
    before, after = first_picture(source), first_picture(output)
    for found, wanted in ((before, drawn), (after, before)):
        for part, as_it_was in zip(flat_parts(found), flat_parts(wanted), strict=True):
            assert np.abs(part.astype(int) - as_it_was).max() <= 2
    with av.open(str(source)) as old, av.open(str(output)) as new:
        for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
            assert getattr(new.streams.video[0], name) == getattr(old.streams.video[0], name)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_rotated_video_comes_out_upright(tmp_path: Path, degrees: int) -> None:
    def corner(index: int, width: int, height: int) -> Pixels:
        picture = np.full((height, width, 3), 90, np.uint8)
        picture[: height // 2, : width // 2] = 230
        return picture

    source = write_clip(tmp_path / "in.mp4", TIMES, draw=corner, rotation=degrees)
    output = translate(source, tmp_path / "out.mp4")
    # A display matrix of d degrees turns the stored picture counterclockwise by d.
    wanted = np.rot90(corner(0, 64, 48), degrees // 90)
    for path in (source, output):
        found = first_picture(path)
        assert found.shape == wanted.shape
        assert np.abs(found.astype(int) - wanted).mean() < 6
    with av.open(str(output)) as container:
        assert next(container.decode(video=0)).rotation == 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".gif"])
@pytest.mark.parametrize("size", [(61, 35), (62, 35), (2, 2), (1, 1)], ids=str)
def test_every_size_is_kept(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    source = write_clip(
        tmp_path / "in.avi", [0, 1, 2], time_base=Fraction(1, 25), size=size,
        codec="ffv1", pixel_format="bgr0",
    )  # fmt: skip
    output = translate(source, tmp_path / f"out{suffix}")
    with VideoSource(output) as frames:
        assert (frames.info.width, frames.info.height) == size
        assert {frame.pixels.shape for frame in frames} == {(size[1], size[0], 3)}


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, aspect=Fraction(16, 11))
    output = translate(source, tmp_path / "out.mp4")
    with VideoSource(source) as before, VideoSource(output) as after:
        assert after.info.pixel_aspect == before.info.pixel_aspect == Fraction(16, 11)


RED = (190, 110, 100)


def grey_and_red(index: int, width: int, height: int) -> Pixels:
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[:, width // 3 : 2 * width // 3] = RED
    picture[:, 2 * width // 3 :] = 235
    return picture


@pytest.mark.slow  # FFmpeg needs 7 s to work out the table, whatever the size of the frames
@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_hdr_becomes_sdr_and_says_so(
    tmp_path: Path, transfer: int, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(
        tmp_path / "in.mkv", TIMES[:2], codec="ffv1", pixel_format="yuv420p10le",
        draw=grey_and_red, tags=Tags(1, 9, 9, transfer),
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    assert "HDR" in caplog.text
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1
        assert context.pix_fmt == "yuv420p"
    grey, red, white = (first_picture(output)[24, x].astype(int) for x in (8, 32, 56))
    assert np.ptp(grey) <= 4
    assert np.ptp(white) <= 4
    assert 40 < grey.mean() < white.mean() <= 255
    assert red[0] > red[1] + 40


def test_wide_colours_are_mapped_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_clip(
        tmp_path / "in.mkv", TIMES[:2], codec="ffv1", pixel_format="yuv444p10le",
        draw=grey_and_red, tags=Tags(1, 9, 9, 14),
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    assert "wide gamut" in caplog.text
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
    grey, red, _ = (first_picture(output)[24, x].astype(int) for x in (8, 32, 56))
    assert np.abs(grey - 128).max() <= 3
    # By the primaries of BT.2020 and BT.709 and their common transfer function, worked out below.
    assert np.abs(red - bt2020_to_bt709(RED)).max() <= 4


def bt2020_to_bt709(colour: tuple[int, int, int]) -> NDArray[np.float64]:
    """ITU-R BT.2087, with the transfer function of BT.709."""
    matrix = np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    )
    coded = np.array(colour) / 255
    linear = np.where(coded < 0.081, coded / 4.5, ((coded + 0.099) / 1.099) ** (1 / 0.45))
    mapped = np.clip(matrix @ linear, 0, 1)
    coded = np.where(mapped < 0.018, 4.5 * mapped, 1.099 * mapped**0.45 - 0.099)
    return np.asarray(255 * coded, np.float64)


def test_ten_bits_of_usual_colour_keep_their_tags(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(
        tmp_path / "in.mkv", TIMES[:2], codec="ffv1", pixel_format="yuv420p10le",
        draw=grey_and_red, tags=Tags(1, 1, 1, 1),
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    assert "10 bits" in caplog.text
    picture = first_picture(output)[24]
    assert np.abs(picture[[8, 56]].astype(int) - [[128] * 3, [235] * 3]).max() <= 2
    with av.open(str(output)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_an_animated_gif_keeps_its_delays_and_transparency(tmp_path: Path) -> None:
    source, output = tmp_path / "in.gif", tmp_path / "out.gif"
    pictures = []
    for index in range(4):
        pixels = np.zeros((20, 30, 4), np.uint8)
        pixels[4:12, 4 + 4 * index : 10 + 4 * index] = (200, 40, 30, 255)
        pictures.append(Image.fromarray(pixels))
    delays = [70, 200, 500, 130]
    pictures[0].save(
        source, save_all=True, append_images=pictures[1:], duration=delays, loop=0, disposal=2
    )
    translate(source, output)
    assert largest_difference(times_of(source), times_of(output)) == 0
    with VideoSource(source) as before, VideoSource(output) as after:
        for old, new in zip(before, after, strict=True):
            assert old.alpha is not None
            assert new.alpha is not None
            assert (old.alpha == new.alpha).all()
            shown = old.alpha > 0
            assert np.abs(old.pixels[shown].astype(int) - new.pixels[shown]).max() <= 8


def test_a_change_of_size_midway_keeps_the_first_size(tmp_path: Path) -> None:
    small = write_clip(tmp_path / "a.ts", TIMES, size=(64, 48))
    large = write_clip(tmp_path / "b.ts", [160, 200], size=(128, 96))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    with VideoSource(joined) as frames:
        assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}


def test_ffmpeg_reads_a_transparent_frame_as_drawn(tmp_path: Path) -> None:
    path = tmp_path / "in.mov"
    run_ffmpeg(
        ["-f", "lavfi", "-i", "color=red@0.5:size=32x24:rate=5:duration=1,format=rgba",
         "-c:v", "qtrle", str(path)],
        timeout_s=60,
    )  # fmt: skip
    with VideoSource(path) as frames:
        frame = next(iter(frames))
    assert frame.alpha is not None
    assert set(np.unique(frame.alpha)) <= {127, 128}
    assert (frame.pixels[0, 0] == (255, 0, 0)).all() or frame.pixels[0, 0, 0] > 250


def test_a_sink_takes_pixels_it_did_not_decode(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES)
    output = tmp_path / "out.mp4"
    with VideoSource(source) as frames, VideoSink(PublishedFile(output), frames.info) as sink:
        for frame in frames:
            inverted = type(frame)(
                pixels=255 - frame.pixels, index=frame.index, name=frame.name,
                pts=frame.pts, duration=frame.duration, time_base=frame.time_base,
            )  # fmt: skip
            sink.write(inverted)
    difference = (255 - first_picture(source)).astype(int) - first_picture(output)
    assert np.abs(difference).mean() < 4
