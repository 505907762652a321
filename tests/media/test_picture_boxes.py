"""What the boxes of AVIF and HEIF files tell: colour, subsampling, EXIF, and what is lost."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from mediatrans.media.read.isobmff import HeifInfo, heif_info
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import BEHIND_THE_NOTE, HEIF_EXIF, box, camera_exif, full, heif
from tests.media.test_picture_exif import SCENE, block_of

NCLX = box(b"colr", b"nclx" + struct.pack(">HHHB", 12, 16, 9, 0x80))
OTHER_NCLX = box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 1, 0x80))
AV1C_422_10_BITS = box(b"av1C", bytes([0x81, 0, 0x48, 0]))


@pytest.mark.parametrize("wide", [False, True])
def test_the_properties_are_those_of_the_main_picture(wide: bool) -> None:
    found = heif_info(heif([OTHER_NCLX, NCLX, AV1C_422_10_BITS], [2, 3], wide=wide))
    assert found == HeifInfo((12, 16), "4:2:2", 10, HEIF_EXIF)


def aux(kind: bytes) -> bytes:
    return full(b"auxC", kind + b"\0")


@pytest.mark.parametrize(
    ("properties", "kinds", "behind", "lost"),
    [
        ([aux(b"urn:com:apple:photo:2020:aux:hdrgainmap")], {}, b"", "HDR gain map"),
        ([], {3: b"tmap"}, b"", "HDR gain map"),
        ([aux(b"urn:mpeg:hevc:2015:auxid:2")], {}, b"", "depth map"),
        ([], {}, box(b"mpvd", bytes(40)), "motion photo's video"),
    ],
)
def test_what_is_lost_is_named(
    properties: list[bytes], kinds: dict[int, bytes], behind: bytes, lost: str
) -> None:
    assert heif_info(heif(properties, [], kinds=kinds, behind=behind)).lost == {lost}


def test_damaged_boxes_tell_nothing_or_less() -> None:
    whole = heif([NCLX, AV1C_422_10_BITS], [1, 2]).getvalue()
    rng = np.random.default_rng(0)
    for _ in range(400):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(0, 256)
        assert isinstance(
            heif_info(io.BytesIO(data[: rng.integers(len(data) // 2, len(data))])), HeifInfo
        )


@pytest.mark.skipif(not features.check("avif"), reason="no AVIF here")
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_exif_of_an_avif_is_not_rewritten(tmp_path: Path, orientation: int) -> None:
    exif = b"Exif\0\0" + camera_exif(orientation=orientation)
    Image.fromarray(SCENE).save(tmp_path / "in.jpg", exif=exif)
    write_picture(read_picture(tmp_path / "in.jpg"), tmp_path / "in.avif")
    write_picture(read_picture(tmp_path / "in.avif"), tmp_path / "out.avif")
    assert block_of(tmp_path / "out.avif") == block_of(tmp_path / "in.avif")
    assert BEHIND_THE_NOTE in block_of(tmp_path / "out.avif")


@pytest.mark.skipif(not features.check("avif"), reason="no AVIF here")
@pytest.mark.parametrize("orientation", [3, 6])
def test_an_avif_that_is_turned_by_its_boxes(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "a camera"
    image = Image.fromarray(np.zeros((32, 48, 3), np.uint8))
    image.paste((250, 0, 0), (0, 0, 24, 16))
    image.save(tmp_path / "in.avif", exif=exif, quality=95)
    frame = read_picture(tmp_path / "in.avif")
    corner = frame.pixels[4, -4] if orientation == 6 else frame.pixels[-4, -4]
    assert corner[0] > 200
    write_picture(frame, tmp_path / "out.avif")
    again = read_picture(tmp_path / "out.avif")
    assert again.pixels.shape == frame.pixels.shape
    with Image.open(tmp_path / "out.avif") as out:
        assert out.getexif().get(0x0112, 1) == 1
        assert out.getexif()[0x010F] == "a camera"
