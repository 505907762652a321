"""The encoder that is asked for, or the reason why not; pixel formats near to the source's."""

import logging
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mediatrans.errors import DeviceError, UsageError
from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.frames import VideoInfo
from mediatrans.media.write import codecs
from mediatrans.media.write.codecs import Encoding, try_encoder
from mediatrans.media.write.coding import Coding
from mediatrans.media.write.hardware_encoders import family_of
from tests.media.clips import create_video, frames_of, open_video, times_of, translate, write_clip

TIMES = [index * 40 for index in range(4)]


def coded_as(path: Path) -> tuple[str, str | None]:
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return context.codec.canonical_name, context.pix_fmt


@pytest.mark.parametrize(
    ("encoding", "suffix", "codec"),
    [
        (Encoding("libx265"), ".mp4", "hevc"),
        (Encoding("libx265", crf=30, preset="ultrafast"), ".mkv", "hevc"),
        (Encoding("libsvtav1", preset="12"), ".webm", "av1"),
        (Encoding("libvpx"), ".webm", "vp8"),
        (Encoding("mpeg4"), ".mp4", "mpeg4"),
        (Encoding("prores_ks"), ".mov", "prores"),
        (Encoding("ffv1"), ".mkv", "ffv1"),
        (Encoding(crf=5, preset="ultrafast"), ".mp4", "h264"),
    ],
    ids=str,
)
def test_the_encoder_is_the_one_asked_for(
    tmp_path: Path, encoding: Encoding, suffix: str, codec: str
) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, size=(96, 64))
    try_encoder(encoding)
    output = translate(source, tmp_path / f"out{suffix}", encoding=encoding, verification="full")
    assert coded_as(output)[0] == codec
    assert times_of(output) == times_of(source)
    for old, new in zip(frames_of(source), frames_of(output), strict=True):
        assert np.abs(old.pixels.astype(int) - new.pixels).mean() < 4


@pytest.mark.parametrize(
    ("encoder", "suffix", "size", "pixel_format"),
    [
        ("mjpeg", ".mkv", (96, 64), "yuv420p"),
        ("mjpeg", ".mp4", (97, 65), "yuv444p"),
        ("dnxhd", ".mov", (256, 128), "yuv420p"),
        ("dnxhd", ".mov", (402, 200), "yuv444p"),
        ("h263", ".mov", (176, 144), "yuv420p"),
        ("dvvideo", ".mov", (720, 576), "yuv420p"),
    ],
)
def test_encoders_of_few_sizes_and_ranges_are_tried_with_their_own(
    tmp_path: Path, encoder: str, suffix: str, size: tuple[int, int], pixel_format: str
) -> None:
    """JPEG is of full range, DNxHR has its own profiles, H.263 and DV have few sizes."""
    uneven = [0, 40, 95, 120]
    source = write_clip(tmp_path / "in.mp4", uneven, size=size, pixel_format=pixel_format)
    try_encoder(Encoding(encoder))
    output = tmp_path / f"out{suffix}"
    translate(source, output, encoding=Encoding(encoder), verification="full")
    assert coded_as(output)[0] == encoder
    assert times_of(output) == times_of(source)
    for old, new in zip(frames_of(source), frames_of(output), strict=True):
        difference = new.pixels.astype(int) - old.pixels
        assert np.abs(difference).mean() < 4
        assert abs(difference.mean()) < 0.5  # a wrong range would change the contrast


@pytest.mark.parametrize(
    ("encoder", "suffix", "said"),
    [
        ("dnxhd", ".mov", "dnxhd only takes 256x120 and more pixels, not 96x64"),
        ("h263", ".mov", "h263 only takes 128x96 or 176x144 or .* pixels, not 96x64"),
        ("dvvideo", ".mov", "dvvideo only takes 720x480 or .* pixels, not 96x64"),
        ("libvpx-vp9", ".mov", "a frame of libvpx-vp9 cannot be written to mov"),
        ("libvpx", ".mov", "a frame of libvpx cannot be written to mov"),
        ("rv20", ".mkv", "a frame of rv20 cannot be written to matroska"),
        ("vc2", ".mkv", "a frame of vc2 cannot be written to matroska"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_first_frame(
    tmp_path: Path, encoder: str, suffix: str, said: str
) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, size=(96, 64))
    try_encoder(Encoding(encoder))
    with (
        open_video(source) as frames,
        pytest.raises(UsageError, match=said) as refused,
        create_video(tmp_path / f"out{suffix}", frames.info, Encoding(encoder)),
    ):
        pytest.fail("the sink opened")
    assert refused.value.path == source
    assert list(tmp_path.iterdir()) == [source]


def test_crf_weighs_size_against_quality(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, size=(160, 120))
    sizes = [
        translate(source, tmp_path / f"{crf}.mp4", encoding=Encoding(crf=crf)).stat().st_size
        for crf in (1, 18, 40)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        (Encoding("libx264x"), "did you mean libx264"),
        (Encoding("aac"), "not a video encoder"),
        (Encoding("mpeg4", crf=20), "does not support --crf"),
        (Encoding("libvpx-vp9", preset="slow"), "does not support --preset"),
        (Encoding("libx264", preset="glacial"), "does not start .*preset glacial"),
        (Encoding("libvpx-vp9", crf=99), "does not start .*crf 99"),
    ],
    ids=str,
)
def test_what_no_encoder_does_is_a_usage_error(encoding: Encoding, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        try_encoder(encoding)


def opens(name: str) -> bool:
    try:
        try_encoder(Encoding(name))
    except DeviceError:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    [
        "h264_nvenc",
        "hevc_nvenc",
        "h264_qsv",
        "h264_mediacodec",
        "hevc_videotoolbox",
        "h264_vaapi",
        "hevc_amf",
        "h264_mf",
    ],
)
def test_hardware_that_is_not_there_is_a_device_error(name: str) -> None:
    if opens(name):
        pytest.skip(f"{name} really opens here")
    with pytest.raises(DeviceError, match=name) as caught:
        try_encoder(Encoding(name))
    family = family_of(name)
    assert family is not None
    assert f"it needs {family.needs}" in caught.value.problem
    software = {"h264": "libx264", "hevc": "libx265"}[name.split("_")[0]]
    assert f"use --vcodec {software}" in str(caught.value.remedy)


def test_a_container_that_cannot_hold_the_codec_is_named(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES)
    with pytest.raises(UsageError, match="webm cannot hold h264"):
        translate(source, tmp_path / "out.webm", encoding=Encoding("libx264"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
def test_colour_is_sampled_as_densely_as_before(
    tmp_path: Path, suffix: str, pixel_format: str
) -> None:
    source = write_clip(tmp_path / "in.mkv", TIMES, codec="ffv1", pixel_format=pixel_format)
    assert coded_as(translate(source, tmp_path / f"out{suffix}"))[1] == pixel_format


def test_rgb_is_written_for_every_player(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mkv", TIMES, codec="ffv1", pixel_format="bgr0")
    assert coded_as(translate(source, tmp_path / "out.mp4"))[1] == "yuv420p"


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "mpeg4"])
def test_an_odd_size_is_kept_where_there_is_a_way(tmp_path: Path, codec: str) -> None:
    source = write_clip(tmp_path / "in.mkv", TIMES, codec="ffv1", size=(61, 35))
    output = translate(source, tmp_path / "out.mkv", encoding=Encoding(codec))
    assert frames_of(output)[0].pixels.shape == (35, 61, 3)


@pytest.mark.parametrize(("odd", "even"), [((61, 36), (62, 36)), ((61, 35), (62, 36))])
def test_an_odd_size_is_padded_where_there_is_none(
    tmp_path: Path,
    odd: tuple[int, int],
    even: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def trial(coding: Coding, info: VideoInfo) -> Exception | None:
        assert info.width
        assert info.height
        size = info.width + coding.padding[0], info.height + coding.padding[1]
        return ValueError("odd") if size[0] % 2 or size[1] % 2 else None

    monkeypatch.setattr(codecs, "opening_error", trial)
    source = write_clip(tmp_path / "in.mkv", TIMES, codec="ffv1", size=odd)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    before, after = frames_of(source)[0].pixels, frames_of(output)[0].pixels
    assert f"libx264 does not support odd sizes; padded to {even[0]}x{even[1]}" in caplog.text
    assert after.shape == (even[1], even[0], 3)
    assert np.abs(before.astype(int) - after[: odd[1], : odd[0]]).mean() < 4


def transparent_clip(path: Path, *codec: str) -> Path:
    """A red disc on nothing, its edge half transparent, drawn by the second FFmpeg build."""
    alpha = "255*clip(1.5-hypot(X-48-4*N,Y-32)/16,0,1)"
    code, _, log = run_ffmpeg(
        ["-y", "-f", "lavfi", "-i", "color=red:size=96x64:rate=25:duration=0.2", "-vf",
         f"format=rgba,geq=r=220:g=40:b=30:a='{alpha}'", "-c:v", *codec, str(path)],
        timeout_s=60,
    )  # fmt: skip
    assert code == 0, log
    return path


VP9_ALPHA = ("libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "10", "-b:v", "0")


@pytest.mark.parametrize(
    ("name", "codec", "output", "encoding"),
    [
        ("in.webm", VP9_ALPHA, "out.webm", None),
        ("in.webm", VP9_ALPHA, "out.mkv", Encoding("libvpx-vp9")),
        ("in.webm", ("libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"), "out.webm", None),
        ("in.mov", ("qtrle",), "out.webm", None),
        ("in.mov", ("qtrle",), "out.mov", Encoding("prores_ks")),
        ("in.mov", ("qtrle",), "out.mov", Encoding("qtrle")),
        ("in.mov", ("qtrle",), "out.mov", None),
        ("in.MOV", ("png",), "out.MOV", None),
        ("in.mov", ("prores_ks", "-pix_fmt", "yuva444p10le"), "out.mov", None),
        ("in.mkv", ("ffv1", "-pix_fmt", "yuva420p"), "out.mkv", Encoding("ffv1")),
    ],
    ids=str,
)
def test_transparency_goes_around_and_is_put_back(
    tmp_path: Path, name: str, codec: tuple[str, ...], output: str, encoding: Encoding | None
) -> None:
    source = transparent_clip(tmp_path / name, *codec)
    made = translate(source, tmp_path / output, encoding=encoding, verification="full")
    before, after = frames_of(source), frames_of(made)
    assert len(after) == len(before) == 5
    for old, new in zip(before, after, strict=True):
        assert old.alpha is not None
        assert new.alpha is not None
        assert old.alpha.min() <= 2
        assert old.alpha.max() >= 253
        assert np.abs(old.alpha.astype(int) - new.alpha).mean() < 2
        shown = old.alpha > 200
        assert np.abs(old.pixels[shown].astype(int) - new.pixels[shown]).mean() < 6


def test_transparency_that_is_lost_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = transparent_clip(tmp_path / "in.webm", *VP9_ALPHA)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    assert caplog.text.count("written as opaque") == 1
    assert frames_of(output)[0].alpha is None


@pytest.mark.parametrize(
    ("output", "remedy"), [("out.mkv", "use another --vcodec"), ("out.mp4", "suffix .mkv")]
)
def test_a_codec_that_the_container_cannot_hold_has_a_remedy(
    tmp_path: Path, output: str, remedy: str
) -> None:
    source = write_clip(tmp_path / "in.mkv", TIMES)
    with pytest.raises(UsageError, match="cannot hold huffyuv video") as caught:
        translate(source, tmp_path / output, encoding=Encoding("huffyuv"))
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("codec", "output", "encoding"),
    [
        (("qtrle",), "out.mp4", None),
        (("qtrle",), "out.mov", Encoding(crf=20)),
        (("qtrle",), "out.mov", Encoding("libx264")),
        (("qtrle", "-pix_fmt", "rgb24"), "out.mov", None),
    ],
    ids=str,
)
def test_only_transparent_quicktime_becomes_prores(
    tmp_path: Path, codec: tuple[str, ...], output: str, encoding: Encoding | None
) -> None:
    source = transparent_clip(tmp_path / "in.mov", *codec)
    made = translate(source, tmp_path / output, encoding=encoding)
    with av.open(str(made)) as container:
        assert container.streams.video[0].codec_context.name == "h264"


def test_an_encoder_that_does_not_start_leaves_nothing(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mkv", TIMES)
    with pytest.raises(UsageError, match="libx264 does not start"):
        translate(source, tmp_path / "out.mp4", encoding=Encoding(preset="glacial"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_pixels_that_are_not_square_stay_so_or_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, aspect=Fraction(16, 11))
    for suffix in (".mp4", ".mov", ".mkv"):
        with av.open(str(translate(source, tmp_path / f"out{suffix}"))) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(16, 11)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.webm")
    assert "not square" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are not UTF-8")
def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in\udcff.mkv", TIMES)
    output = translate(source, tmp_path / "out\udcff.mkv", verification="full")
    assert len(frames_of(output)) == len(TIMES)
