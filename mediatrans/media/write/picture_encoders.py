"""The encoders of TIFF, and of PNG and PPM with 16 bits per channel.

Pillow can write neither colour pictures with 16 bits per channel nor compressed TIFF with EXIF.
"""

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

__all__ = ["encoder_of"]

Encode = Callable[[Frame, StillInfo], bytes]
Samples = NDArray[np.uint8 | np.uint16]

_INCH_M = 0.0254
_UNASSOCIATED_ALPHA = 2
_DEFLATE = 8
_HORIZONTAL = 2


def encoder_of(file_format: str, still: StillInfo) -> Encode | None:
    """The encoder for a frame; None if Pillow can encode it.

    Args:
        file_format: Pillow's name of the format.
        still: The properties of the frame's file.

    Returns:
        A function that raises ValueError or cv2.error if the frame cannot be encoded.
    """
    if file_format == "TIFF":
        return _encode_tiff
    return _DEEP.get(file_format) if still.bits == 16 else None


def _samples(frame: Frame, bits: int) -> Samples:
    """uint8 or uint16 [H, W, 3 or 4] RGB."""
    pixels = frame.pixels
    if frame.alpha is not None:
        pixels = np.dstack([pixels, frame.alpha])
    if bits == 8:
        return pixels
    # Multiplying by 257 maps 0 to 0 and 255 to 65535 exactly.
    return pixels.astype(np.uint16) * np.uint16(257)


def _encode_png(frame: Frame, still: StillInfo) -> bytes:
    blocks = {
        cv2.IMAGE_METADATA_EXIF: still.exif.removeprefix(b"Exif\0\0") if still.exif else None,
        cv2.IMAGE_METADATA_ICCP: still.icc,
    }
    held = {kind: np.frombuffer(data, np.uint8) for kind, data in blocks.items() if data}
    done, data = cv2.imencodeWithMetadata(
        ".png", _bgr(_samples(frame, still.bits)), list(held), list(held.values())
    )
    if not done:
        raise ValueError("the encoder failed")
    after_header = 8 + 25
    return bytes(data[:after_header]) + _dpi_and_xmp(still) + bytes(data[after_header:])


def _encode_ppm(frame: Frame, still: StillInfo) -> bytes:
    done, data = cv2.imencode(".ppm", _bgr(_samples(frame, still.bits)))
    if not done:
        raise ValueError("the encoder failed")
    return bytes(data)


def _bgr(samples: Samples) -> Samples:
    channels = [2, 1, 0, 3][: samples.shape[2]]
    return np.ascontiguousarray(samples[..., channels])


def _dpi_and_xmp(still: StillInfo) -> bytes:
    """The pHYs and iTXt chunks, which OpenCV does not write (PNG specification, 11.3)."""
    chunks = b""
    if still.dpi:
        across, down = (round(value / _INCH_M) for value in still.dpi)
        chunks += _chunk(b"pHYs", across.to_bytes(4) + down.to_bytes(4) + b"\1")
    if still.xmp:
        chunks += _chunk(b"iTXt", b"XML:com.adobe.xmp".ljust(22, b"\0") + still.xmp)
    return chunks


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def _encode_tiff(frame: Frame, still: StillInfo) -> bytes:
    """A TIFF of one deflated strip; Pillow's directory writer encodes the tags (TIFF 6.0)."""
    samples = _samples(frame, still.bits)
    height, width, channels = samples.shape
    left = np.zeros_like(samples)
    left[:, 1:] = samples[:, :-1]
    strip = zlib.compress((samples - left).astype(samples.dtype.newbyteorder("<")).tobytes())
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
    directory[256], directory[257], directory[258] = width, height, (still.bits,) * channels
    directory[259], directory[262], directory[277] = _DEFLATE, 2, channels
    directory[273], directory[278], directory[279] = 0, height, len(strip)
    directory[317] = _HORIZONTAL
    file = io.BytesIO()
    directory.save(file)  # sets the strip's offset to the end of the directory
    return file.getvalue() + strip


_DEEP: dict[str, Encode] = {"PNG": _encode_png, "PPM": _encode_ppm}
