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
from tests.media.blocks import BEHIND_THE_NOTE, camera_exif
from tests.media.test_picture_exif import SCENE, block_of

EXIF = b"II*\0\x08\0\0\0\0\0"


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def full(name: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags) + content)


def heif(
    properties: list[bytes],
    of_main: list[int],
    *,
    kinds: dict[int, bytes] | None = None,
    wide: bool = False,
    behind: bytes = b"",
) -> io.BytesIO:
    """A file whose main picture is item 1 and whose EXIF, if any, is item 2."""
    kinds = {1: b"hvc1", 2: b"Exif"} | (kinds or {})
    items = b"".join(
        full(b"infe", struct.pack(">HH4sx", item, 0, kind), 2) for item, kind in kinds.items()
    )
    iinf = full(b"iinf", struct.pack(">H", len(kinds)) + items)
    associations = struct.pack(">HB", 9, 1) + (b"\x80\1" if wide else b"\x81")
    pieces = [
        struct.pack(">H", 0x8000 | index) if wide else bytes([0x80 | index]) for index in of_main
    ]
    associations += struct.pack(">HB", 1, len(of_main)) + b"".join(pieces)
    ipma = full(b"ipma", struct.pack(">I", 2) + associations, flags=int(wide))
    iprp = box(b"iprp", box(b"ipco", b"".join(properties)) + ipma)
    ftyp = box(b"ftyp", b"heic" + bytes(4) + b"mif1")
    content = struct.pack(">I", 6) + b"Exif\0\0" + EXIF

    def meta(offset: int) -> bytes:
        iloc = struct.pack(">BBHHHHII", 0x44, 0, 1, 2, 0, 1, offset, len(content))
        return full(
            b"meta", full(b"pitm", struct.pack(">H", 1)) + iinf + full(b"iloc", iloc) + iprp
        )

    offset = len(ftyp) + len(meta(0)) + 8
    return io.BytesIO(ftyp + meta(offset) + box(b"mdat", content) + behind)


NCLX = box(b"colr", b"nclx" + struct.pack(">HHHB", 12, 16, 9, 0x80))
OTHER_NCLX = box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 1, 0x80))
AV1C_422_10_BITS = box(b"av1C", bytes([0x81, 0, 0x48, 0]))


@pytest.mark.parametrize("wide", [False, True])
def test_the_properties_are_those_of_the_main_picture(wide: bool) -> None:
    found = heif_info(heif([OTHER_NCLX, NCLX, AV1C_422_10_BITS], [2, 3], wide=wide))
    assert found == HeifInfo((12, 16), "4:2:2", 10, EXIF)


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
