"""Odd files leave no line on the screen but those of mediatrans, which name the file."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fork_server import mediatrans_words
from tests.media.blocks import segment, write_jpeg

SCENE = np.random.default_rng(5).integers(0, 256, (24, 32, 3)).astype(np.uint8)


def truncated_exif(path: Path) -> None:
    """EXIF whose directory ends early, like Pillow's `hopper_bad_exif`."""
    write_jpeg(path, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x0b\0\x0f\1\2\0\x06\0\0\0"))


def coarse_tables(path: Path) -> None:
    Image.fromarray(SCENE).save(path, qtables=[[300] * 64, [400] * 64])


def malformed_mpo(path: Path) -> None:
    write_jpeg(path, segment(0xE2, b"MPF\0II*\0\xff\xff\xff\x7f"))


def damaged_jpeg(path: Path) -> None:
    Image.fromarray(SCENE).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def damaged_tiff(path: Path) -> None:
    Image.fromarray(SCENE).save(path, "TIFF", compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[20:120] = b"\xff" * 100
    path.write_bytes(data)


def float_tiff(path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.float32)).save(path, "TIFF")


def odd_tiff_tags(path: Path) -> None:
    Image.fromarray(SCENE).save(path, "TIFF", tiffinfo={315: "me"})
    data = bytearray(path.read_bytes())
    at = data.index(b"\x3b\x01\2\0")
    data[at + 4 : at + 12] = b"\xff\xff\0\0\xff\xff\xff\x0f"  # 65,535 letters beyond the end
    path.write_bytes(data)


def transparent_bytes(path: Path) -> None:
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8), "P")
    image.putpalette(list(range(256)) * 3)
    image.save(path, "PNG", transparency=bytes(range(64)))


MAKERS: list[tuple[Callable[[Path], None], str, str | None]] = [
    (truncated_exif, "a.jpg", "a.jpg: not carried over: damaged EXIF"),
    (coarse_tables, "b.jpg", None),
    (malformed_mpo, "c.jpg", "c.jpg: not carried over: further pictures"),
    (damaged_jpeg, "d.jpg", "d.jpg: the picture is damaged"),
    (damaged_tiff, "e.tif", "e.tif: the picture is damaged"),
    (float_tiff, "f.tif", "f.tif: a TIFF of 1 x 32 floating-point bits"),
    (odd_tiff_tags, "g.tif", None),
    (transparent_bytes, "h.png", None),
]


def test_the_screen(pair: Path) -> None:
    Path("in").mkdir()
    for make, name, _ in MAKERS:
        make(Path("in", name))
    # A process of its own, since native libraries write to its descriptors.
    words = [*mediatrans_words(), "convert", "in", "--to", "night"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    shown = done.stderr.splitlines()
    table = ("verdict ", "good ", "failed   ", "   ")
    usual = ("day -> night with", *table, "8 files in")
    lines = [line for line in shown if not line.startswith(usual)]
    for _, name, said in MAKERS:
        about = [line for line in lines if f"in/{name}" in line]
        if said is None:
            assert about == []
            assert next(line for line in done.stdout.splitlines() if name in line).startswith("ok")
        else:
            assert [said in line for line in about] == [True]
    assert len(lines) == sum(said is not None for _, _, said in MAKERS), shown
