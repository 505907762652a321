"""Colour that is told by code points or numbers, not by a profile, becomes sRGB as well."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from mediatrans.media.colour.coded import ADOBE_RGB, SRGB, CodePoints, Primaries, matrix_profile
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import camera_exif, chunk
from tests.media.profiles import DISPLAY_P3, rgb_profile
from tests.media.test_picture_colour import SRGB as SRGB_XYZ
from tests.media.test_picture_colour import to_srgb

COLOURS = np.array([[[180, 110, 90], [100, 160, 110], [110, 110, 180], [128, 128, 128]]], np.uint8)
LARGE = COLOURS.repeat(16, 0).repeat(16, 1)
D65 = (0.3127, 0.3290)
P3 = Primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
LINEAR = {
    4: (COLOURS / 255.0) ** 2.2,
    8: COLOURS / 255.0,
    13: np.where(
        COLOURS / 255.0 <= 0.04045,
        COLOURS / 255.0 / 12.92,
        ((COLOURS / 255.0 + 0.055) / 1.055) ** 2.4,
    ),
}


def expected(linear: np.ndarray, primaries: int) -> np.ndarray:
    """Linear light of bt709 or Display P3 as sRGB."""
    if primaries == 12:
        linear = linear @ np.array(DISPLAY_P3) @ np.linalg.inv(np.array(SRGB_XYZ))
    return to_srgb(linear)


def with_chunks(path: Path, *chunks: bytes, pixels: np.ndarray = COLOURS) -> Path:
    """A PNG with chunks behind its header."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = buffer.getvalue()
    path.write_bytes(data[:33] + b"".join(chunks) + data[33:])
    return path


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def write_avif(path: Path, primaries: int, transfer: int, pixels: np.ndarray = LARGE) -> Path:
    Image.fromarray(pixels).save(path, quality=100, subsampling="4:4:4")
    data = bytearray(path.read_bytes())
    at = data.index(b"nclx") + 4
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".png", ".avif"])
@pytest.mark.parametrize(
    ("primaries", "transfer", "name"),
    [
        (12, 13, "Display P3"),
        (12, 4, "Display P3, gamma 2.2"),
        (1, 8, "bt709, gamma 1.0"),
        (12, 1, "Display P3"),
    ],
)
def test_code_points_are_converted(
    tmp_path: Path, suffix: str, primaries: int, transfer: int, name: str
) -> None:
    if suffix == ".avif" and not features.check("avif"):
        pytest.skip("no AVIF here")
    path = tmp_path / f"in{suffix}"
    if suffix == ".png":
        with_chunks(path, cicp(primaries, transfer))
        pixels = read_picture(path).pixels
    else:
        pixels = read_picture(write_avif(path, primaries, transfer)).pixels[8:9, 8::16]
    curve = LINEAR[13 if transfer == 1 else transfer]
    assert np.abs(pixels - expected(curve, primaries)).max() <= (2 if suffix == ".png" else 5)
    still = read_picture(path).still
    assert still is not None
    assert still.notes == (f"converted from {name} to sRGB",)
    write_picture(read_picture(path), tmp_path / f"out{suffix}")
    again = read_picture(tmp_path / f"out{suffix}")
    assert again.still is not None
    assert again.still.notes == ()  # converted once, not twice
    assert again.still.icc == still.icc is not None
    assert still.icc[24:36] == bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # not the time of day


@pytest.mark.parametrize("codes", [(1, 13), (2, 2), (1, 1), (0, 0), (1, 6), (77, 99)])
def test_values_that_are_those_of_srgb_stay(tmp_path: Path, codes: tuple[int, int]) -> None:
    frame = read_picture(with_chunks(tmp_path / "in.png", cicp(*codes)))
    assert (frame.pixels == COLOURS).all()
    assert frame.still is not None
    assert frame.still.notes == ()
    assert frame.still.icc is None


@pytest.mark.slow  # the scale filter needs seconds to start
@pytest.mark.parametrize(("primaries", "transfer", "name"), [(12, 16, "PQ"), (9, 18, "HLG")])
def test_hdr_becomes_sdr(tmp_path: Path, primaries: int, transfer: int, name: str) -> None:
    ramp = np.linspace(0, 255, 32).astype(np.uint8)[None, :, None].repeat(3, 2).repeat(4, 0)
    path = with_chunks(tmp_path / "in.png", cicp(primaries, transfer), pixels=ramp)
    frame = read_picture(path)
    row = frame.pixels[0].astype(int)
    assert np.ptp(row, axis=1).max() <= 2  # grey stays grey
    assert (np.diff(row[:, 0]) >= 0).all()
    assert row[0, 0] <= 2
    assert row[-1, 0] >= 250
    # Dark in PQ is bright in SDR: half of the values stand for less than 1 % of the light.
    assert np.abs(row[:, 0] - ramp[0, :, 0]).max() > 10
    assert frame.still is not None
    assert name in frame.still.notes[0]
    if features.check("avif"):
        large = ramp.repeat(8, 0).repeat(8, 1)
        avif = read_picture(write_avif(tmp_path / "in.avif", primaries, transfer, large))
        assert np.abs(avif.pixels[16, 4::8].astype(int) - row).max() <= 6


def test_a_profile_precedes_the_boxes_but_not_cicp(tmp_path: Path) -> None:
    profile = rgb_profile("Display P3")
    buffer = io.BytesIO()
    Image.fromarray(COLOURS).save(buffer, "PNG", icc_profile=profile)
    data = buffer.getvalue()
    (tmp_path / "in.png").write_bytes(data[:33] + cicp(1, 8) + data[33:])
    still = read_picture(tmp_path / "in.png").still
    assert still is not None
    assert still.notes == ("converted from bt709, gamma 1.0 to sRGB",)


def test_transparency_is_kept(tmp_path: Path) -> None:
    seen = np.dstack([COLOURS, np.array([[0, 90, 180, 255]], np.uint8)])
    frame = read_picture(with_chunks(tmp_path / "in.png", cicp(12, 13), pixels=seen))
    assert frame.alpha is not None
    assert frame.alpha.tolist() == [[0, 90, 180, 255]]


def chromaticities(primaries: Primaries) -> bytes:
    points = (primaries.white, primaries.red, primaries.green, primaries.blue)
    return struct.pack(">8I", *(round(value * 100_000) for point in points for value in point))


def test_the_numbers_of_a_png_are_converted(tmp_path: Path) -> None:
    chunks = chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"cHRM", chromaticities(P3))
    frame = read_picture(with_chunks(tmp_path / "in.png", *chunks))
    assert np.abs(frame.pixels - expected(LINEAR[8], 12)).max() <= 3
    assert frame.still is not None
    assert frame.still.notes == ("converted from gamma 1.00 to sRGB",)


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(b"gAMA", struct.pack(">I", 45_455))],
        [chunk(b"gAMA", struct.pack(">I", 45_455)), chunk(b"cHRM", chromaticities(SRGB))],
        [chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 100_000))],
        [chunk(b"cHRM", bytes(32))],
    ],
    ids=["gamma", "both", "sRGB", "zeros"],
)
def test_the_usual_numbers_change_nothing(tmp_path: Path, chunks: list[bytes]) -> None:
    assert (read_picture(with_chunks(tmp_path / "in.png", *chunks)).pixels == COLOURS).all()


def test_a_camera_that_says_adobe_rgb(tmp_path: Path) -> None:
    exif = camera_exif(orientation=1).replace(b"R98\0", b"R03\0")
    Image.fromarray(LARGE).save(
        tmp_path / "in.jpg", quality=100, subsampling=0, exif=b"Exif\0\0" + exif
    )
    frame = read_picture(tmp_path / "in.jpg")
    assert frame.still is not None
    assert frame.still.notes == ("converted from Adobe RGB (1998) to sRGB",)
    assert frame.still.exif is not None
    assert b"R98\0" in frame.still.exif
    assert frame.pixels[8, 24, 0] < 90  # greener than (100, 160, 110) of sRGB
    assert np.abs(frame.pixels[8, 56].astype(int) - 128).max() <= 2


def test_the_profile_of_a_jpeg_2000(tmp_path: Path) -> None:
    Image.fromarray(LARGE).save(tmp_path / "in.jp2")
    data = (tmp_path / "in.jp2").read_bytes()
    at = data.index(b"colr") - 4
    length = int.from_bytes(data[at : at + 4])
    colour = b"colr\2\0\0" + rgb_profile("Display P3")
    box = struct.pack(">I", len(colour) + 4) + colour
    start = data.index(b"jp2h") - 4
    header = struct.pack(">I", int.from_bytes(data[start : start + 4]) + len(box) - length)
    data = data[:start] + header + data[start + 4 : at] + box + data[at + length :]
    (tmp_path / "in.jp2").write_bytes(data)
    frame = read_picture(tmp_path / "in.jp2")
    assert frame.still is not None
    assert frame.still.notes == ("converted from Display P3 to sRGB",)
    assert np.abs(frame.pixels[8, 8::16] - expected(LINEAR[4], 12)[0]).max() <= 2


@pytest.mark.parametrize("embedded", [False, True])
def test_the_colour_of_a_bmp(tmp_path: Path, embedded: bool) -> None:
    profile = rgb_profile("Display P3") if embedded else b""
    rows = np.ascontiguousarray(COLOURS[..., ::-1]).tobytes()
    points = (P3.red, P3.green, P3.blue)
    xyz = [value for x, y in points for value in (x, y, 1 - x - y)]
    body = struct.pack("<IiiHHIIiiII", 124, 4, 1, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    body += bytes(16) + (b"DEBM" if embedded else bytes(4))
    body += struct.pack("<9I", *(round(value * 2**30) for value in xyz))
    body += struct.pack("<3I", *[round(2.2 * 65536)] * 3)
    body += struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    whole = 14 + len(body) + len(rows) + len(profile)
    head = b"BM" + struct.pack("<IHHI", whole, 0, 0, 14 + len(body))
    (tmp_path / "in.bmp").write_bytes(head + body + rows + profile)
    frame = read_picture(tmp_path / "in.bmp")
    assert np.abs(frame.pixels - expected(LINEAR[4], 12)).max() <= 3


def test_a_profile_of_numbers_is_that_of_the_space() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(matrix_profile("x", SRGB, 2.2)))
    red, green = profile.profile.red_colorant, profile.profile.green_colorant
    assert red is not None
    assert green is not None
    assert red[0] == pytest.approx(SRGB_XYZ[0], abs=0.001)
    assert green[0] == pytest.approx(SRGB_XYZ[1], abs=0.001)
    with pytest.raises(ValueError, match="primaries"):
        matrix_profile("x", Primaries(D65, *[(0.3, 0.3)] * 3), 2.2)
    assert matrix_profile("x", ADOBE_RGB, 2.2) != matrix_profile("x", SRGB, 2.2)
    assert CodePoints(12, 16).name == "Display P3, PQ"
