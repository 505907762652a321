"""A frame as one still picture file, with the metadata and compression of the file it came from."""

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from mediatrans.errors import OutputError
from mediatrans.media.frames import Frame, StillInfo
from mediatrans.media.publish import Record, publishing

__all__ = ["write_picture"]

_LOG = logging.getLogger(__name__)

_OPAQUE = frozenset({"JPEG", "PPM", "PCX", "DIB"})
_TAKES_EXIF = frozenset({"JPEG", "PNG", "WEBP", "TIFF", "AVIF"})
_TAKES_XMP = frozenset({"JPEG", "WEBP", "AVIF"})
_TAKES_DPI = frozenset({"JPEG", "PNG", "TIFF", "BMP", "PCX"})
_TAKES_16_BITS = frozenset({"PNG", "TIFF"})
_QUALITY = {"JPEG": 95, "WEBP": 90, "AVIF": 85}
_DEFAULT_INFO = StillInfo(mode="RGB")


def write_picture(
    frame: Frame, path: Path, *, quality: int | None = None, record: Record | None = None
) -> None:
    """Write a frame as a still picture, whole or not at all; the suffix names the format.

    What the frame's `still` holds is written back where the format takes it: EXIF, XMP, DPI,
    profile, 16 bits a channel, and a JPEG's quantisation and chroma sampling.

    Args:
        frame: The picture to write.
        path: The file's final name.
        quality: 1 to 100 for lossy formats; None matches the source, or a high default.
        record: Told of the whole file before it takes its final name; None tells nobody.

    Raises:
        OutputError: The format cannot be written or the file system refuses.
    """
    file_format = _format_of(path)
    still = frame.still or _DEFAULT_INFO
    with publishing(path, record) as part:
        try:
            if still.bits == 16 and file_format in _TAKES_16_BITS:
                part.write_bytes(_encode_16_bits(frame, path, still))
            else:
                image = _image(frame, file_format)
                options = _options(still, file_format, quality)
                # Through our own handle, so that a full disk is an error of the system's.
                with part.open("wb") as file:
                    image.save(file, file_format, **options)
        except (ValueError, KeyError, cv2.error) as error:
            raise _refused(path, file_format, error) from error
        except OSError as error:
            if error.errno is None:  # an encoder's complaint, not the system's
                raise _refused(path, file_format, error) from error
            raise


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


def _image(frame: Frame, file_format: str) -> Image.Image:
    image = Image.fromarray(frame.pixels)
    if frame.alpha is None:
        return image
    alpha = Image.fromarray(frame.alpha)
    if file_format in _OPAQUE:
        _LOG.warning("%s: %s has no transparency, laid over white", frame.name, file_format)
        return Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    image.putalpha(alpha)
    return image


def _options(still: StillInfo, file_format: str, quality: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if file_format in _TAKES_EXIF:
        options |= {"exif": still.exif} if still.exif else {}
        options |= {"icc_profile": still.icc} if still.icc else {}
    if file_format in _TAKES_XMP and still.xmp:
        options["xmp"] = still.xmp
    if file_format in _TAKES_DPI and still.dpi:
        options["dpi"] = still.dpi
    if file_format == "TIFF":
        options["compression"] = "tiff_adobe_deflate"
    if file_format == "JPEG" and still.jpeg and quality is None:
        options["qtables"] = [list(table) for table in still.jpeg.tables]
        options["subsampling"] = still.jpeg.subsampling
    elif file_format in _QUALITY:
        options["quality"] = quality or _QUALITY[file_format]
    return options


def _encode_16_bits(frame: Frame, path: Path, still: StillInfo) -> bytes:
    """PNG or TIFF of 16 bits a channel, which Pillow cannot write in colour."""
    channels = frame.pixels[..., ::-1]
    if frame.alpha is not None:
        channels = np.dstack([channels, frame.alpha])
    # 257 maps 0 to 0 and 255 to 65535 exactly.
    deep = np.ascontiguousarray(channels).astype(np.uint16) * np.uint16(257)
    kinds, blocks = [], []
    if still.exif:
        kinds.append(cv2.IMAGE_METADATA_EXIF)
        blocks.append(np.frombuffer(still.exif.removeprefix(b"Exif\0\0"), np.uint8))
    if still.icc:
        kinds.append(cv2.IMAGE_METADATA_ICCP)
        blocks.append(np.frombuffer(still.icc, np.uint8))
    suffix = path.suffix.lower()
    settings = []
    if still.dpi and suffix != ".png":
        across, down = (round(value) for value in still.dpi)
        settings = [cv2.IMWRITE_TIFF_XDPI, across, cv2.IMWRITE_TIFF_YDPI, down]
    if kinds and suffix == ".png":
        done, data = cv2.imencodeWithMetadata(suffix, deep, kinds, blocks, settings)
    else:
        done, data = cv2.imencode(suffix, deep, settings)
    if not done:
        raise ValueError("the encoder refused it")
    return bytes(data)
