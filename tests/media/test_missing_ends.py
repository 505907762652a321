"""Ends and frames that are missing in formats that count nothing, or count too little."""

import logging
import struct
from pathlib import Path

import pytest

from mediatrans.errors import InputError
from tests.media.clips import frames_of
from tests.media.ffmpeg_clips import ffmpeg, picture


@pytest.mark.parametrize("name", ["a.265", "a.264"])
def test_raw_video_without_a_part_is_read_with_a_warning(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    codec = ("libx265", "-x265-params", "log-level=none") if name == "a.265" else ("libx264",)
    path = tmp_path / name
    ffmpeg(
        *picture(1),
        "-g",
        "10",
        "-c:v",
        *codec,
        "-f",
        "hevc" if "5" in name else "h264",
        path,
    )
    with caplog.at_level(logging.WARNING):
        frames_of(path)
    assert "damaged" not in caplog.text
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3] + content[len(content) // 2 :])
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) < 25
    assert "; frames may be missing or concealed" in caplog.text
    assert "damaged at 0.000 s" not in caplog.text


def test_an_avi_that_ends_in_zeros_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ffmpeg(*picture(1), "-c:v", "mjpeg", tmp_path / "a.avi")
    content = (tmp_path / "a.avi").read_bytes()
    kept, path = len(content) * 7 // 10, tmp_path / "zeroed.avi"
    path.write_bytes(content[:kept].ljust(len(content), b"\0"))
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) < 25
    assert "before the end that its header declares; frames may be missing" in caplog.text


def test_a_realmedia_that_ends_early_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.rm"
    ffmpeg(*picture(1, "128x96"), "-c:v", "rv20", path)
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) == 25
    assert caplog.text == ""
    content = bytearray(path.read_bytes())
    struct.pack_into(">I", content, content.index(b"MDPR") + 36, 1500)  # its duration in ms
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) == 25
    assert "it ends 0.50 s before the end that its header declares" in caplog.text


def test_a_file_without_any_frame_is_not_blamed_on_the_requested_part(tmp_path: Path) -> None:
    ffmpeg(
        *picture(0.2),
        "-c:v",
        "libx264",
        "-movflags",
        "empty_moov+frag_keyframe",
        tmp_path / "a.mp4",
    )
    content = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "in.mp4").write_bytes(content[: content.index(b"moof") - 4])
    with pytest.raises(InputError, match="no frame can be decoded"):
        frames_of(tmp_path / "in.mp4")
