"""The writing of a still picture with the metadata and the compression of its source."""

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

from mediatrans.errors import OutputError
from mediatrans.files.publish import Record, publishing
from mediatrans.media.frames import Frame, StillInfo
from mediatrans.media.write.jpeg_encoder import encode_jpeg, opencv_quality
from mediatrans.media.write.picture_blocks import encoder_options, report_dropped
from mediatrans.media.write.picture_encoders import encoder_of

__all__ = ["write_picture"]

_LOG = logging.getLogger(__name__)

_OPAQUE = frozenset({"JPEG", "PPM", "PCX", "DIB"})
_QUALITY = {"JPEG": 95, "WEBP": 90, "AVIF": 85}
_DEFAULT_INFO = StillInfo(mode="RGB")
_COARSEST = 255
_LARGEST_ICON = 256
_BUFFER = Lock()
_LARGEST_PIXEL = 8
"""The maximum number of bytes per encoded pixel."""


def write_picture(
    frame: Frame, path: Path, *, quality: int | None = None, record: Record | None = None
) -> None:
    """Write a frame as a still picture and publish it; the suffix determines the format.

    The properties in the frame's `still` are written back if the format supports them: EXIF, XMP,
    IPTC, comments, texts, DPI, profile, 16 bits per channel, a JPEG's quantisation and chroma
    subsampling, and lossless compression of WebP. Metadata that it cannot hold is named in a
    warning.

    Args:
        frame: The picture.
        path: The final name.
        quality: 1 to 100 for JPEG, WebP and AVIF; None keeps that of the source, or uses a high
            default.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.

    Raises:
        OutputError: The picture cannot be encoded, or the file cannot be written.
    """
    file_format = _format_of(path)
    still = frame.still or _DEFAULT_INFO
    report_dropped(still, file_format, frame.name)
    with publishing(path, record) as part:
        try:
            own_quality = opencv_quality(still, quality) if file_format == "JPEG" else None
            if encode := encoder_of(file_format, still):
                part.write_bytes(encode(_laid(frame, file_format), still))
            elif own_quality is not None:
                part.write_bytes(encode_jpeg(_laid(frame, file_format), still, own_quality))
            else:
                image = _image(_laid(frame, file_format))
                options = encoder_options(still, file_format)
                options |= _compression(still, file_format, quality)
                if file_format == "ICO":
                    options["sizes"] = [_icon_size(image)]
                # An open file, so that a full disk raises the operating system's error.
                with part.open("wb") as file, _room_for(image, options):
                    image.save(file, file_format, **options)
        except (ValueError, KeyError, cv2.error) as error:
            raise _refused(path, file_format, error) from error
        except OSError as error:
            if error.errno is None:  # an error of the encoder, not of the operating system
                raise _refused(path, file_format, error) from error
            raise


@contextmanager
def _room_for(image: Image.Image, options: dict[str, Any]) -> Iterator[None]:
    """A buffer for all of a progressive JPEG, whose encoder needs it in one piece."""
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


def _icon_size(image: Image.Image) -> tuple[int, int]:
    """The size of an icon's only picture; by default Pillow makes several smaller ones."""
    if max(image.size) > _LARGEST_ICON:
        raise ValueError(
            f"{image.width}x{image.height} pixels are more than {_LARGEST_ICON}x{_LARGEST_ICON}"
        )
    return image.size


def _refused(path: Path, file_format: str, error: Exception) -> OutputError:
    return OutputError(
        f"the picture cannot be written as {file_format}: {error}",
        path=path,
        remedy="use -o with the suffix of another format",
    )


def _format_of(path: Path) -> str:
    file_format = Image.registered_extensions().get(path.suffix.lower())
    if file_format is None or file_format not in Image.SAVE:
        raise OutputError(
            f"cannot write pictures with the suffix {path.suffix!r}",
            path=path,
            remedy="use for example .png or .jpg",
        )
    return "JPEG" if file_format == "MPO" else file_format


def _laid(frame: Frame, file_format: str) -> Frame:
    """The frame, blended with white if the format has no transparency."""
    if frame.alpha is None or file_format not in _OPAQUE:
        return frame
    _LOG.warning(
        "%s: %s has no transparency; blended with a white background", frame.name, file_format
    )
    image, alpha = Image.fromarray(frame.pixels), Image.fromarray(frame.alpha)
    laid = Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    return replace(frame, pixels=np.asarray(laid), alpha=None)


def _image(frame: Frame) -> Image.Image:
    image = Image.fromarray(frame.pixels)
    if frame.alpha is not None:
        image.putalpha(Image.fromarray(frame.alpha))
    return image


def _compression(still: StillInfo, file_format: str, quality: int | None) -> dict[str, Any]:
    if file_format == "WEBP" and still.lossless and quality is None:
        return {"lossless": True}
    options: dict[str, Any] = {}
    if file_format == "JPEG":
        # Sources in other formats have no chroma subsampling.
        known = still.jpeg is not None and still.jpeg.subsampling in (0, 1, 2)
        options["subsampling"] = still.jpeg.subsampling if still.jpeg and known else 0
        options["progressive"] = still.jpeg is not None and still.jpeg.progressive
        if still.jpeg and quality is None:
            # Coarser steps are not baseline JPEG, and libjpeg would print a warning.
            tables = [[min(step, _COARSEST) for step in table] for table in still.jpeg.tables]
            return options | {"qtables": tables}
    if file_format == "AVIF" and still.avif_subsampling:
        options["subsampling"] = still.avif_subsampling
    if file_format in _QUALITY:
        options["quality"] = quality or _QUALITY[file_format]
    return options
