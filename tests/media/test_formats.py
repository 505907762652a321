"""Telling pictures from videos, and naming a video's output."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mediatrans.media.formats import kind_of, picture_output_suffix, video_output_suffix


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "image"),
        ("A.JPEG", "image"),
        ("b.tiff", "image"),
        ("c.webp", "image"),
        ("d.mp4", "video"),
        ("d.MKV", "video"),
        ("e.avi", "video"),
        ("notes.txt", None),
        ("no-suffix", None),
        ("list.m3u8", None),
    ],
)
def test_the_suffix_tells_the_kind(name: str, kind: str | None) -> None:
    assert kind_of(Path(name)) == kind


@pytest.mark.parametrize(("frames", "kind"), [(1, "image"), (3, "video")])
def test_a_gif_is_a_video_only_when_it_moves(tmp_path: Path, frames: int, kind: str) -> None:
    path = tmp_path / "a.gif"
    pictures = [Image.new("RGB", (9, 7), (80 * i, 0, 0)) for i in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    assert kind_of(path) == kind


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"text", b"GIF89a", b"GIF89a" + b"\xff" * 40, b"\x89PNG\r\n\x1a\n\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\x08acTL\0\0", b"RIFF\xff\xff\0\0WEBPVP8X\n\0\0\0\x02",
    ],
)  # fmt: skip
def test_a_broken_animation_is_a_picture(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert kind_of(path) == "image"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.MP4", ".mp4"),
        ("a.webm", ".webm"),
        ("a.gif", ".gif"),
        ("a.webp", ".webp"),
        ("a.png", ".png"),
        ("a.ts", ".mkv"),
        ("a.wmv", ".mkv"),
    ],
)
def test_a_video_keeps_its_container_or_becomes_matroska(name: str, suffix: str) -> None:
    assert video_output_suffix(Path(name)) == suffix


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.JPG", ".JPG"), ("a.heic", ".png"), ("a.mpo", ".jpg")]
)
def test_a_picture_keeps_its_format_or_becomes_png(name: str, suffix: str) -> None:
    assert picture_output_suffix(Path(name)) == suffix


def test_it_loads_no_media_library() -> None:
    code = (
        "import sys, mediatrans.media.formats\n"
        "assert not {'av', 'cv2', 'numpy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
