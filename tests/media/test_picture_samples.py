"""Range and polarity of samples by the tags of a TIFF; what is not supported is not damaged."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mediatrans.errors import InputError
from mediatrans.media.read.picture_reader import read_picture
from tests.media.blocks import SHORT, Entry, write_tiff

RAMP = np.linspace(0, 1, 16)
SIZE = (16, 4)


def packed(values: np.ndarray, bits: int) -> bytes:
    """Values of any number of bits, the highest bit first."""
    text = "".join(f"{int(value):0{bits}b}" for value in values)
    return int(text, 2).to_bytes(len(text) // 8)


def rows(values: np.ndarray) -> np.ndarray:
    return np.tile(values, (SIZE[1], 1)).ravel()


def short(tag: int, value: int, order: str = "<") -> Entry:
    return tag, SHORT, 1, struct.pack(f"{order}H", value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_the_range_is_that_of_the_bits(
    tmp_path: Path, bits: int, channels: int, order: str
) -> None:
    values = rows(np.repeat((RAMP * (2**bits - 1)).round(), channels))
    data = packed(values, bits) if bits < 16 else values.astype(f"{order}u2").tobytes()
    path = write_tiff(
        tmp_path / "in.tif", data, SIZE, (bits,) * channels, order=order,
        photometric=1 if channels == 1 else 2,
    )  # fmt: skip
    frame = read_picture(path)
    assert np.abs(frame.pixels - (RAMP * 255)[:, None]).max() <= 1
    assert frame.still is not None
    assert frame.still.bits == 16
    assert frame.still.notes == (f"{bits} bits per channel, converted with 8",)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_white_may_be_the_lowest_value(tmp_path: Path, bits: int, order: str) -> None:
    levels = (RAMP * (2**bits - 1)).round()
    values = rows(levels)
    data = packed(values, bits) if bits < 16 else values.astype(f"{order}u2").tobytes()
    path = write_tiff(tmp_path / "in.tif", data, SIZE, (bits,), order=order, photometric=0)
    expected = 255 - levels / (2**bits - 1) * 255
    assert np.abs(read_picture(path).pixels[0, :, 0] - expected).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_signed_samples_reach_from_zero_to_their_highest_value(
    tmp_path: Path, bits: int, order: str
) -> None:
    most = 2 ** (bits - 1) - 1
    levels = np.concatenate([[-most - 1, -1], RAMP[2:] * most]).round()
    data = rows(levels).astype(f"{order}i{bits // 8}").tobytes()
    path = write_tiff(tmp_path / "in.tif", data, SIZE, (bits,), [short(339, 2, order)], order)
    expected = levels.clip(0) / most * 255
    assert np.abs(read_picture(path).pixels[0, :, 0] - expected).max() <= 1


@pytest.mark.parametrize("maximum", [1023, 4095, 65535])
def test_other_formats_tell_their_range(tmp_path: Path, maximum: int) -> None:
    levels = (RAMP * maximum).round().astype(">u2")
    header = f"P5 16 1 {maximum}\n".encode()
    (tmp_path / "in.pgm").write_bytes(header + levels.tobytes())
    assert np.abs(read_picture(tmp_path / "in.pgm").pixels[0, :, 0] - RAMP * 255).max() <= 1


@pytest.mark.parametrize("name", ["in.tif", "in.jpg", "in.png"])
@pytest.mark.parametrize(
    ("bits", "kind", "photometric", "said"),
    [
        ((32,), 3, 1, "1 x 32 floating-point bits"),
        ((16,), 3, 1, "1 x 16 floating-point bits"),
        ((64,), 3, 1, "1 x 64 floating-point bits"),
        ((32, 32, 32), 3, 2, "3 x 32 floating-point bits"),
        ((32,), 1, 1, "1 x 32 bits"),
        ((16, 16, 16), 1, 10, "photometric interpretation 10"),
        ((16, 16), 1, 1, "2 x 16 bits"),
    ],
)
def test_what_is_not_supported_is_not_called_damaged(
    tmp_path: Path, name: str, bits: tuple[int, ...], kind: int, photometric: int, said: str
) -> None:
    data = bytes(sum(bits) // 8 * SIZE[0] * SIZE[1])
    path = tmp_path / name
    write_tiff(path, data, SIZE, bits, [short(339, kind)], photometric=photometric)
    with pytest.raises(InputError, match=f"a TIFF of .*{said}.* is not supported") as caught:
        read_picture(path)
    assert "save it as PNG or TIFF" in str(caught.value)


@pytest.mark.parametrize("number", [9, 34712, 50001, 50002, 65000])
def test_a_compression_that_no_decoder_has_is_not_called_damaged(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "in.tif"
    Image.new("RGB", (8, 6), "red").save(path)
    content = path.read_bytes()
    entry = struct.pack("<HHI", 259, 3, 1)
    assert entry in content
    at = content.index(entry) + len(entry)
    path.write_bytes(content[:at] + struct.pack("<H", number) + content[at + 2 :])
    with pytest.raises(InputError, match=f"compression {number} is not supported"):
        read_picture(path)


LAB = [(50, 20, -30), (100, 0, 0), (0, 0, 0), (60, -40, 50)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [8, 9])
@pytest.mark.parametrize("more", [[], [(339, 1)]], ids=["", "unsigned"])
def test_lab_of_16_bits_is_read_like_that_of_8(
    tmp_path: Path, photometric: int, order: str, more: list[tuple[int, int]]
) -> None:
    """CIELab has signed a* and b*, ICCLab moves them, and its white is 0xFF00."""
    white, middle = (0xFFFF, 0) if photometric == 8 else (0xFF00, 0x8000)
    deep = [
        (round(lightness * white / 100), (a * 256 + middle) & 0xFFFF, (b * 256 + middle) & 0xFFFF)
        for lightness, a, b in LAB
    ]
    flat = [(round(lightness * 2.55), a & 0xFF, b & 0xFF) for lightness, a, b in LAB]
    samples = np.tile(np.array(deep).ravel(), 4).astype(f"{order}u2").tobytes()
    entries = [short(*entry, order) for entry in more]
    path = write_tiff(tmp_path / "16.tif", samples, (4, 4), (16,) * 3, entries, order, photometric)
    samples = np.tile(np.array(flat, np.uint8).ravel(), 4).tobytes()
    expected = write_tiff(tmp_path / "8.tif", samples, (4, 4), (8,) * 3, [], order, 8)
    frame = read_picture(path)
    assert np.abs(frame.pixels.astype(int) - read_picture(expected).pixels).max() <= 1
    assert frame.pixels[0, 1].min() >= 253  # white is white
    assert frame.still is not None
    assert "16 bits per channel, converted with 8" in frame.still.notes
    assert "LAB without a profile, converted to sRGB by the standard formula" in frame.still.notes


def test_a_tiff_without_its_data_is_damaged(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "in.tif", bytes(96), SIZE, (12,), [], ">")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="damaged"):
        read_picture(path)


def jpeg_with(path: Path, old: bytes, new: bytes) -> Path:
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(path)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (b"\xff\xc1\0\x11\x0c", "12-bit layers"),
        (b"\xff\xc7\0\x11\x08", "a hierarchical lossless JPEG is not supported"),
    ],
)
def test_uncommon_codings_of_jpeg_are_not_called_damaged(
    tmp_path: Path, new: bytes, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_picture(jpeg_with(tmp_path / "in.jpg", b"\xff\xc0\0\x11\x08", new))
    assert "damaged" not in str(caught.value)


def test_an_uncommon_bmp_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "in.bmp"
    Image.new("RGB", (4, 4)).save(path)
    data = bytearray(path.read_bytes())
    data[30] = 4  # a JPEG inside
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"kind of BMP \(Unsupported BMP compression.* supported"):
        read_picture(path)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"8BPS\0\1", "a Photoshop document.*export it as PNG"),
        (b"\xef\xbb\xbf<svg xmlns=", "an SVG drawing"),
        (b"PF\n2 2\n-1.0\n", "a floating-point picture.*16 bits"),
        (b"FUJIFILMCCD-RAW 0201", "a raw photograph.*develop it"),
        (b"\n<!DOCTYPE html>", "a web page"),
    ],
)
def test_what_is_something_else_is_named(tmp_path: Path, start: bytes, said: str) -> None:
    (tmp_path / "in.jpg").write_bytes(start + bytes(100))
    with pytest.raises(InputError, match=said):
        read_picture(tmp_path / "in.jpg")


def test_16_bits_of_png_are_read_as_before(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), (RAMP * 65535).astype(np.uint16)[None])
    assert np.abs(read_picture(tmp_path / "in.png").pixels[0, :, 0] - RAMP * 255).max() <= 1
