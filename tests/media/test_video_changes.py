"""What is read of a frame, and what changes midway: side data, size, colour, other streams."""

import logging
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from mediatrans.errors import InputError
from mediatrans.media.colour.yuv import ToRgb
from mediatrans.media.read import sources
from mediatrans.media.read.letterbox import Letterbox
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.side_data import drop_mastering_primaries, side_data
from tests.media.blocks import box, full
from tests.media.clips import frames_of, open_video, translate
from tests.media.ffmpeg_clips import ffmpeg, picture, sound

SKY = "format=yuv420p10le,geq=lum=550:cb=574:cr=477"
PQ = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
LIGHT = "WP(15635,16450)L(10000000,1)"
IN_ORDER = f"G(8500,39850)B(6550,2300)R(35400,14600){LIGHT}"
PERMUTED = f"G(34000,16000)B(13250,34500)R(7500,3000){LIGHT}"
ZERO = f"G(0,0)B(0,0)R(0,0){LIGHT}"


@pytest.mark.parametrize("orientation", [1, 5, 6, 8])
def test_side_data_that_pyav_does_not_know_is_passed_over(tmp_path: Path, orientation: int) -> None:
    source = tmp_path / "in.png"
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a walk"
    pictures = [Image.new("RGB", (32, 24), (50 * index, 40, 90)) for index in range(4)]
    pictures[0].putpixel((0, 0), (255, 255, 255))
    pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=100, exif=exif)
    frames = frames_of(source)
    assert len(frames) == 4
    size = (24, 32, 3) if orientation == 1 else (32, 24, 3)
    assert {frame.pixels.shape for frame in frames} == {size}


@pytest.mark.parametrize("name", ["in.png", "in.mkv", "in.mov"])
def test_frames_with_a_colour_profile_are_read(tmp_path: Path, name: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pictures = [Image.new("RGB", (32, 24), (50 * index, 40, 90)) for index in range(4)]
    source = tmp_path / name
    if name == "in.png":
        pictures[0].save(source, save_all=True, append_images=pictures[1:], icc_profile=profile)
    else:
        for index, still in enumerate(pictures):
            still.save(tmp_path / f"{index}.png", icc_profile=profile)
        ffmpeg("-framerate", "10", "-i", tmp_path / "%d.png", "-c", "copy", source)
    for _ in range(5):  # the memory that was freed twice need not fail at once
        frames = frames_of(source)
        assert [tuple(frame.pixels[0, 0]) for frame in frames] == [
            (0, 40, 90), (50, 40, 90), (100, 40, 90), (150, 40, 90),
        ]  # fmt: skip


def flat_hdr(path: Path, mastering: str) -> Path:
    """A clip of a blue sky in HDR."""
    display = f":master-display={mastering}:max-cll=1000,400" if mastering else ""
    coding = f"log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc{display}"
    ffmpeg(
        *picture(0.2, "96x64", "color"), "-vf", SKY, "-c:v", "libx265", "-x265-params", coding,
        *PQ, path,
    )  # fmt: skip
    return path


def sky(path: Path, mastering: str) -> tuple[int, ...]:
    """The colour of a flat HDR clip after reading it."""
    return tuple(int(value) for value in frames_of(flat_hdr(path, mastering))[0].pixels[30, 40])


@pytest.mark.slow
def test_the_pictures_own_primaries_decide(tmp_path: Path) -> None:
    right = sky(tmp_path / "right.mkv", IN_ORDER)
    assert right[2] > right[1] > right[0]  # a blue sky
    for name, mastering in (("permuted.mkv", PERMUTED), ("zero.mkv", ZERO)):
        assert sky(tmp_path / name, mastering) == pytest.approx(right, abs=2)


def test_the_primaries_of_a_mastering_display_are_unset(tmp_path: Path) -> None:
    path = flat_hdr(tmp_path / "in.mkv", PERMUTED)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        before = side_data(frame)["MASTERING_DISPLAY_METADATA"]
        drop_mastering_primaries(frame)
        after = side_data(frame)["MASTERING_DISPLAY_METADATA"]
    # Two integers say whether primaries and luminances are set.
    assert struct.unpack("=2i", before[80:88]) == (1, 1)
    assert struct.unpack("=2i", after[80:88]) == (0, 1)
    assert after[:80] == before[:80]


@pytest.mark.parametrize(
    ("second", "fitted"),
    [("128x96", (64, 85)), ("48x64", (64, 48)), ("192x32", (16, 96))],
)
def test_frames_of_another_size_are_fitted_and_named(
    tmp_path: Path, second: str, fitted: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    first, other, joined = (tmp_path / name for name in ("1.ts", "2.ts", "in.ts"))
    ffmpeg(*picture(1, "96x64", "color=c=red"), "-c:v", "libx264", first)
    ffmpeg(*picture(1, second, "color=c=white"), "-c:v", "libx264", "-output_ts_offset", "1", other)
    joined.write_bytes(first.read_bytes() + other.read_bytes())
    with caplog.at_level(logging.WARNING):
        frames = frames_of(joined)
    assert len(frames) == 50
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    white = frames[-1].pixels.min(axis=2) > 200
    assert (white.any(axis=1).sum(), white.any(axis=0).sum()) == pytest.approx(fitted, abs=2)
    assert f"its size changes to {second} at frame 25; fitted into 96x64" in caplog.text


def test_a_letterbox_keeps_transparency() -> None:
    pixels, alpha = np.full((10, 20, 3), 200, np.uint8), np.full((10, 20), 90, np.uint8)
    fitted, shown = Letterbox(20, 20, Path("a.webm"))(pixels, alpha, 3)
    assert fitted.shape == (20, 20, 3)
    assert shown is not None
    assert shown[10, 10] == 90
    assert (fitted[0, 0], shown[0, 0]) == (pytest.approx([0, 0, 0]), 255)


@pytest.mark.slow
def test_colour_that_changes_midway_is_converted_by_each_frame(tmp_path: Path) -> None:
    standard, hdr = tmp_path / "sdr.mkv", tmp_path / "hdr.mkv"
    ffmpeg(*picture(0.2, "96x64", "color=c=0x3060c0"), "-c:v", "libx264", standard)
    wanted = sky(hdr, "")
    convert = ToRgb()
    found = []
    for path in (standard, hdr, standard):
        with av.open(str(path)) as container:
            pixels, _ = convert(next(container.decode(video=0)))
        found.append(tuple(int(value) for value in pixels[30, 40]))
    assert found[0] == found[2] == pytest.approx((0x30, 0x60, 0xC0), abs=4)
    assert found[1] == wanted


def two_videos(path: Path) -> Path:
    ffmpeg(
        *picture(1, "64x48", "color=c=red"), *picture(1, "96x64"), *sound(1), "-map", "0",
        "-map", "1", "-map", "2", "-c:v", "libx264", "-disposition:v", "default", path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_the_choice_of_one_of_two_videos_is_announced(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = two_videos(tmp_path / f"in{suffix}")
    with caplog.at_level(logging.WARNING), open_video(source) as frames:
        assert (frames.info.width, frames.info.height) == (96, 64)
    assert "it has 2 video streams; stream 1 (96x64) is translated" in caplog.text
    assert "--stream chooses another" in caplog.text


def test_another_stream_can_be_chosen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = two_videos(tmp_path / "in.mkv")
    with open_source(Input(source, "video"), ReadOptions(stream=0)) as frames:
        assert (frames.info.width, frames.info.height) == (64, 48)
    assert caplog.text == ""
    with (
        pytest.raises(InputError, match=r"no video stream 2.*one of its video streams: 0, 1"),
        open_source(Input(source, "video"), ReadOptions(stream=2)),
    ):
        pass


@pytest.mark.parametrize(("muxer", "name"), [("film_cpk", "a.avi"), ("roq", "a.mp4")])
def test_a_format_that_is_not_read_is_not_called_damaged(
    tmp_path: Path, muxer: str, name: str
) -> None:
    source = tmp_path / name
    ffmpeg(*picture(0.4), "-f", muxer, source)
    with pytest.raises(InputError, match="of another format; convert it to"):
        frames_of(source)


@pytest.mark.parametrize("name", ["a.mjpeg", "a.mjpg", "a.m2v", "a.264", "a.265", "a.obu", "a.ivf"])
def test_raw_video_is_read_by_its_suffix(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    codings = {
        ".mjpeg": ("mjpeg",), ".mjpg": ("mjpeg", "-f", "mjpeg"), ".m2v": ("mpeg2video",),
        ".264": ("libx264", "-f", "h264"), ".obu": ("libaom-av1", "-cpu-used", "8"),
        ".265": ("libx265", "-x265-params", "log-level=error", "-f", "hevc"),
        ".ivf": ("libvpx",),
    }  # fmt: skip
    ffmpeg(*picture(0.4), "-c:v", *codings[source.suffix], source)
    assert len(frames_of(source)) == 10


def test_a_coding_that_is_not_supported_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # FFmpeg's decoder of animated PNG lacks 16 bits with transparency; Pillow's is left out here.
    monkeypatch.setattr(sources, "is_deep_apng", lambda path: False)
    source = tmp_path / "in.png"
    ffmpeg(*picture(0.2, "64x48"), "-vf", "format=rgba64be", "-c:v", "apng", "-f", "apng", source)
    with pytest.raises(InputError, match="not supported by this build of FFmpeg") as caught:
        frames_of(source)
    assert "whole copy" not in str(caught.value)


def test_an_encrypted_video_is_called_so(tmp_path: Path) -> None:
    whole, source = tmp_path / "whole.mp4", tmp_path / "in.mp4"
    ffmpeg(*picture(), "-c:v", "libx264", whole)
    ffmpeg(
        "-i", whole, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key",
        "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8",
        source,
    )  # fmt: skip
    with pytest.raises(InputError, match="it is encrypted"):
        frames_of(source)
    assert len(frames_of(whole)) == 25


def stereo_mode(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].metadata.get("stereo_mode")


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4", ".mov"])
@pytest.mark.parametrize("mode", ["left_right", "bottom_top", "checkerboard_rl"])
def test_a_stereoscopic_video_stays_one_in_matroska(
    tmp_path: Path, mode: str, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """WebM only allows some of the modes."""
    source = tmp_path / "in.mkv"
    ffmpeg(*picture(0.2), "-c:v", "libx264", "-metadata:s:v", f"stereo_mode={mode}", source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    is_kept = suffix == ".mkv" or (suffix == ".webm" and mode != "checkerboard_rl")
    assert stereo_mode(output) == (mode if is_kept else None)
    assert ("stereoscopic video (stereo3d); the tags" in caplog.text) != is_kept
    assert caplog.text.count("WARNING") == (not is_kept)


@pytest.mark.parametrize(("packing", "mode"), [(3, "left_right"), (4, "top_bottom")])
def test_the_frame_packing_of_h264_becomes_a_stereo_mode(
    tmp_path: Path, packing: int, mode: str
) -> None:
    source = tmp_path / "in.mp4"
    stereo = ("-vf", "format=yuv420p", "-x264-params", f"frame-packing={packing}")
    ffmpeg(*picture(0.2), "-c:v", "libx264", *stereo, source)
    assert stereo_mode(translate(source, tmp_path / "out.mkv")) == mode


def with_projection(path: Path) -> Path:
    """Put the boxes of an equirectangular video (Spherical Video V2) into an MP4 for its last."""
    content = path.read_bytes()
    source = full(b"svhd", b"test\0")
    bounds = full(b"equi", bytes(16))
    projection = box(b"proj", full(b"prhd", bytes(12)) + bounds)
    added = box(b"sv3d", source + projection)
    entry = content.index(b"avc1", content.index(b"stsd")) - 4
    end = entry + int.from_bytes(content[entry : entry + 4])
    made = bytearray(content[:end] + added + content[end:])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        at = made.index(name, content.index(b"moov")) - 4
        made[at : at + 4] = (int.from_bytes(made[at : at + 4]) + len(added)).to_bytes(4)
    path.write_bytes(made)
    return path


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_spherical_video_is_said_to_lose_its_tags(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    ffmpeg(*picture(0.2), "-c:v", "libx264", tmp_path / "in.mp4")
    source = with_projection(tmp_path / "in.mp4")
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / f"out{suffix}")
    assert "spherical (360 degrees) or stereoscopic video (spherical); the tags" in caplog.text


def write_aspects(path: Path, coding: tuple[str, ...], aspects: tuple[str, ...]) -> Path:
    """Recordings of one size whose pixels have other aspects, joined end to end."""
    parts = []
    for index, aspect in enumerate(aspects):
        part = path.with_stem(f"part{index}")
        ffmpeg(
            *picture(0.4, "96x64"), "-vf", f"setsar={aspect}", *coding, "-muxdelay", "0",
            "-output_ts_offset", str(0.4 * index), part,
        )  # fmt: skip
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))
    return path


H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize(
    ("suffix", "coding", "aspects", "black"),
    [
        (".ts", H264, ("1", "2"), {"rows": 16}),
        (".ts", H264, ("2", "1"), {"columns": 24}),
        (".h264", H264, ("16/11", "12/11"), {"columns": 12}),
        (".ts", ("-c:v", "libx265", "-x265-params", "log-level=none"), ("1", "2"), {"rows": 16}),
        (".ts", ("-c:v", "mpeg2video", "-aspect", "4:3"), ("1", "1"), {}),
        (".ts", H264, ("12/11", "59/54"), {}),
    ],
)
def test_frames_whose_pixel_aspect_changes_keep_their_proportions(
    tmp_path: Path, suffix: str, coding: tuple[str, ...], aspects: tuple[str, ...],
    black: dict[str, int], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    source = write_aspects(tmp_path / f"in{suffix}", coding, aspects)
    frames = frames_of(source)
    assert len(frames) == 20
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    rows, columns = black.get("rows", 0), black.get("columns", 0)
    for frame in frames:
        is_later = frame.index >= 10
        light = frame.pixels.max(2) > 40
        lit_rows, lit_columns = light.any(1), light.any(0)
        expected = (64 - 2 * rows, 96 - 2 * columns) if is_later else (64, 96)
        assert (int(lit_rows.sum()), int(lit_columns.sum())) == expected
    assert ("pixel aspect changes at frame 10" in caplog.text) == bool(black)


def test_the_aspect_of_a_container_applies_to_all_frames(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    joined = write_aspects(tmp_path / "in.ts", H264, ("1", "2"))
    ffmpeg("-i", joined, "-c", "copy", "-aspect", "3:1", tmp_path / "in.mkv")
    assert {frame.pixels.shape for frame in frames_of(tmp_path / "in.mkv")} == {(64, 96, 3)}
    assert "pixel aspect" not in caplog.text
