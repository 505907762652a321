"""The metadata of a still picture's file, adjusted for its translation."""

import logging
from typing import Any

from PIL import Image, JpegImagePlugin
from PIL.ExifTags import IFD, Base
from PIL.ImageFile import ImageFile

from mediatrans.media.frames import JpegCoding

__all__ = ["dpi_of", "exif_of", "jpeg_coding", "xmp_of"]

_LOG = logging.getLogger(__name__)

# A TIFF directory holds the file's layout and its description; only the description is copied.
_TIFF_DESCRIPTION = frozenset(
    {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825}
)
_SRGB = 1


def exif_of(upright: Image.Image, file_format: str | None, *, is_srgb_now: bool) -> bytes | None:
    """A picture's EXIF block, updated to its current size and colour space.

    The thumbnail is removed, since it shows the untranslated picture.

    Args:
        upright: The picture after its orientation was applied and reset.
        file_format: Pillow's name of its format.
        is_srgb_now: Whether its colours were converted to sRGB.
    """
    try:
        exif = upright.getexif()
        if file_format == "TIFF":
            for tag in set(exif) - _TIFF_DESCRIPTION:
                del exif[tag]
        shot = exif.get_ifd(IFD.Exif) if IFD.Exif in exif else {}
        if Base.ExifImageWidth in shot and Base.ExifImageHeight in shot:
            shot[Base.ExifImageWidth], shot[Base.ExifImageHeight] = upright.size
        if is_srgb_now and Base.ColorSpace in shot:
            shot[Base.ColorSpace] = _SRGB
            shot.pop(IFD.Interop, None)  # cameras mark Adobe RGB pictures here
        return exif.tobytes() if len(exif) else None
    except Exception as error:  # pictures with an invalid EXIF block are still read
        _LOG.debug("EXIF dropped: %s", error)
        return None


def dpi_of(dpi: Any, *, is_transposed: bool) -> tuple[float, float] | None:
    """Horizontal and vertical pixels per inch after rotation; None if missing or invalid.

    Args:
        dpi: Pillow's value.
        is_transposed: Whether the orientation swapped width and height.
    """
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if across <= 0 or down <= 0:
        return None
    return (down, across) if is_transposed else (across, down)


def xmp_of(xmp: Any) -> bytes | None:
    """Pillow's XMP packet, or None."""
    return xmp if isinstance(xmp, bytes) and xmp else None


def jpeg_coding(picture: ImageFile) -> JpegCoding | None:
    """The compression parameters of a JPEG; None for other formats."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = tuple(tuple(table) for _, table in sorted(picture.quantization.items()))
    if not tables:
        return None
    sampling = JpegImagePlugin.get_sampling(picture)
    return JpegCoding(
        tables[:2], sampling if sampling in (0, 1, 2) else 0, "progressive" in picture.info
    )
