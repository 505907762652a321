"""Still pictures: every kind is read upright in sRGB and written back as what it was."""

import os
import warnings
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from mediatrans.errors import InputError, OutputError
from mediatrans.media.frames import Frame, JpegCoding, Pixels, StillInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.read.picture_source import PictureSource
from mediatrans.media.write.picture_sink import PictureSink
from mediatrans.media.write.picture_writer import write_picture
from tests.media.clips import noise

ORIENTATION = 0x0112
DESCRIPTION = 0x010E


def scene(width: int = 48, height: int = 32) -> Pixels:
    """Smooth colours, no two corners alike."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return (np.stack([x, y, 1 - x * y], axis=-1) * 200 + 20).astype(np.uint8)


def rewritten(path: Path, suffix: str | None = None) -> Path:
    """Read a picture and write it unchanged beside itself."""
    output = path.with_name(f"out{suffix or path.suffix}")
    write_picture(read_picture(path), output)
    return output


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_comes_out_as_colour(tmp_path: Path, mode: str) -> None:
    suffix = ".tif" if mode in ("CMYK", "YCbCr", "PA") else ".png"
    image = Image.fromarray(scene()).convert("P" if mode == "PA" else mode)
    path = tmp_path / f"in{suffix}"
    image.save(path)
    frame = read_picture(path)
    assert frame.pixels.shape == (32, 48, 3)
    assert (frame.pixels == np.asarray(image.convert("RGB"))).all()
    with Image.open(rewritten(path)) as again:
        assert again.mode in ("RGB", "RGBA")
        assert (np.asarray(again.convert("RGB")) == frame.pixels).all()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("height", [256, 257, 700])
def test_a_picture_of_several_strips(tmp_path: Path, mode: str, height: int) -> None:
    image = Image.fromarray(scene(5, height)).convert(mode)
    image.save(path := tmp_path / "in.tif")
    assert (read_picture(path).pixels == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".gif"])
def test_transparency_is_kept(tmp_path: Path, suffix: str) -> None:
    image = Image.fromarray(scene())
    alpha = Image.fromarray(np.repeat([[0, 255]], [24, 24], axis=1).repeat(32, 0).astype(np.uint8))
    image.putalpha(alpha)
    path = tmp_path / f"in{suffix}"
    image.save(path)
    again = read_picture(rewritten(path))
    assert again.alpha is not None
    assert (again.alpha == np.asarray(alpha)).all()


def test_a_transparent_palette_is_kept(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4), "P")
    image.putpalette([value for index in range(12) for value in (index * 20, 9, 90)])
    image.save(tmp_path / "in.png", transparency=bytes([0, 100] + [255] * 10))
    frame = read_picture(tmp_path / "in.png")
    assert frame.alpha is not None
    assert frame.alpha[0].tolist() == [0, 100, 255, 255]
    assert frame.pixels[0, 2].tolist() == [40, 9, 90]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_stay_16_bits(tmp_path: Path, suffix: str, channels: int) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (20, 30, channels)).astype(np.uint16)
    path = tmp_path / f"in{suffix}"
    cv2.imwrite(str(path), deep)
    frame = read_picture(path)
    assert frame.still is not None
    assert frame.still.bits == 16
    colour = np.repeat(deep, 3, axis=2) if channels == 1 else deep[..., 2::-1]
    assert np.abs(frame.pixels * 257.0 - colour).max() <= 257
    again = cv2.imread(str(rewritten(path)), cv2.IMREAD_UNCHANGED)
    assert again is not None
    assert again.dtype == np.uint16
    assert (again[..., 2::-1] == frame.pixels.astype(np.uint16) * 257).all()
    assert (again.shape[2] == 4) == (channels == 4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_exif_rotation_is_applied_once(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = orientation, "a road"
    path = tmp_path / "in.jpg"
    Image.fromarray(scene()).save(path, exif=exif, quality=95, dpi=(300, 300))
    output = rewritten(path)
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}[orientation]
    upright = scene()[:, ::-1] if orientation in (2, 4, 5, 7) else scene()
    upright = np.rot90(upright, turns)
    for found in (read_picture(path).pixels, read_picture(output).pixels):
        assert found.shape == upright.shape
        assert np.abs(found.astype(int) - upright).max() < 24
    with Image.open(output) as image:
        assert image.getexif().get(ORIENTATION, 1) == 1
        assert image.getexif()[DESCRIPTION] == "a road"
        assert image.info["dpi"] == (300, 300)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_is_compressed_as_it_was(tmp_path: Path, quality: int, subsampling: int) -> None:
    path = tmp_path / "in.jpg"
    progressive = quality == 75
    Image.fromarray(scene()).save(
        path, quality=quality, subsampling=subsampling, progressive=progressive
    )
    before, after = read_picture(path).still, read_picture(rewritten(path)).still
    assert before is not None
    assert after is not None
    assert before.jpeg is not None
    assert before.jpeg.progressive == progressive
    assert after.jpeg == before.jpeg


@pytest.mark.parametrize("quality", [None, 80])
def test_a_progressive_jpeg_may_be_large(tmp_path: Path, quality: int | None) -> None:
    coding = JpegCoding(((1,) * 64, (1,) * 64), subsampling=0, progressive=True)
    frame = Frame(noise(0, 500, 500), 0, "in.jpg", still=StillInfo("RGB", jpeg=coding))
    path = tmp_path / "out.jpg"
    write_picture(frame, path, quality=quality)
    after = read_picture(path)
    assert path.stat().st_size > 250_000
    assert np.abs(after.pixels.astype(int) - frame.pixels).mean() < 20
    assert after.still is not None
    assert after.still.jpeg is not None
    assert after.still.jpeg.progressive


def test_a_grey_jpeg_becomes_a_colour_one(tmp_path: Path) -> None:
    path = tmp_path / "in.jpg"
    Image.fromarray(scene()).convert("L").save(path, quality=80)
    with Image.open(rewritten(path)) as image:
        assert image.mode == "RGB"


def test_a_wide_profile_becomes_srgb_and_says_so(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image.fromarray(scene()).convert("LAB")
    image.save(tmp_path / "in.tif", icc_profile=lab)
    frame = read_picture(tmp_path / "in.tif")
    assert np.abs(frame.pixels.astype(int) - scene()).mean() < 12
    assert frame.still is not None
    assert frame.still.icc is not None
    with Image.open(rewritten(tmp_path / "in.tif", ".png")) as again:
        assert again.info["icc_profile"] == frame.still.icc


def test_an_srgb_picture_is_not_touched(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(scene()).save(tmp_path / "in.png", icc_profile=srgb)
    frame = read_picture(tmp_path / "in.png")
    assert (frame.pixels == scene()).all()
    assert frame.still is not None
    assert frame.still.icc == srgb


@pytest.mark.parametrize("profile", [b"no profile", b""])
def test_a_broken_profile_is_passed_over(tmp_path: Path, profile: bytes) -> None:
    Image.fromarray(scene()).save(tmp_path / "in.png", icc_profile=profile)
    assert (read_picture(tmp_path / "in.png").pixels == scene()).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (65, 67), (1, 300)], ids=str)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_every_size_is_kept(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    Image.fromarray(scene(*size)).save(path)
    assert read_picture(rewritten(path)).pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_truncated_picture_is_an_input_error(tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"in{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(InputError) as caught:
        read_picture(path)
    assert caught.value.path == path
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a text" * 30, "not a picture"),
        (b"\xff\xd8\xff", "damaged: not a whole JPEG"),
    ],
)
def test_what_is_no_picture_is_an_input_error(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "in.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_picture(path)


@pytest.mark.parametrize("value", [np.float32(0.5), np.int32(70_000)])
def test_pictures_of_32_bits_are_input_errors(tmp_path: Path, value: np.float32 | np.int32) -> None:
    path = tmp_path / "in.tif"
    Image.fromarray(np.full((4, 5), value)).save(path)
    with pytest.raises(InputError, match="16 bits") as caught:
        read_picture(path)
    assert caught.value.path == path


def test_a_missing_picture_and_a_folder_are_input_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.png", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            read_picture(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.png")
    with pytest.raises(InputError, match="cannot read the picture: not a regular file"):
        read_picture(tmp_path / "in.png")


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + zlib.crc32(body).to_bytes(4)


@pytest.mark.parametrize("size", [(60000, 60000), (20000, 10001)])
def test_a_decompression_bomb_is_refused_before_decoding(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size) + b"\0\0\0\0IDAT\x35\xaf\x06\x1e")
    with pytest.raises(InputError, match="limit of 200,000,000"):
        read_picture(path)


def test_large_pictures_below_the_limit_are_read_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (10_000, 9_500)).save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_picture(path).pixels.shape == (9_500, 10_000, 3)
        with pytest.raises(InputError, match="limit of 1,000"):
            read_picture(path, max_pixels=1_000)


def test_a_picture_sink_needs_a_frame_and_room(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no frame"), PictureSink(tmp_path / "none.png"):
        pass
    (tmp_path / "taken.png").mkdir()
    with (
        pytest.raises(OutputError, match="folder"),
        PictureSink(tmp_path / "taken.png") as sink,
    ):
        sink.write(Frame(scene(), 0, "scene"))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


def test_a_picture_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_bytes(b"text")
    with (
        pytest.raises(InputError, match=r"text\.png"),
        PictureSource(tmp_path / "text.png") as read,
    ):
        list(read)


def test_transparency_that_a_format_cannot_hold_is_laid_over_white(tmp_path: Path) -> None:
    clear = Frame(scene(), 0, "clear", alpha=np.zeros((32, 48), np.uint8))
    write_picture(clear, tmp_path / "out.jpg")
    assert read_picture(tmp_path / "out.jpg").pixels.min() > 250


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.mp4"])
def test_an_unknown_format_is_an_output_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot write pictures"):
        write_picture(Frame(scene(), 0, "scene"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_size_the_format_cannot_hold_is_an_output_error(tmp_path: Path) -> None:
    wide = Frame(np.zeros((1, 70_000, 3), np.uint8), 0, "wide")
    with pytest.raises(OutputError, match="another format"):
        write_picture(wide, tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_odd_metadata_is_no_obstacle(tmp_path: Path) -> None:
    options: list[dict[str, Any]] = [
        {"exif": b"Exif\0\0garbage"},
        {"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"},
        {"dpi": (0, 0)},
    ]
    for option in options:
        path = tmp_path / "in.jpg"
        Image.fromarray(scene()).save(path, **option)
        read_picture(rewritten(path))


def test_what_still_info_holds_is_written(tmp_path: Path) -> None:
    still = StillInfo(mode="RGB", dpi=(float(Fraction(72)), 72.0), xmp=b"<x:xmpmeta/>")
    write_picture(Frame(scene(), 0, "scene", still=still), tmp_path / "out.webp")
    with Image.open(tmp_path / "out.webp") as image:
        assert image.info["xmp"] == b"<x:xmpmeta/>"
