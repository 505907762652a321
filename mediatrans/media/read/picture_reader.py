"""The reading of a still picture as an upright 8-bit sRGB frame, with its metadata."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from mediatrans.errors import InputError
from mediatrans.files.regular import check_regular
from mediatrans.media.animation import is_lossless_webp
from mediatrans.media.colour.profiles import to_8_bits, to_srgb
from mediatrans.media.frames import Frame, Pixels, StillInfo
from mediatrans.media.pillow_limit import limit_pixels
from mediatrans.media.read import opencv_reader
from mediatrans.media.read.colour_tags import code_points_of, profile_of
from mediatrans.media.read.declared_size import HEADER_BYTES, declared_size
from mediatrans.media.read.native_messages import silence
from mediatrans.media.read.picture_metadata import RawMetadata, collect, dpi_of, jpeg_coding
from mediatrans.media.read.picture_texts import comment
from mediatrans.media.read.plugins import plugin_for
from mediatrans.media.read.refusals import (
    GET_COMPLETE,
    damaged,
    not_supported,
    refused_by_decoder,
    too_large,
    unreadable,
)
from mediatrans.media.read.tiff_tags import description_of, layout_of
from mediatrans.media.read.unknown_parts import pam_comments
from mediatrans.media.read_options import MAX_PIXELS

__all__ = ["read_picture"]

_LOG = logging.getLogger(__name__)

silence()

# glibc returns a freed block to the system at once only if it has more than 32 MB, and keeps those
# of Pillow's default, 16 MB, for each thread: 300 MB after a picture of 96 megapixels.
Image.core.set_block_size(1 << 26)  # type: ignore[attr-defined]

# Formats that only decode pixels; EPS and WMF, for example, would run other programs.
# fmt: off
_FORMATS = (
    "JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "PPM", "AVIF", "JPEG2000",
    "TGA", "SGI", "SUN", "QOI", "PCX", "ICO", "HEIF", "JXL",
)
# fmt: on
_STRIP_ROWS = 256
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
        check_regular(path.stat(), path)
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            if not header:
                raise InputError("the file is empty", path=path, remedy=GET_COMPLETE)
            if size := declared_size(header):
                _check_size(path, *size, max_pixels)
            # For what Pillow checks itself: parts of a file that are larger than the picture.
            limit_pixels(max_pixels)
            opened = _Opened(path, file, header, index, max_pixels)
            return _framed(_decoded(opened), opened)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot read the picture: {reason}",
            path=path,
            remedy="check the file and its permissions",
        ) from error


@dataclass(frozen=True, slots=True)
class _Opened:
    """An open picture file, its first bytes, and what was asked for."""

    path: Path
    file: BinaryIO
    header: bytes
    index: int
    max_pixels: int


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A decoded picture.

    Attributes:
        source: The picture with the information of its file.
        upright: The picture after rotation.
        metadata: The metadata of its file.
        bits: Bits per channel in the file.
    """

    source: Image.Image
    upright: Image.Image
    metadata: RawMetadata
    bits: int


def _decoded(opened: _Opened) -> _Decoded:
    """Decode a picture with Pillow, or else with OpenCV."""
    header, path = opened.header, opened.path
    plugin = plugin_for(header)
    Image.init()
    if plugin is not None and not plugin.can_read(header):
        plugin.register()
    refused: tuple[str, Exception] | None = None
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        if factory is None:
            continue
        if not _is_accepted(accept, header):
            continue
        opened.file.seek(0)
        try:
            return _by_pillow(factory(opened.file, ""), opened)
        except InputError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise InputError(
                f"a part of it has more pixels than the limit of {opened.max_pixels:,}",
                path=path,
                remedy="raise --max-pixels, or scale the picture down",
            ) from error
        except Exception as error:  # plugins raise many kinds of error for other formats
            _LOG.debug("not %s: %s", name, error)
            if accept is not None:
                refused = refused or (name, error)
    if refused and refused[0] == "TIFF":
        return _tiff_by_opencv(opened)
    # Without the size, nothing would bound the memory of decoding.
    if declared_size(header) and (header.startswith(_PAM) or (plugin and plugin.title == "AVIF")):
        picture = opencv_reader.decode(path)
        if picture is not None:
            texts = tuple(map(comment, pam_comments(header)))
            return _Decoded(picture, picture, RawMetadata(texts=texts), 8)
    raise unreadable(header, plugin, refused, path)


def _is_accepted(accept: Callable[[bytes], bool | str] | None, header: bytes) -> bool:
    """Whether the first bytes of a file may be those of a format."""
    try:
        return accept is None or accept(header[:_PREFIX]) is True
    except Exception:  # of a file that is shorter than the reader expects
        return False


def _by_pillow(picture: ImageFile, opened: _Opened) -> _Decoded:
    path, file = opened.path, opened.file
    _check_size(path, *picture.size, opened.max_pixels)
    if picture.format == "PNG":
        picture = _with_sums_checked(picture, opened)
    layout = layout_of(file) if picture.format == "TIFF" else None
    if layout and layout.is_too_deep:
        raise not_supported(f"a TIFF of {layout}", path)
    bits = layout.bits if layout else _bits(picture)
    try:
        picture.load()
        metadata = collect(picture, file)
        if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
            metadata.lost.add("all pictures or pages but the first")
        if layout is None:
            upright = _turned(picture, metadata.orientation)
        elif layout.is_plain or picture.mode not in ("L", "I", "I;16", "I;16B"):
            upright = picture  # Pillow turns TIFF pictures itself
        else:
            upright = Image.fromarray(layout.to_8_bits(np.asarray(picture)))
            upright.info = dict(picture.info)
    except Exception as error:  # decoders raise many kinds of error for damaged data
        if layout and not layout.is_well_compressed:
            raise not_supported(f"a TIFF of {layout}", path) from error
        title = picture.format or "picture"
        raise refused_by_decoder(error, title, opened.header, path) from error
    return _Decoded(picture, upright, metadata, bits)


def _tiff_by_opencv(opened: _Opened) -> _Decoded:
    layout = layout_of(opened.file)
    if layout is None or not layout.is_whole or layout.is_common:
        raise damaged(opened.path, ValueError("its directory or its data is not whole"))
    _check_size(opened.path, *layout.size, opened.max_pixels)
    picture = None if layout.is_too_deep else opencv_reader.decode_tiff(opened.path, layout)
    if picture is None:
        raise not_supported(f"a TIFF of {layout}", opened.path)
    description = description_of(opened.file)
    picture.format = "TIFF"
    told = {"icc_profile": description.icc, "dpi": description.dpi}
    picture.info = {name: value for name, value in told.items() if value}
    metadata = collect(picture, opened.file)
    return _Decoded(picture, _turned(picture, metadata.orientation), metadata, layout.bits)


def _check_size(path: Path, width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise too_large(width, height, max_pixels, path)


def _with_sums_checked(picture: ImageFile, opened: _Opened) -> ImageFile:
    """Check a PNG's checksums, which decoding ignores: missing data would pass as zeros."""
    factory, _ = Image.OPEN["PNG"]
    try:
        picture.verify()
        opened.file.seek(0)
        return factory(opened.file, "")
    except Exception as error:  # as in _decode
        raise damaged(opened.path, error) from error


def _framed(decoded: _Decoded, opened: _Opened) -> Frame:
    """The frame of a decoded picture, in sRGB and with its metadata adjusted."""
    path, source, metadata = opened.path, decoded.source, decoded.metadata
    try:
        profile = profile_of(source, opened.file, opened.header, metadata.exif)
        codes = code_points_of(source, opened.file, metadata.boxes)
        converted = to_srgb(to_8_bits(decoded.upright, path), path, profile, codes)
        colour = converted.picture
        pixels = _pixels(colour)
    except InputError:
        raise
    except Exception as error:  # as above
        raise damaged(path, error) from error
    is_transposed = metadata.orientation >= 5
    metadata.adjust(
        colour.size,
        is_transposed=is_transposed,
        is_srgb_now=converted.note is not None,
    )
    lost = tuple(sorted(metadata.lost))
    not_carried = f"not carried over: {', '.join(lost)}" if lost else None
    boxes = metadata.boxes
    bits = boxes.bits if boxes else decoded.bits
    deep = f"{bits} bits per channel, converted with 8" if bits > 8 else None
    still = StillInfo(
        mode=source.mode,
        bits=16 if decoded.bits > 8 else 8,
        exif=metadata.exif,
        dpi=dpi_of(source.info.get("dpi"), is_transposed=is_transposed),
        icc=converted.icc,
        xmp=metadata.xmp,
        photoshop=metadata.photoshop,
        texts=metadata.texts,
        jpeg=jpeg_coding(source),
        avif_subsampling=boxes.subsampling if boxes else None,
        lossless=source.format == "WEBP" and is_lossless_webp(opened.file),
        lost=lost,
        notes=tuple(note for note in (deep, converted.note, not_carried) if note),
    )
    alpha = np.array(colour.getchannel("A")) if "A" in colour.getbands() else None
    return Frame(pixels=pixels, index=opened.index, name=str(path), alpha=alpha, still=still)


def _pixels(picture: Image.Image) -> Pixels:
    """uint8 [H, W, 3] RGB, in strips: of a whole picture, Pillow would make two more copies."""
    width, height = picture.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        strip = picture.crop((0, top, width, min(top + _STRIP_ROWS, height)))
        coloured = strip if strip.mode == "RGB" else strip.convert("RGB")
        pixels[top : top + _STRIP_ROWS] = np.asarray(coloured)
    return pixels


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    method = _TURNS.get(orientation)
    return picture if method is None else picture.transpose(method)


def _bits(picture: Image.Image) -> int:
    for tile in getattr(picture, "tile", ()):
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        raw_mode, most = str(arguments[0]), arguments[-1]
        if ";16" in raw_mode or (picture.format == "PPM" and isinstance(most, int) and most > 255):
            return 16
    return 16 if picture.mode.startswith("I") else 8
