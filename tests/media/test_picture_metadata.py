"""What a picture's file holds beside its pixels comes out as it went in."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

from mediatrans.media.frames import Frame, Pixels, StillInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import write_tiff
from tests.media.profiles import rgb_profile

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a b="\xc3\xa9"/></x:xmpmeta>'


def scene(width: int = 48, height: int = 32) -> Pixels:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return (np.stack([x, y, 1 - x * y], axis=-1) * 200 + 20).astype(np.uint8)


def rich_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Orientation], exif[Base.Make] = orientation, "a camera"
    shot = exif.get_ifd(IFD.Exif)
    shot[Base.ExifImageWidth], shot[Base.ExifImageHeight] = 48, 32
    shot[Base.ColorSpace], shot[Base.ISOSpeedRatings] = 65535, 200
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = "N"
    return exif


def rich_still(bits: int = 8) -> StillInfo:
    return StillInfo(
        mode="RGB", bits=bits, exif=rich_exif().tobytes(), dpi=(300.0, 150.0), xmp=XMP,
        icc=rgb_profile("a profile"),
    )  # fmt: skip


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".avif"])
def test_every_block_is_written_and_read_again(tmp_path: Path, suffix: str, bits: int) -> None:
    path = tmp_path / f"out{suffix}"
    write_picture(Frame(scene(), 0, "scene", still=rich_still(bits)), path)
    with Image.open(path) as image:
        exif = image.getexif()
        assert exif[Base.Make] == "a camera"
        assert exif.get_ifd(IFD.Exif)[Base.ISOSpeedRatings] == 200
        assert exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] == "N"
        assert image.info["icc_profile"] == rich_still().icc
        assert image.info["xmp"] == XMP
        if suffix not in (".webp", ".avif"):
            assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)
    read = read_picture(path).still
    assert read is not None
    assert read.xmp == XMP
    assert read.bits == (bits if suffix in (".png", ".tif") else 8)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_16_bits_are_what_two_other_readers_find(tmp_path: Path, suffix: str, alpha: bool) -> None:
    cover = np.arange(48 * 32, dtype=np.uint32).reshape(32, 48).astype(np.uint8) if alpha else None
    frame = Frame(scene(), 0, "scene", alpha=cover, still=StillInfo(mode="RGB", bits=16))
    path = tmp_path / f"out{suffix}"
    write_picture(frame, path)
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    assert found.dtype == np.uint16
    expected = frame.pixels
    if cover is not None and suffix == ".ppm":
        expected = np.asarray(
            Image.composite(
                Image.fromarray(frame.pixels),
                Image.new("RGB", (48, 32), "white"),
                Image.fromarray(cover),
            )
        )
    assert (found[..., 2::-1] == expected.astype(np.uint16) * 257).all()
    with Image.open(path) as image:
        assert (np.asarray(image.convert("RGB")) == expected).all()
        if cover is not None and suffix != ".ppm":
            assert (np.asarray(image.getchannel("A")) == cover).all()


def test_16_bits_are_reported(tmp_path: Path) -> None:
    deep = np.full((4, 5, 3), 40_000, np.uint16)
    for name in ("in.png", "in.tif", "in.ppm"):
        cv2.imwrite(str(tmp_path / name), deep)
        still = read_picture(tmp_path / name).still
        assert still is not None
        assert still.notes == ("16 bits per channel, converted with 8",)


@pytest.mark.parametrize("orientation", [1, 6])
def test_exif_tells_the_size_and_colour_of_the_output(tmp_path: Path, orientation: int) -> None:
    path, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    Image.fromarray(scene()).save(
        path, exif=rich_exif(orientation), icc_profile=rgb_profile("Display P3"), dpi=(300, 150)
    )
    write_picture(read_picture(path), out)
    with Image.open(out) as image:
        exif = image.getexif()
        shot = exif.get_ifd(IFD.Exif)
        assert (shot[Base.ExifImageWidth], shot[Base.ExifImageHeight]) == image.size
        assert exif.get(Base.Orientation, 1) == 1
        assert shot[Base.ColorSpace] == 1
        assert image.info["dpi"] == ((300, 150) if orientation == 1 else (150, 300))


def test_the_thumbnail_of_the_untranslated_picture_is_left_out(tmp_path: Path) -> None:
    exif = rich_exif()
    block = bytearray(exif.tobytes()[6:])
    # The first directory's pointer to the next one, which describes a thumbnail.
    order: Literal["little", "big"] = "little" if block[:2] == b"II" else "big"
    start = int.from_bytes(block[4:8], order)
    count = int.from_bytes(block[start : start + 2], order)
    pointer = start + 2 + count * 12
    block[pointer : pointer + 4] = len(block).to_bytes(4, order)
    entry = [(0x0201, 4, 1, len(block) + 30), (0x0202, 4, 1, 9)]
    thumbnail = len(entry).to_bytes(2, order)
    for tag, kind, number, value in entry:
        thumbnail += tag.to_bytes(2, order) + kind.to_bytes(2, order)
        thumbnail += number.to_bytes(4, order) + value.to_bytes(4, order)
    block += thumbnail + bytes(4) + b"THUMBNAIL"
    Image.fromarray(scene()).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + bytes(block))
    assert b"THUMBNAIL" in (tmp_path / "in.jpg").read_bytes()
    write_picture(read_picture(tmp_path / "in.jpg"), tmp_path / "out.jpg")
    assert b"THUMBNAIL" not in (tmp_path / "out.jpg").read_bytes()
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif()[Base.Make] == "a camera"


def test_plain_exif_is_kept_as_it_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "a camera"
    Image.fromarray(scene()).save(tmp_path / "in.jpg", exif=exif)
    still = read_picture(tmp_path / "in.jpg").still
    assert still is not None
    assert still.exif == exif.tobytes()


def test_an_orientation_in_xmp_is_reset_as_well(tmp_path: Path) -> None:
    info = PngInfo()
    xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    info.add_itxt("XML:com.adobe.xmp", xmp)
    Image.fromarray(scene()).save(tmp_path / "in.png", pnginfo=info)
    write_picture(read_picture(tmp_path / "in.png"), tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (32, 48)
        assert b"Orientation" not in image.info["xmp"]


def test_blocks_too_long_for_jpeg_are_dropped_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exif = rich_exif()
    exif.get_ifd(IFD.Exif)[Base.MakerNote] = bytes(70_000)
    still = StillInfo(mode="RGB", exif=exif.tobytes(), xmp=XMP + b" " * 70_000)
    write_picture(Frame(scene(), 0, "scene", still=still), tmp_path / "out.jpg")
    assert read_picture(tmp_path / "out.jpg").pixels.shape == (32, 48, 3)
    assert "EXIF block is too large" in caplog.text
    assert "XMP block is too large" in caplog.text


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("exif", [None, rich_exif()], ids=["plain", "extended"])
def test_a_webp_stays_lossless_or_lossy(
    tmp_path: Path, lossless: bool, exif: Image.Exif | None
) -> None:
    path, out = tmp_path / "in.webp", tmp_path / "out.webp"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path, lossless=lossless, exif=exif or b"")
    frame = read_picture(path)
    write_picture(frame, out)
    assert (read_picture(out).pixels == frame.pixels).all() == lossless
    assert frame.still is not None
    assert frame.still.lossless == lossless


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_a_quality_that_is_asked_for(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / f"in{suffix}", quality=80)
    frame = read_picture(tmp_path / f"in{suffix}")
    sizes = []
    for quality in (20, 60, 98):
        write_picture(frame, tmp_path / f"out{suffix}", quality=quality)
        sizes.append((tmp_path / f"out{suffix}").stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("sampling", [0, 1, 2])
def test_a_quality_leaves_the_chroma_sampling(tmp_path: Path, sampling: int) -> None:
    Image.fromarray(scene()).save(tmp_path / "in.jpg", subsampling=sampling)
    write_picture(read_picture(tmp_path / "in.jpg"), tmp_path / "out.jpg", quality=50)
    still = read_picture(tmp_path / "out.jpg").still
    assert still is not None
    assert still.jpeg is not None
    assert still.jpeg.subsampling == sampling


def test_a_jpeg_made_of_a_png_keeps_every_pixels_colour(tmp_path: Path) -> None:
    Image.fromarray(scene()).save(tmp_path / "in.png")
    write_picture(read_picture(tmp_path / "in.png"), tmp_path / "out.jpg")
    still = read_picture(tmp_path / "out.jpg").still
    assert still is not None
    assert still.jpeg is not None
    assert still.jpeg.subsampling == 0


def test_no_resolution_is_made_up_for_a_tiff(tmp_path: Path) -> None:
    samples = bytes(range(12))
    write_picture(
        read_picture(write_tiff(tmp_path / "in.tif", samples, (4, 3), [8])), tmp_path / "out.tif"
    )
    with Image.open(tmp_path / "out.tif") as image:
        assert not {282, 283, 296} & set(image.tag_v2)  # type: ignore[attr-defined]
