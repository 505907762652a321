"""Colour profiles: everything is sRGB once it is read, and says so once it is written."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.profiles import DISPLAY_P3, cmyk_profile, grey_profile, rgb_profile

SRGB = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
COLOURS = np.array([[[200, 60, 40], [60, 180, 90], [90, 90, 200], [128, 128, 128]]], np.uint8)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """The sRGB curve (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(curved * 255)


def naive_inks(ink: np.ndarray) -> np.ndarray:
    return np.asarray((1 - ink[:, :3]) * (1 - ink[:, 3:]))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_display_p3_becomes_srgb(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(COLOURS).convert(mode)
    image.save(tmp_path / "in.png", icc_profile=rgb_profile("Display P3"))
    frame = read_picture(tmp_path / "in.png")
    linear = (COLOURS / 255.0) ** 2.2 @ np.array(DISPLAY_P3) @ np.linalg.inv(np.array(SRGB))
    assert np.abs(frame.pixels - to_srgb(linear)).max() < 2
    assert (frame.alpha is not None) == (mode == "RGBA")
    assert frame.still is not None
    assert frame.still.notes == ("converted from Display P3 to sRGB",)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_what_was_converted_is_tagged_srgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    Image.fromarray(COLOURS.repeat(16, 0).repeat(16, 1)).save(
        path, icc_profile=rgb_profile("Display P3")
    )
    frame = read_picture(path)
    write_picture(frame, tmp_path / f"out{suffix}")
    with Image.open(tmp_path / f"out{suffix}") as out:
        profile = out.info["icc_profile"]
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(_file(profile)))
    again = read_picture(tmp_path / f"out{suffix}")
    assert again.still is not None
    assert again.still.notes == ()  # converted once, not twice
    assert np.abs(again.pixels.astype(int) - frame.pixels).mean() < 4


def _file(profile: bytes) -> io.BytesIO:
    return io.BytesIO(profile)


def test_a_profile_is_judged_by_its_numbers_not_its_name(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(
        tmp_path / "linear.png", icc_profile=rgb_profile("sRGB linear", SRGB, gamma=1.0)
    )
    linear = read_picture(tmp_path / "linear.png").pixels
    assert np.abs(linear - to_srgb(COLOURS / 255.0)).max() < 2


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_profiles(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.array([[0, 60, 128, 255]], np.uint8)).convert(mode)
    grey.save(tmp_path / "in.png", icc_profile=grey_profile("Grey 1.8", 1.8))
    levels = np.asarray(grey.convert("L"))
    pixels = read_picture(tmp_path / "in.png").pixels
    assert np.abs(pixels - to_srgb((levels / 255.0) ** 1.8)[..., None]).max() < 2


@pytest.mark.parametrize(
    ("ink", "colour"),
    [
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 255, 0, 0), (255, 0, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((0, 0, 0, 0), (255, 255, 255)),
    ],
)
def test_cmyk_by_its_profile(
    tmp_path: Path, ink: tuple[int, ...], colour: tuple[int, int, int]
) -> None:
    page = Image.merge("CMYK", [Image.new("L", (16, 16), amount) for amount in ink])
    page.save(tmp_path / "in.jpg", quality=100, icc_profile=cmyk_profile("Inks", naive_inks))
    frame = read_picture(tmp_path / "in.jpg")
    assert np.abs(frame.pixels.astype(int) - colour).max() < 6
    assert frame.still is not None
    assert frame.still.notes == ("converted from Inks to sRGB",)
    write_picture(frame, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.mode == "RGB"
        assert out.info["icc_profile"] == frame.still.icc


def test_cmyk_without_a_profile_is_said(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "in.jpg", quality=100)
    frame = read_picture(tmp_path / "in.jpg")
    assert np.abs(frame.pixels.astype(int) - (255, 0, 0)).max() < 6
    assert frame.still is not None
    assert "without a profile" in frame.still.notes[0]
    assert frame.still.icc


def test_a_profile_of_another_kind_of_picture_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "in.png", icc_profile=cmyk_profile("Inks", naive_inks))
    assert (read_picture(tmp_path / "in.png").pixels == COLOURS).all()
    assert "profile is invalid and ignored" in caplog.text
