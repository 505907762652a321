"""The reading of a still picture as an upright 8-bit sRGB frame, with its metadata."""

import logging
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from mediatrans.errors import InputError
from mediatrans.media.animation import is_lossless_webp
from mediatrans.media.colour.profiles import to_8_bits, to_srgb
from mediatrans.media.frames import Frame, Pixels, StillInfo
from mediatrans.media.read.declared_size import HEADER_BYTES, declared_size
from mediatrans.media.read.picture_metadata import RawMetadata, collect, dpi_of, jpeg_coding
from mediatrans.media.read.plugins import Plugin, plugin_for
from mediatrans.media.read.tiff_tags import SampleLayout, layout_of
from mediatrans.media.read_options import MAX_PIXELS

__all__ = ["read_picture"]

_LOG = logging.getLogger(__name__)

# Formats that only decode pixels; EPS and WMF, for example, would run other programs.
# fmt: off
_FORMATS = (
    "JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "PPM", "AVIF", "JPEG2000",
    "TGA", "SGI", "SUN", "QOI", "PCX", "ICO", "HEIF", "JXL",
)
# fmt: on
_PREFIX = 16  # bytes that Pillow passes to its readers
_PAM = b"P7\n"
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The rotation for an EXIF orientation."""
_GET_COMPLETE = "get a complete copy of the file"


def read_picture(path: Path, *, index: int = 0, max_pixels: int = MAX_PIXELS) -> Frame:
    """Read a still picture of any mode, bit depth and profile, upright and in sRGB.

    Grey and palette pictures become colour pictures. Of an animation, the first picture is read.

    Args:
        path: The picture file.
        index: The frame's position in its source.
        max_pixels: Pictures with more pixels are refused before decoding.

    Returns:
        A frame of uint8 [H, W, 3] pixels, with alpha if the file has transparency.

    Raises:
        InputError: The file is missing, empty, damaged, too large or not a picture.
    """
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            if not header:
                raise InputError("the file is empty", path=path, remedy=_GET_COMPLETE)
            if size := declared_size(header):
                _check_size(path, *size, max_pixels)
            plugin = plugin_for(header)
            picture = _identify(file, header, plugin, path)
            if picture is None:
                return _read_with_opencv(header, plugin, path, index)
            _check_size(path, *picture.size, max_pixels)
            if picture.format == "PNG":
                picture = _with_sums_checked(picture, file, path)
            return _decode(picture, file, path, index)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot read the picture: {reason}",
            path=path,
            remedy="check the file and its permissions",
        ) from error


def _identify(file: BinaryIO, header: bytes, plugin: Plugin | None, path: Path) -> ImageFile | None:
    """Open a picture like `Image.open`, but without its process-wide pixel limit."""
    Image.init()
    if plugin is not None and not plugin.can_read(header):
        plugin.register()
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        if factory is None:
            continue
        file.seek(0)
        try:
            if accept is None or accept(header[:_PREFIX]) is True:
                return factory(file, "")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise InputError(
                "more pixels than can be decoded", path=path, remedy="scale the picture down"
            ) from error
        except Exception as error:  # plugins raise many kinds of error for other formats
            _LOG.debug("not %s: %s", name, error)
    return None


def _check_size(path: Path, width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise InputError(
            f"{width}x{height} pixels are more than the limit of {max_pixels:,}",
            path=path,
            remedy=f"use --max-pixels {width * height}, or scale the picture down",
        )


def _with_sums_checked(picture: ImageFile, file: BinaryIO, path: Path) -> ImageFile:
    """Check a PNG's checksums, which decoding ignores: missing data would pass as zeros."""
    factory, _ = Image.OPEN["PNG"]
    try:
        picture.verify()
        file.seek(0)
        return factory(file, "")
    except Exception as error:  # as in _decode
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"the picture is damaged: {error}", path=path, remedy=_GET_COMPLETE)


def _decode(picture: ImageFile, file: BinaryIO, path: Path, index: int) -> Frame:
    jpeg = jpeg_coding(picture)
    layout = layout_of(file) if picture.format == "TIFF" else None
    mode, bits = picture.mode, layout.bits if layout else _bits(picture)
    if layout and layout.is_too_deep:
        raise _not_supported(f"a TIFF of {layout}", path)
    try:
        if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
            _LOG.warning("%s: several pictures or pages; only the first is converted", path)
        picture.load()
        metadata = collect(picture, file)
        orientation = metadata.orientation
        # Pillow turns TIFF pictures itself.
        upright = _scaled(picture, layout) if layout else _turned(picture, orientation)
        converted = to_srgb(to_8_bits(upright, path), path)
        pixels: Pixels = np.array(converted.picture.convert("RGB"))
    except InputError:
        raise
    except Exception as error:  # decoders raise many kinds of error for damaged data
        raise _damaged(path, error) from error
    colour = converted.picture
    is_transposed = orientation >= 5
    metadata.adjust(
        colour.size,
        is_transposed=is_transposed,
        is_srgb_now=converted.note is not None,
        path=path,
    )
    deep = f"{bits} bits per channel, converted with 8" if bits > 8 else None
    still = StillInfo(
        mode=mode,
        bits=16 if bits > 8 else 8,
        exif=metadata.exif,
        dpi=dpi_of(upright.info.get("dpi"), is_transposed=is_transposed),
        icc=converted.icc,
        xmp=metadata.xmp,
        photoshop=metadata.photoshop,
        texts=metadata.texts,
        jpeg=jpeg,
        lossless=picture.format == "WEBP" and is_lossless_webp(file),
        notes=tuple(note for note in (deep, converted.note, *_lost(metadata, path)) if note),
    )
    alpha = np.array(colour.getchannel("A")) if "A" in colour.getbands() else None
    return Frame(pixels=pixels, index=index, name=str(path), alpha=alpha, still=still)


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    method = _TURNS.get(orientation)
    return picture if method is None else picture.transpose(method)


def _scaled(picture: Image.Image, layout: SampleLayout) -> Image.Image:
    """A TIFF's picture with 8 bits by the range that its tags tell."""
    if layout.is_plain or picture.mode not in ("L", "I", "I;16", "I;16B"):
        return picture
    scaled = Image.fromarray(layout.to_8_bits(np.asarray(picture)))
    scaled.info = dict(picture.info)
    return scaled


def _not_supported(what: str, path: Path) -> InputError:
    return InputError(
        f"{what} is not supported",
        path=path,
        remedy="save it as PNG or TIFF with 8 or 16 bits per channel",
    )


def _lost(metadata: RawMetadata, path: Path) -> list[str]:
    """Warn of what a translation cannot have; returns the notes for the report."""
    if not metadata.lost:
        return []
    named = ", ".join(sorted(metadata.lost))
    _LOG.warning("%s: the translation is without: %s", path, named)
    return [f"without: {named}"]


def _bits(picture: ImageFile) -> int:
    for tile in picture.tile:
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        raw_mode, most = str(arguments[0]), arguments[-1]
        if ";16" in raw_mode or (picture.format == "PPM" and isinstance(most, int) and most > 255):
            return 16
    return 16 if picture.mode.startswith("I") else 8


def _read_with_opencv(header: bytes, plugin: Plugin | None, path: Path, index: int) -> Frame:
    """Read PAM, and AVIF if Pillow does not support it."""
    suffix = ".pam" if header.startswith(_PAM) else f".{plugin.title.lower()}" if plugin else ""
    # Only for these two formats is the size known before decoding.
    known = suffix in (".pam", ".avif") and cv2.haveImageReader(str(path))
    if not known or declared_size(header) is None:
        raise _unreadable(plugin, header, path)
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise _damaged(path, error) from error
    if pixels is None:
        raise _unreadable(plugin, header, path)
    return Frame(pixels.astype(np.uint8), index, str(path), still=StillInfo(mode="RGB"))


def _unreadable(plugin: Plugin | None, header: bytes, path: Path) -> InputError:
    if plugin is None:
        return InputError(
            "not a picture that can be read",
            path=path,
            remedy="check that the file is complete and really a picture",
        )
    if plugin.can_read(header):
        return InputError(f"the {plugin.title} picture is damaged", path=path, remedy=_GET_COMPLETE)
    return InputError(
        f"reading {plugin.title} needs {plugin.package}, which is not installed",
        path=path,
        remedy=f"pip install {plugin.package}, or convert the picture to PNG or JPEG first",
    )
