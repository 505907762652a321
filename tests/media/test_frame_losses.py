"""What frames lose, named wherever it begins: depth, gamut, chroma, captions, further layers."""

import logging
from pathlib import Path

import pytest
from av import VideoFrame

from mediatrans.media.read.frame_losses import FrameLosses
from tests.media.clips import frames_of
from tests.media.ffmpeg_clips import ffmpeg, picture

CAPTIONS = b"\0\0\1\x06\x04\x0e\xb5\0\x31GA94\x03\x41\xff\xfc\x94\x2c\xff\x80"
"""A message of H.264 (ITU-T H.264, D.1.6) with one pair of bytes of closed captions (CTA-708)."""
SLICE = b"\0\0\1\x65"


def recording(path: Path, *coding: str, draw: str = "testsrc2") -> bytes:
    ffmpeg(*picture(0.2, draw=draw), *coding, "-c:v", "libx264", "-f", "h264", path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("coding", "said"),
    [
        ("yuv420p10le", "10 bits per channel; converted with 8"),
        ("yuv444p", "its chroma changes to 4:4:4; written as 4:2:0"),
    ],
)
def test_properties_that_change_midway_are_named(
    tmp_path: Path, coding: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = recording(tmp_path / "a.264", "-pix_fmt", "yuv420p")
    (tmp_path / "in.264").write_bytes(first + recording(tmp_path / "b.264", "-pix_fmt", coding))
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(tmp_path / "in.264")) == 10
    assert caplog.text.count(f"{said} (from frame 5 on)") == 1


def test_hdr_that_begins_midway_is_named(caplog: pytest.LogCaptureFixture) -> None:
    losses = FrameLosses(Path("a.ts"))
    with caplog.at_level(logging.WARNING):
        for index, transfer in enumerate((1, 1, 18, 1, 16)):
            frame = VideoFrame(16, 16, "yuv420p")
            frame.color_trc = transfer
            losses.look(frame, index)
    assert caplog.messages == ["a.ts: HDR; tone-mapped to SDR (bt709, 8 bits) (from frame 2 on)"]


def test_closed_captions_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = recording(tmp_path / "a.264")
    assert SLICE in content
    (tmp_path / "in.264").write_bytes(content.replace(SLICE, CAPTIONS + SLICE))
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(tmp_path / "in.264")) == 5
    assert caplog.text.count("its closed captions are not carried over") == 1


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".ts"])
def test_a_second_layer_of_hevc_is_named(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The layer is transparency, or the other eye's view in MV-HEVC."""
    source = tmp_path / f"in{suffix}"
    draw = "color=c=red@0.5:size=96x64:rate=25:duration=0.2,format=yuva420p"
    quiet = ("-x265-params", "log-level=none")
    ffmpeg("-f", "lavfi", "-i", draw, "-c:v", "libx265", *quiet, source)
    with caplog.at_level(logging.WARNING):
        frames = frames_of(source)
    assert len(frames) == 5
    assert frames[0].pixels[30, 40] == pytest.approx((255, 0, 0), abs=4)
    assert "it has 2 layers (transparency, or the view of the other eye)" in caplog.text
