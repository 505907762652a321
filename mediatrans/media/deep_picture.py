"""PNG, TIFF and PPM of 16 bits a channel, which Pillow cannot write in colour."""

import io
import zlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from mediatrans.media.frames import Frame, StillInfo

__all__ = ["DEEP_FORMATS"]

Samples = NDArray[np.uint16]

_INCH_M = 0.0254
_UNASSOCIATED_ALPHA = 2
_DEFLATE = 8
_HORIZONTAL = 2


def _samples(frame: Frame) -> Samples:
    """uint16 [H, W, 3 or 4] RGB; 257 maps 0 to 0 and 255 to 65535 exactly."""
    pixels = frame.pixels
    if frame.alpha is not None:
        pixels = np.dstack([pixels, frame.alpha])
    return pixels.astype(np.uint16) * np.uint16(257)


def _encode_png(frame: Frame, still: StillInfo) -> bytes:
    blocks = {
        cv2.IMAGE_METADATA_EXIF: still.exif.removeprefix(b"Exif\0\0") if still.exif else None,
        cv2.IMAGE_METADATA_XMP: still.xmp,
        cv2.IMAGE_METADATA_ICCP: still.icc,
    }
    held = {kind: np.frombuffer(data, np.uint8) for kind, data in blocks.items() if data}
    done, data = cv2.imencodeWithMetadata(
        ".png", _bgr(_samples(frame)), list(held), list(held.values())
    )
    if not done:
        raise ValueError("the encoder refused it")
    return _with_dpi(bytes(data), still.dpi)


def _encode_ppm(frame: Frame, still: StillInfo) -> bytes:
    done, data = cv2.imencode(".ppm", _bgr(_samples(frame)[..., :3]))
    if not done:
        raise ValueError("the encoder refused it")
    return bytes(data)


def _bgr(samples: Samples) -> Samples:
    channels = [2, 1, 0, 3][: samples.shape[2]]
    return np.ascontiguousarray(samples[..., channels])


def _with_dpi(png: bytes, dpi: tuple[float, float] | None) -> bytes:
    """Put a pHYs chunk after the header (PNG specification, 11.3.4.3), which OpenCV leaves out."""
    if dpi is None:
        return png
    across, down = (round(value / _INCH_M) for value in dpi)
    body = b"pHYs" + across.to_bytes(4) + down.to_bytes(4) + b"\1"
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    after_header = 8 + 25
    return png[:after_header] + chunk + png[after_header:]


def _encode_tiff(frame: Frame, still: StillInfo) -> bytes:
    """One deflated strip with the tags that Pillow's directory writer lays out (TIFF 6.0)."""
    samples = _samples(frame)
    height, width, channels = samples.shape
    left = np.zeros_like(samples)
    left[:, 1:] = samples[:, :-1]
    strip = zlib.compress((samples - left).astype("<u2").tobytes())
    directory = ImageFileDirectory_v2(b"II\x2a\0\0\0\0\0")
    if still.exif:
        exif = Image.Exif()
        exif.load(still.exif)
        for tag, value in exif.items():
            directory[tag] = exif.get_ifd(tag) if tag in (IFD.Exif, IFD.GPSInfo) else value
    if still.xmp:
        directory[700] = still.xmp
    if still.icc:
        directory[34675] = still.icc
    if still.dpi:
        directory[282], directory[283], directory[296] = *still.dpi, 2
    if channels == 4:
        directory[338] = _UNASSOCIATED_ALPHA
    directory[256], directory[257], directory[258] = width, height, (16,) * channels
    directory[259], directory[262], directory[277] = _DEFLATE, 2, channels
    directory[273], directory[278], directory[279] = 0, height, len(strip)
    directory[317] = _HORIZONTAL
    file = io.BytesIO()
    directory.save(file)  # puts the strip's offset after itself
    return file.getvalue() + strip


DEEP_FORMATS: dict[str, Callable[[Frame, StillInfo], bytes]] = {
    "PNG": _encode_png,
    "TIFF": _encode_tiff,
    "PPM": _encode_ppm,
}
"""Pillow's names of the formats that hold 16 bits, and what writes a frame so.

Each raises ValueError or cv2.error where the frame cannot be written.
"""
