"""One still picture file as a frame: upright, sRGB, 8 bits, and what it takes to write it back."""

import io
import logging
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin
from PIL.ImageFile import ImageFile

from mediatrans.errors import InputError
from mediatrans.media.frames import Frame, JpegCoding, Pixels, StillInfo

__all__ = ["MAX_PIXELS", "read_picture"]

MAX_PIXELS = 200_000_000
"""Pictures of more pixels are refused before they are decoded."""

_SCALE_DOWN = "scale the picture down first"
_LOG = logging.getLogger(__name__)

# Formats that only decode pixels: EPS and WMF, say, would run other programs.
# fmt: off
_FORMATS = (
    "JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "PPM", "AVIF", "JPEG2000",
    "TGA", "SGI", "SUN", "QOI", "PCX", "ICO", "HEIF", "JXL",
)
# fmt: on
_OPENCV_SUFFIXES = frozenset({".pam", ".ras", ".sr"})
_CONVERT_FIRST = frozenset({".heic", ".heif", ".jxl", ".avif"})

# TIFF keeps its layout in the same directory as its description; only the latter is carried over.
_TIFF_DESCRIPTION = frozenset(
    {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x8769, 0x8825}
)


def read_picture(path: Path, *, index: int = 0, max_pixels: int = MAX_PIXELS) -> Frame:
    """Read a still picture upright and in sRGB, whatever its mode, depth and profile.

    Grey and palette pictures come out as colour; the first picture of an animation is taken.

    Args:
        path: The picture file.
        index: The frame's position in its source.
        max_pixels: Larger pictures are refused before they are decoded.

    Returns:
        A frame of uint8 [H, W, 3] pixels, with alpha where the file has transparency.

    Raises:
        InputError: The file is missing, empty, damaged, too large or no picture.
    """
    try:
        with path.open("rb") as file:
            picture = _identify(file, path)
            if picture is None:
                return _read_with_opencv(path, index)
            _check_size(path, *picture.size, max_pixels)
            return _decode(picture, path, index)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot read the picture: {reason}",
            path=path,
            remedy="check the file and its permissions",
        ) from error


def _identify(file: BinaryIO, path: Path) -> ImageFile | None:
    """Open a picture as `Image.open` does, but without its process-wide pixel limit."""
    Image.init()
    prefix = file.read(16)
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        if factory is None:
            continue
        file.seek(0)
        try:
            if accept is None or accept(prefix) is True:
                return factory(file, "")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise InputError(str(error), path=path, remedy=_SCALE_DOWN) from error
        except Exception as error:  # plugins raise what their parsing stumbles on
            _LOG.debug("not %s: %s", name, error)
    return None


def _check_size(path: Path, width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise InputError(
            f"{width}x{height} pixels are more than the limit of {max_pixels:,}",
            path=path,
            remedy=_SCALE_DOWN,
        )


def _decode(picture: ImageFile, path: Path, index: int) -> Frame:
    jpeg = _jpeg_coding(picture)
    mode, bits = picture.mode, _bits(picture)
    try:
        if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
            _LOG.warning("%s: animated or of several pages, only the first picture is taken", path)
        picture.load()
        upright = _upright(picture)
        colour, icc = _to_srgb(_to_8_bits(upright, path), path)
        pixels: Pixels = np.array(colour.convert("RGB"))
    except InputError:
        raise
    except Exception as error:  # decoders raise what damaged data makes them raise
        raise InputError(
            f"damaged picture: {error}", path=path, remedy="get a whole copy of the file"
        ) from error
    alpha = np.array(colour.getchannel("A")) if "A" in colour.getbands() else None
    still = StillInfo(
        mode=mode,
        bits=bits,
        exif=_exif(upright, picture.format),
        dpi=_dpi(upright.info.get("dpi")),
        icc=icc,
        xmp=_xmp(upright.info.get("xmp")),
        jpeg=jpeg,
    )
    return Frame(pixels=pixels, index=index, name=str(path), alpha=alpha, still=still)


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception as error:  # an unreadable EXIF block is no reason to refuse the pixels
        _LOG.debug("no orientation: %s", error)
        return picture


def _bits(picture: ImageFile) -> int:
    for tile in picture.tile:
        raw_mode = tile.args if isinstance(tile.args, str) else (tile.args or ("",))[0]
        if ";16" in str(raw_mode):
            return 16
    return 16 if picture.mode.startswith("I") else 8


def _to_8_bits(picture: Image.Image, path: Path) -> Image.Image:
    """Any mode as L, RGB, RGBA, CMYK or LAB, alpha where there is transparency."""
    if picture.mode.startswith("I"):
        values: NDArray[Any] = np.asarray(picture)
        if values.size and (values.max() > 65535 or values.min() < 0):
            raise InputError("has 32 bits a channel", path=path, remedy="save it with 16 bits")
        scaled = (values.astype(np.uint32) * 255 + 32767) // 65535
        return Image.fromarray(scaled.astype(np.uint8))
    if picture.mode == "F":
        raise InputError("a floating-point picture", path=path, remedy="save it with 16 bits")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB", "CMYK", "LAB"):
        return picture
    return picture.convert("RGB")


def _to_srgb(picture: Image.Image, path: Path) -> tuple[Image.Image, bytes | None]:
    """Convert by the embedded profile; also gives the sRGB profile to embed on writing."""
    embedded = picture.info.get("icc_profile")
    if not embedded:
        return picture, None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
        if "srgb" in ImageCms.getProfileDescription(source).lower() and picture.mode != "L":
            return picture, embedded
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
        opaque = picture.convert("RGB") if alpha else picture
        converted = ImageCms.profileToProfile(opaque, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        _LOG.warning("%s: colour profile ignored, taken as sRGB: %s", path, error)
        return picture, None
    assert converted is not None
    if alpha:
        converted.putalpha(alpha)
    return converted, target.tobytes()


def _exif(picture: Image.Image, file_format: str | None) -> bytes | None:
    try:
        exif = picture.getexif()
        if file_format == "TIFF":
            for tag in set(exif) - _TIFF_DESCRIPTION:
                del exif[tag]
        return exif.tobytes() if len(exif) else None
    except Exception as error:  # an unreadable EXIF block is no reason to refuse the pixels
        _LOG.debug("EXIF dropped: %s", error)
        return None


def _dpi(dpi: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if across > 0 and down > 0 else None


def _xmp(xmp: Any) -> bytes | None:
    return xmp if isinstance(xmp, bytes) else None


def _jpeg_coding(picture: ImageFile) -> JpegCoding | None:
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = tuple(tuple(table) for _, table in sorted(picture.quantization.items()))
    sampling = JpegImagePlugin.get_sampling(picture)
    return JpegCoding(tables[:2], sampling if sampling in (0, 1, 2) else 0) if tables else None


def _read_with_opencv(path: Path, index: int) -> Frame:
    data = np.fromfile(path, np.uint8)
    if data.size == 0:
        raise InputError("the file is empty", path=path, remedy="get a whole copy of the file")
    suffix = path.suffix.lower()
    known = suffix in _OPENCV_SUFFIXES and cv2.haveImageReader(str(path))
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if known else None
    if pixels is None:
        remedy = (
            "convert it to PNG or JPEG first"
            if suffix in _CONVERT_FIRST
            else "check that the file is whole and really a picture"
        )
        raise InputError("not a picture that can be read", path=path, remedy=remedy)
    return Frame(pixels.astype(np.uint8), index, str(path), still=StillInfo(mode="RGB"))
