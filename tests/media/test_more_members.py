"""Further members of kinds of odd videos: chapters, empty tracks, clocks, side data, damage."""

import logging
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.errors import InputError
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.side_data import drop_mastering_primaries, side_data
from mediatrans.media.wholeness import damage_of
from tests.media.clips import frames_of, packets_of, times_of, translate, write_animation
from tests.media.ffmpeg_clips import ffmpeg, picture, shown_frames, sound
from tests.media.test_carried_over import CHAPTERS, titles
from tests.media.test_mux import with_telemetry
from tests.media.test_video_animation import write_deep_apng
from tests.media.test_video_changes import PERMUTED, flat_hdr, two_videos, with_projection

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize("suffix", [".mp4", ".m4v"])
@pytest.mark.parametrize("output", [".mp4", ".mov"])
def test_chapters_of_an_mp4_are_copied(
    tmp_path: Path, suffix: str, output: str, caplog: pytest.LogCaptureFixture
) -> None:
    chapters, source = tmp_path / "c.txt", tmp_path / f"in{suffix}"
    chapters.write_text(CHAPTERS)
    ffmpeg(*picture(2), *sound(2), "-i", chapters, "-map_metadata", "2", *H264, source)
    with caplog.at_level(logging.WARNING):
        made = translate(source, tmp_path / f"out{output}")
    assert caplog.text == ""
    assert titles(made) == titles(source) == ["One", "Two"]


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".avi"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_exif_of_the_frames_of_a_motion_jpeg_is_passed_over(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "a camera"
    for index in range(4):
        Image.new("RGB", (32, 24), (50 * index, 40, 90)).save(tmp_path / f"{index}.jpg", exif=exif)
    source = tmp_path / f"in{suffix}"
    ffmpeg("-framerate", "10", "-i", tmp_path / "%d.jpg", "-c", "copy", source)
    frames = frames_of(source)
    assert len(frames) == 4
    assert {frame.pixels.shape for frame in frames} == {
        (24, 32, 3) if orientation == 1 else (32, 24, 3)
    }


def test_the_primaries_of_a_mastering_display_in_an_mp4_are_unset(tmp_path: Path) -> None:
    with av.open(str(flat_hdr(tmp_path / "in.mp4", PERMUTED))) as container:
        frame = next(container.decode(video=0))
        before = side_data(frame)["MASTERING_DISPLAY_METADATA"]
        drop_mastering_primaries(frame)
        after = side_data(frame)["MASTERING_DISPLAY_METADATA"]
    assert struct.unpack("=2i", before[80:88]) == (1, 1)
    assert struct.unpack("=2i", after[80:88]) == (0, 1)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4", ".mov"])
def test_subtitles_without_a_line_are_no_obstacle(tmp_path: Path, suffix: str) -> None:
    late, source = tmp_path / "late.srt", tmp_path / "in.mkv"
    late.write_text("1\n00:00:20,000 --> 00:00:21,000\nlate\n")
    ffmpeg(
        "-i", late, *picture(), *sound(1), "-map", "0", "-map", "1", "-map", "2", *H264,
        "-c:a", "aac", "-t", "1", source,
    )  # fmt: skip
    output = translate(source, tmp_path / f"out{suffix}", verification="full")
    assert shown_frames(output) == 25
    with av.open(str(output)) as container:
        assert len(container.streams.audio) == 1


@pytest.mark.parametrize("suffix", [".mpg", ".vob", ".m2ts"])
def test_other_clocks_that_roll_over_are_shown_whole(tmp_path: Path, suffix: str) -> None:
    coding = ("-c:v", "mpeg2video", "-c:a", "mp2", "-muxdelay", "0", "-muxpreload", "0")
    source = tmp_path / f"in{suffix}"
    ffmpeg(*picture(1), *sound(1), *coding, "-output_ts_offset", "95443.2", source)
    output = translate(source, tmp_path / "out.mp4", verification="full")
    times = times_of(output)
    assert shown_frames(output) == len(times) == 25
    assert times[0] == 0
    assert {round(1000 * (b - a)) for a, b in pairwise(times)} == {40}


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_times_before_zero_are_moved_with_the_sound(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.wmv"
    ffmpeg(
        *picture(), *sound(1), "-c:v", "wmv2", "-c:a", "wmav2", "-output_ts_offset", "-0.5",
        "-avoid_negative_ts", "disabled", source,
    )  # fmt: skip
    output = translate(source, tmp_path / f"out{suffix}", verification="full")
    times = times_of(output)
    assert times_of(source)[0] < 0
    assert times[0] == 0
    assert shown_frames(output) == len(times) == 25
    heard = [packets_of(path, "audio")[0][0] - times_of(path)[0] for path in (source, output)]
    assert abs(heard[0] - heard[1]) < Fraction(1, 8)  # what the decoder holds back


@pytest.mark.parametrize(
    "coding", [("libx264", "-bf", "3"), ("libx264", "-bf", "8"), ("mpeg2video", "-bf", "2")]
)
def test_reordered_frames_of_an_avi_are_shown_in_their_order(
    tmp_path: Path, coding: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.avi"
    ffmpeg(*picture(1), *sound(1), "-c:v", *coding, "-c:a", "mp3", source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv")
    assert caplog.text == ""
    times = times_of(output)
    assert len(times) == 25
    assert {round(1000 * (b - a)) for a, b in pairwise(times)} == {40}


def test_frames_that_are_turned_midway_are_fitted_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = b""
    for name, turned in (
        ("a.264", ()),
        ("b.264", ("-bsf:v", "h264_metadata=display_orientation=insert:rotate=90")),
    ):
        ffmpeg(*picture(0.2, draw="color=c=white"), *H264, *turned, "-f", "h264", tmp_path / name)
        content += (tmp_path / name).read_bytes()
    (tmp_path / "in.264").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        frames = frames_of(tmp_path / "in.264")
    assert len(frames) == 10
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    assert frames[4].pixels.min() > 200
    lit = (frames[5].pixels.min(2) > 200).any(0).sum()
    assert lit == pytest.approx(64 * 64 / 96, abs=2)
    assert "its size changes to 64x96 at frame 5" in caplog.text


@pytest.mark.parametrize("keys", [("location",), ("make", "model", "copyright"), ("comment",)])
@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_tags_without_a_list_of_their_own_are_kept(
    tmp_path: Path, suffix: str, keys: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / f"in{suffix}"
    value = "+48.1372+011.5755/"
    tags = [word for key in keys for word in ("-metadata", f"{key}={value}")]
    ffmpeg(*picture(0.2), *H264, *tags, source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    with av.open(str(source)) as before, av.open(str(output)) as after:
        held = {key: text for key, text in before.metadata.items() if text == value}
        assert held
        assert held.items() <= after.metadata.items()
    assert caplog.text == ""


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_a_spherical_matroska_is_said_to_lose_its_tags(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    ffmpeg(*picture(0.2), *H264, tmp_path / "in.mp4")
    source = tmp_path / "in.mkv"
    ffmpeg("-i", with_projection(tmp_path / "in.mp4"), "-c", "copy", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / f"out{suffix}")
    assert caplog.text.count("stereoscopic video (spherical); the tags") == 1


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_a_spherical_stream_that_is_copied_keeps_its_tags(tmp_path: Path, suffix: str) -> None:
    ffmpeg(*picture(0.2, "48x32"), *H264, tmp_path / "round.mp4")
    ffmpeg(*picture(0.2), *H264, tmp_path / "flat.mp4")
    source = tmp_path / "in.mkv"
    ffmpeg(
        "-i", tmp_path / "flat.mp4", "-i", with_projection(tmp_path / "round.mp4"),
        "-map", "0", "-map", "1", "-c", "copy", source,
    )  # fmt: skip
    with av.open(str(translate(source, tmp_path / f"out{suffix}"))) as container:
        assert "SPHERICAL" in side_data(next(container.decode(video=1)))


FORMAT_IN_H264 = b"\0\0\1\x06\x04\x09\xb5\0\x31DTG1\x41\xf8\x80"
"""A message of H.264 (ITU-T H.264, D.1.6) with an active format description (ETSI TS 101 154)."""
CAPTIONS_IN_MPEG2 = b"\0\0\1\xb2GA94\x03\x41\xff\xfc\x94\x2c\xff"
"""User data of MPEG-2 (ISO 13818-2, 6.2.2.2.2) with one pair of bytes of closed captions."""


@pytest.mark.parametrize(
    ("name", "coding", "begin", "added", "said"),
    [
        ("in.264", (*H264, "-f", "h264"), b"\0\0\1\x65", FORMAT_IN_H264, "active format"),
        ("in.m2v", ("-c:v", "mpeg2video"), b"\0\0\1\x01", CAPTIONS_IN_MPEG2, "closed captions"),
    ],
)
def test_other_data_inside_frames_is_named(
    tmp_path: Path,
    name: str,
    coding: tuple[str, ...],
    begin: bytes,
    added: bytes,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = tmp_path / name
    ffmpeg(*picture(0.2), *coding, source)
    content = source.read_bytes()
    assert begin in content
    source.write_bytes(content.replace(begin, added + begin))
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(source)) == 5
    assert caplog.text.count(f"its {said}") == 1


@pytest.mark.parametrize("last", [b"free", b"skip", b"uuid"])
def test_a_last_box_that_is_cut_misses_nothing(tmp_path: Path, last: bytes) -> None:
    path = tmp_path / "in.mp4"
    ffmpeg(*picture(0.4), *sound(0.4), *H264, path)
    path.write_bytes(path.read_bytes() + (500).to_bytes(4) + last + bytes(20))
    assert damage_of(path) is None
    assert len(frames_of(path)) == 10


def test_a_64_bit_size_that_cannot_be_true_is_called_damage(tmp_path: Path) -> None:
    path = tmp_path / "in.mp4"
    ffmpeg(*picture(0.4), *H264, path)
    content = path.read_bytes()
    at = content.index(b"free") - 4  # an empty box that makes room for a long size
    assert content[at + 12 : at + 16] == b"mdat"
    large = (1).to_bytes(4) + b"mdat" + (70_087_269_200_954_824).to_bytes(8)
    path.write_bytes(content[:at] + large + content[at + 16 :])
    assert damage_of(path) == "the file is damaged: a size in it leads far beyond its end"


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("in.avi", b"H264", b"ZZZZ"),
        ("in.mov", b"avc1", b"zzzz"),
        ("in.mkv", b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ"),
    ],
)
def test_a_codec_that_nobody_knows_is_not_called_damaged(
    tmp_path: Path, name: str, known: bytes, unknown: bytes
) -> None:
    source = tmp_path / name
    ffmpeg(*picture(0.2), *H264, source)
    content = source.read_bytes()
    assert known in content
    source.write_bytes(content.replace(known, unknown))
    with pytest.raises(InputError, match="not supported") as caught:
        frames_of(source)
    assert "whole copy" not in str(caught.value)


@pytest.mark.parametrize(("number", "size"), [("0", (64, 48)), ("1", (96, 64))])
@pytest.mark.usefixtures("auto_is_cpu")
def test_the_option_for_the_stream(pair: Path, number: str, size: tuple[int, int]) -> None:
    two_videos(Path("in.mkv"))
    words = ["convert", "in.mkv", "--to", "night", "--stream", number, "-o", "out.mkv"]
    assert run(words) == 0
    # Only the chosen one is encoded anew.
    index = int(number)
    with av.open("in.mkv") as before, av.open("out.mkv") as after:
        for stream in (0, 1):
            before.seek(0)
            after.seek(0)
            packets = [
                [bytes(packet) for packet in opened.demux(video=stream) if packet.size]
                for opened in (before, after)
            ]
            assert (packets[0] == packets[1]) == (stream != index)
        chosen = after.streams.video[index]
        assert (chosen.width, chosen.height) == size


@pytest.mark.usefixtures("auto_is_cpu")
def test_metadata_tracks_of_telephones_are_named_in_one_line(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path("in.mov")
    ffmpeg(
        "-i", with_telemetry(Path("one.mp4").absolute()), "-map", "0", "-map", "0:d", "-map", "0:d",
        "-c", "copy", source,
    )  # fmt: skip
    source.write_bytes(source.read_bytes().replace(b"gpmd", b"mebx"))
    for output in ("out.mkv", "out.mov"):
        assert run(["convert", "in.mov", "--to", "night", "-o", output]) == 0
        told = [line for line in capsys.readouterr().err.splitlines() if "(data" in line]
        assert len(told) == 1
        assert [told[0].count(f"stream {index} (data") for index in (1, 2, 3)] == [1, 1, 1]


def test_transparency_of_a_matroska_names_the_way_to_keep_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mkv"
    clear = "format=yuva420p,colorchannelmixer=aa=0.5"
    ffmpeg(*picture(0.2), "-vf", clear, "-c:v", "ffv1", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.mkv")
    assert caplog.text.count("written as opaque") == 1
    assert ".webm has it, and --vcodec prores_ks in .mov" in caplog.text


@pytest.mark.parametrize("name", ["in.webp", "in.png"])
def test_the_limit_on_pixels_applies_to_animations(tmp_path: Path, name: str) -> None:
    if name == "in.webp":
        source = write_animation(tmp_path / name, [40, 40], size=(96, 64))
    else:
        source = write_deep_apng(tmp_path / name, "rgba64be")
    with open_source(Input(source, "video"), ReadOptions(max_pixels=6144)) as frames:
        assert len(list(frames)) == (2 if name == "in.webp" else 10)
    with (
        pytest.raises(InputError, match="limit of 6,143"),
        open_source(Input(source, "video"), ReadOptions(max_pixels=6143)),
    ):
        pass
