"""One limit for the number of pixels, `max_pixels`: that of Pillow does not count."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.errors import InputError
from mediatrans.media.read.picture_reader import read_picture
from tests.media.blocks import chunk


@pytest.fixture(autouse=True)
def pillows_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow warns from 100 pixels on and refuses from 200 on."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)


@pytest.mark.parametrize(
    "suffix", [".gif", ".webp", ".ico", ".tif", ".png", ".jpg", ".mpo", ".bmp", ".jp2", ".avif"]
)
def test_the_limit_of_pillow_does_not_count(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    image = Image.new("RGB", (48, 32), "red")
    if suffix == ".ico":
        image.save(path, sizes=[(48, 32)])
    else:
        image.save(path, save_all=suffix == ".mpo", append_images=[image])
    assert read_picture(path).pixels.shape == (32, 48, 3)
    with pytest.raises(InputError, match="limit of 1,535") as caught:
        read_picture(path, max_pixels=1_535)
    assert "--max-pixels" in str(caught.value)


def png(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def icon(inside: bytes) -> bytes:
    """An icon that claims 48 x 32 pixels."""
    entry = struct.pack("<BBBBHHII", 48, 32, 0, 0, 1, 32, len(inside), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + inside


def gif(width: int, height: int) -> bytes:
    """A screen of 4 x 4 pixels with a larger frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0)
    return head + frame + b"\2\2\x44\1\0;"


@pytest.mark.parametrize("content", [icon(png(60_000, 60_000)), gif(60_000, 60_000)])
def test_parts_that_are_larger_than_the_picture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.bin").write_bytes(content)
    with pytest.raises(InputError, match="limit of 200,000,000"):
        read_picture(tmp_path / "in.bin")


def test_a_large_gif_is_read(tmp_path: Path) -> None:
    """More pixels than Pillow takes by itself, fewer than the limit of mediatrans."""
    path = tmp_path / "in.gif"
    Image.fromarray(np.zeros((100, 300), np.uint8)).save(path)
    assert read_picture(path, max_pixels=30_000).pixels.shape == (100, 300, 3)
