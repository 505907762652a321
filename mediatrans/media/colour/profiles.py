"""The conversion of still pictures of any mode, bit depth and profile to 8-bit sRGB."""

import io
import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from mediatrans.errors import InputError
from mediatrans.media.colour.coded import CodePoints, hdr_table

__all__ = ["Converted", "to_8_bits", "to_srgb"]

_LOG = logging.getLogger(__name__)

# A profile that changes values by at most this is treated as sRGB, to avoid rounding errors.
_SAME = 1
_GRID = 9

# ICC.1:2022, 7.2: the header's dateTimeNumber, six numbers of 16 bits.
_MADE = slice(24, 36)
_FIXED_TIME = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Converted:
    """A picture in sRGB.

    Attributes:
        picture: L, LA, RGB or RGBA.
        icc: The sRGB profile to embed when writing; None if the file had no profile.
        note: What was converted, for the report, or None.
    """

    picture: Image.Image
    icc: bytes | None = None
    note: str | None = None


def to_8_bits(picture: Image.Image, path: Path) -> Image.Image:
    """Convert any mode to L, RGB, CMYK or LAB, or with transparency to LA or RGBA.

    Args:
        picture: A decoded picture.
        path: Its file, for messages.

    Raises:
        InputError: The picture has more than 16 bits per channel.
    """
    if picture.mode.startswith("I"):
        values: NDArray[Any] = np.asarray(picture)
        if values.size and (values.max() > 65535 or values.min() < 0):
            raise InputError(
                "32 bits per channel are not supported",
                path=path,
                remedy="save it with 16 bits per channel",
            )
        scaled = (values.astype(np.uint32) * 255 + 32767) // 65535
        picture_8 = Image.fromarray(scaled.astype(np.uint8))
        picture_8.info = dict(picture.info)
        return picture_8
    if picture.mode == "F":
        raise InputError(
            "floating-point pictures are not supported",
            path=path,
            remedy="save it with 16 bits per channel",
        )
    if picture.mode in ("1", "L", "LA"):
        return picture.convert("LA" if picture.has_transparency_data else "L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in ("RGB", "CMYK", "LAB") else picture.convert("RGB")


def to_srgb(
    picture: Image.Image, path: Path, profile: bytes | None, codes: CodePoints | None = None
) -> Converted:
    """Convert to sRGB by code points or a profile; CMYK and L*a*b* are also converted without.

    Args:
        picture: A result of `to_8_bits`.
        path: Its file, for warnings.
        profile: The profile of its values, or None.
        codes: The code points of its values, which precede a profile; or None.
    """
    if codes is not None and picture.mode in ("L", "LA", "RGB", "RGBA"):
        coloured = picture.convert("RGBA" if picture.mode.endswith("A") else "RGB")
        return (
            _from_hdr(coloured, codes) if codes.is_hdr else _by_profile(coloured, codes.profile())
        )
    if profile:
        try:
            return _by_profile(picture, profile)
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            _LOG.warning("%s: the colour profile is invalid and ignored: %s", path, error)
    if picture.mode in ("CMYK", "LAB"):
        note = f"{picture.mode} without a profile, converted to sRGB by the standard formula"
        return Converted(picture.convert("RGB"), _srgb_bytes(), note)
    return Converted(picture)


def _from_hdr(picture: Image.Image, codes: CodePoints) -> Converted:
    # The alpha of an RGBA picture passes the filter as it is.
    converted = picture.filter(hdr_table(codes))
    return Converted(converted, _srgb_bytes(), f"converted from {codes.name} to sRGB")


def _by_profile(picture: Image.Image, embedded: bytes) -> Converted:
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(embedded)), _srgb()
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    opaque = picture.convert(picture.mode.removesuffix("A")) if alpha else picture
    transform = ImageCms.buildTransform(source, target, opaque.mode, "RGB")
    if opaque.mode == "RGB" and _changes_nothing(transform):
        return Converted(picture, embedded)
    converted = ImageCms.applyTransform(opaque, transform)
    assert converted is not None
    if alpha:
        converted.putalpha(alpha)
    name = ImageCms.getProfileDescription(source).strip() or "its profile"
    return Converted(converted, _srgb_bytes(), f"converted from {name} to sRGB")


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _srgb_bytes() -> bytes:
    """The profile as a file, with a fixed time in place of now: outputs are the same every time."""
    profile = bytearray(_srgb().tobytes())
    profile[_MADE] = _FIXED_TIME
    return bytes(profile)


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    levels = np.linspace(0, 255, _GRID).round().astype(np.uint8)
    before = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(_GRID, -1, 3)
    after = ImageCms.applyTransform(Image.fromarray(before), transform)
    return bool(np.abs(np.asarray(after).astype(int) - before).max() <= _SAME)
