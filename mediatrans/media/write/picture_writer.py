"""A frame as one still picture file, with the metadata and compression of the file it came from."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from mediatrans.errors import OutputError
from mediatrans.files.publish import Record, publishing
from mediatrans.media.frames import Frame, StillInfo
from mediatrans.media.write.picture_encoders import encoder_of

__all__ = ["write_picture"]

_LOG = logging.getLogger(__name__)

_OPAQUE = frozenset({"JPEG", "PPM", "PCX", "DIB"})
_TAKES_EXIF = frozenset({"JPEG", "PNG", "WEBP", "AVIF"})
_TAKES_XMP = frozenset({"JPEG", "WEBP", "AVIF"})
_TAKES_DPI = frozenset({"JPEG", "PNG", "BMP", "PCX"})
_JPEG_SEGMENT = 65_000
_QUALITY = {"JPEG": 95, "WEBP": 90, "AVIF": 85}
_DEFAULT_INFO = StillInfo(mode="RGB")
_BUFFER = Lock()
_LARGEST_PIXEL = 8
"""Bytes that no coded pixel exceeds."""


def write_picture(
    frame: Frame, path: Path, *, quality: int | None = None, record: Record | None = None
) -> None:
    """Write a frame as a still picture, whole or not at all; the suffix names the format.

    What the frame's `still` holds is written back where the format takes it: EXIF, XMP, DPI,
    profile, 16 bits a channel, a JPEG's quantisation and chroma sampling, a WebP's losslessness.

    Args:
        frame: The picture to write.
        path: The file's final name.
        quality: 1 to 100 for JPEG, WebP and AVIF; None matches the source, or a high default.
        record: Told of the whole file before it takes its final name; None tells nobody.

    Raises:
        OutputError: The format cannot be written or the file system refuses.
    """
    file_format = _format_of(path)
    still = frame.still or _DEFAULT_INFO
    with publishing(path, record) as part:
        try:
            if encode := encoder_of(file_format, still):
                part.write_bytes(encode(_laid(frame, file_format), still))
            else:
                image = _image(_laid(frame, file_format))
                options = _options(frame, still, file_format, quality)
                # Through our own handle, so that a full disk is an error of the system's.
                with part.open("wb") as file, _room_for(image, options):
                    image.save(file, file_format, **options)
        except (ValueError, KeyError, cv2.error) as error:
            raise _refused(path, file_format, error) from error
        except OSError as error:
            if error.errno is None:  # an encoder's complaint, not the system's
                raise _refused(path, file_format, error) from error
            raise


@contextmanager
def _room_for(image: Image.Image, options: dict[str, Any]) -> Iterator[None]:
    """A buffer for the whole of a progressive JPEG, whose encoder cannot wait for another."""
    if not options.get("progressive"):
        yield
        return
    with _BUFFER:
        usual = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(usual, _LARGEST_PIXEL * image.width * image.height)
        try:
            yield
        finally:
            ImageFile.MAXBLOCK = usual


def _refused(path: Path, file_format: str, error: Exception) -> OutputError:
    return OutputError(
        f"cannot be written as {file_format}: {error}",
        path=path,
        remedy="choose another format by the suffix of -o",
    )


def _format_of(path: Path) -> str:
    file_format = Image.registered_extensions().get(path.suffix.lower())
    if file_format is None or file_format not in Image.SAVE:
        raise OutputError(
            f"pictures cannot be written as '{path.suffix}'",
            path=path,
            remedy="use .png or .jpg",
        )
    return "JPEG" if file_format == "MPO" else file_format


def _laid(frame: Frame, file_format: str) -> Frame:
    """The frame, laid over white where the format has no transparency."""
    if frame.alpha is None or file_format not in _OPAQUE:
        return frame
    _LOG.warning("%s: %s has no transparency, laid over white", frame.name, file_format)
    image, alpha = Image.fromarray(frame.pixels), Image.fromarray(frame.alpha)
    laid = Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    return replace(frame, pixels=np.asarray(laid), alpha=None)


def _image(frame: Frame) -> Image.Image:
    image = Image.fromarray(frame.pixels)
    if frame.alpha is not None:
        image.putalpha(Image.fromarray(frame.alpha))
    return image


def _options(
    frame: Frame, still: StillInfo, file_format: str, quality: int | None
) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if file_format in _TAKES_EXIF and still.icc:
        options["icc_profile"] = still.icc
    if file_format in _TAKES_DPI and still.dpi:
        options["dpi"] = still.dpi
    exif = _held(still.exif, "EXIF", frame, file_format)
    xmp = _held(still.xmp, "XMP", frame, file_format)
    if exif and file_format in _TAKES_EXIF:
        options["exif"] = exif
    if xmp and file_format in _TAKES_XMP:
        options["xmp"] = xmp
    if file_format == "PNG" and xmp:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    return options | _compression(still, file_format, quality)


def _compression(still: StillInfo, file_format: str, quality: int | None) -> dict[str, Any]:
    if file_format == "WEBP" and still.lossless and quality is None:
        return {"lossless": True}
    options: dict[str, Any] = {}
    if file_format == "JPEG":
        # Other formats hold a colour for every pixel.
        options["subsampling"] = still.jpeg.subsampling if still.jpeg else 0
        options["progressive"] = still.jpeg is not None and still.jpeg.progressive
        if still.jpeg and quality is None:
            return options | {"qtables": [list(table) for table in still.jpeg.tables]}
    if file_format in _QUALITY:
        options["quality"] = quality or _QUALITY[file_format]
    return options


def _held(block: bytes | None, kind: str, frame: Frame, file_format: str) -> bytes | None:
    if block and file_format == "JPEG" and len(block) > _JPEG_SEGMENT:
        _LOG.warning("%s: its %s is too long for JPEG, dropped", frame.name, kind)
        return None
    return block
