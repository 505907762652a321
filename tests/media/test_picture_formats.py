"""Formats that Pillow may lack, sizes known before decoding, and damage that decoders miss."""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from mediatrans.errors import InputError, OutputError
from mediatrans.media.frames import Frame
from mediatrans.media.read.declared_size import declared_size
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import box, full, heif

HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic"
MIF1 = struct.pack(">I", 20) + b"ftypmif1" + bytes(4) + b"mif1"
AVIF = struct.pack(">I", 28) + b"ftypavif" + bytes(4) + b"avifmif1miaf"
JXL_BOX = b"\0\0\0\x0cJXL \r\n\x87\n"


def ispe(width: int, height: int) -> bytes:
    return struct.pack(">I4s4xII", 20, b"ispe", width, height)


def jxl(width: int, height: int) -> bytes:
    """The start of a JPEG XL codestream of any size: no multiples of 8, no ratio."""
    bits, at = 0, 0
    for value, count in ((0, 1), (3, 2), (height - 1, 30), (0, 3), (3, 2), (width - 1, 30)):
        bits |= value << at
        at += count
    return b"\xff\x0a" + bits.to_bytes(16, "little")


@pytest.fixture
def registry() -> Iterator[None]:
    """Pillow's registries as they were, after the test."""
    Image.init()
    before = dict(Image.OPEN), list(Image.ID)
    yield
    Image.OPEN.clear()
    Image.OPEN.update(before[0])
    Image.ID[:] = before[1]


class FakeHeif(ImageFile.ImageFile):
    """Any HEIC is a red picture of 3 x 2."""

    format = "HEIF"

    def _open(self) -> None:
        self._mode, self._size = "RGB", (3, 2)

    def load(self) -> None:
        self.im = Image.new("RGB", self._size, "red").im


@pytest.mark.parametrize(
    ("content", "title", "package"),
    [
        (HEIC + ispe(8, 8), "HEIC", "pip install pillow-heif"),
        (MIF1 + ispe(8, 8), "HEIC", "pip install pillow-heif"),
        (jxl(8, 8), "JPEG XL", "pip install pillow-jxl-plugin"),
        (JXL_BOX + bytes(8) + jxl(8, 8), "JPEG XL", "pip install pillow-jxl-plugin"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    registry: None,
    content: bytes,
    title: str,
    package: str,
) -> None:
    for module, name in (("pillow_heif", "HEIF"), ("pillow_jxl", "JXL")):
        monkeypatch.setitem(sys.modules, module, None)
        Image.OPEN.pop(name, None)
    path = tmp_path / "in.jpg"  # the content counts, not the name
    path.write_bytes(content + bytes(100))
    with pytest.raises(InputError, match=title) as caught:
        read_picture(path)
    assert package in str(caught.value)


def test_avif_without_any_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: None
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_avif", None)
    monkeypatch.setitem(Image.OPEN, "AVIF", (FakeHeif, lambda prefix: "no decoder"))
    monkeypatch.setattr(cv2, "haveImageReader", lambda path: False)
    (tmp_path / "in.avif").write_bytes(AVIF + ispe(8, 8))
    with pytest.raises(InputError, match="pip install pillow-avif-plugin"):
        read_picture(tmp_path / "in.avif")


def test_an_installed_plugin_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: None
) -> None:
    plugin = ModuleType("pillow_heif")

    def register_heif_opener() -> None:
        Image.register_open("HEIF", FakeHeif, lambda prefix: prefix[4:8] == b"ftyp")

    plugin.register_heif_opener = register_heif_opener  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    (tmp_path / "in.heic").write_bytes(HEIC + ispe(3, 2))
    assert (read_picture(tmp_path / "in.heic").pixels == (255, 0, 0)).all()


def test_avif_is_read(tmp_path: Path) -> None:
    pixels = np.full((20, 30, 3), (200, 60, 40), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.avif", quality=95)
    assert np.abs(read_picture(tmp_path / "in.avif").pixels.astype(int) - pixels).max() < 6


def test_avif_is_read_by_opencv_where_pillow_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: None
) -> None:
    pixels = np.full((20, 30, 3), (200, 60, 40), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.avif", quality=95)
    if not cv2.haveImageReader(str(tmp_path / "in.avif")):
        pytest.skip("this OpenCV has no AVIF")
    monkeypatch.setitem(sys.modules, "pillow_avif", None)
    del Image.OPEN["AVIF"]
    assert np.abs(read_picture(tmp_path / "in.avif").pixels.astype(int) - pixels).max() < 6


def test_pam_is_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    header = b"P7\n# by me\nWIDTH 7\nHEIGHT 5\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    (tmp_path / "in.pam").write_bytes(header + pixels.tobytes())
    frame = read_picture(tmp_path / "in.pam")
    assert (frame.pixels == pixels).all()
    assert frame.still is not None
    assert [text.text for text in frame.still.texts] == ["by me"]


@pytest.mark.parametrize("content", [b"x", b"x\n", b"abc", b"\0\0\0"])
def test_a_file_of_few_bytes_is_no_damaged_picture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.jpg").write_bytes(content)
    with pytest.raises(InputError, match="not a picture that can be read"):
        read_picture(tmp_path / "in.jpg")


@pytest.mark.parametrize(
    "header",
    [
        b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(3),
        b"P7\nWIDTH 60000\nHEIGHT 60000\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n",
        HEIC + ispe(160, 120) + ispe(60_000, 60_000),
        AVIF + ispe(60_000, 60_000),
        jxl(60_000, 60_000),
        JXL_BOX + bytes(8) + jxl(60_000, 60_000),
    ],
    ids=["gif", "pam", "heic", "avif", "jxl", "jxl in boxes"],
)
def test_bombs_whose_readers_decode_to_tell_the_size(tmp_path: Path, header: bytes) -> None:
    assert declared_size(header) == (60_000, 60_000)
    (tmp_path / "in.bin").write_bytes(header + bytes(100))
    with pytest.raises(InputError, match="limit of 200,000,000") as caught:
        read_picture(tmp_path / "in.bin")
    assert "--max-pixels 3600000000" in str(caught.value)


@pytest.mark.parametrize(
    ("bits", "size"),
    [
        ("1 11101 000 00100", (40, 192)),  # both a multiple of 8: (23 + 1) * 8 by (4 + 1) * 8
        ("1 11101 100", (192, 192)),
        ("0 00 110001000 101", (64, 36)),
    ],
)
def test_short_jpeg_xl_sizes(bits: str, size: tuple[int, int]) -> None:
    # Written lowest bit first, as the standard reads them.
    number = sum(int(bit) << at for at, bit in enumerate(bits.replace(" ", "")))
    assert declared_size(b"\xff\x0a" + number.to_bytes(16, "little")) == size


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_png_whose_rest_is_zeros_is_damaged(tmp_path: Path, part: float) -> None:
    path = tmp_path / "in.png"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    kept = int(len(whole) * part)
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    with pytest.raises(InputError, match="picture is damaged"):
        read_picture(path)


def test_a_png_without_its_last_bytes_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    Image.new("RGB", (8, 8)).save(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match="picture is damaged"):
        read_picture(path)


def test_the_colour_of_a_heic_is_converted(tmp_path: Path, registry: None) -> None:
    Image.register_open("HEIF", FakeHeif, lambda prefix: prefix[4:8] == b"ftyp")
    path = tmp_path / "in.heic"
    p3 = box(b"colr", b"nclx" + struct.pack(">HHHB", 12, 4, 1, 0x80))
    path.write_bytes(heif([p3, full(b"ispe", struct.pack(">II", 3, 2))], [1, 2]).getvalue())
    frame = read_picture(path)
    assert frame.still is not None
    assert frame.still.notes == ("converted from Display P3, gamma 2.2 to sRGB",)


@pytest.mark.parametrize("size", [(64, 48), (256, 256), (20, 100), (8, 12)])
def test_an_icon_has_the_size_of_its_source(tmp_path: Path, size: tuple[int, int]) -> None:
    frame = Frame(np.zeros((size[1], size[0], 3), np.uint8), 0, "in.png")
    write_picture(frame, tmp_path / "out.ico")
    assert read_picture(tmp_path / "out.ico").pixels.shape == (size[1], size[0], 3)


def test_a_picture_that_is_too_large_for_an_icon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="257x3 pixels are more than 256x256"):
        write_picture(Frame(np.zeros((3, 257, 3), np.uint8), 0, "in.png"), tmp_path / "out.ico")
    assert not list(tmp_path.iterdir())


def test_the_other_sizes_of_an_icon_are_named(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 64))
    image.save(tmp_path / "in.ico", sizes=[(16, 16), (64, 64)])
    still = read_picture(tmp_path / "in.ico").still
    assert still is not None
    assert still.notes == ("not carried over: all sizes of the icon but the largest",)
