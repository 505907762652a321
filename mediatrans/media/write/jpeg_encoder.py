"""The encoder of JPEG with the chroma subsamplings that Pillow cannot write: 4:1:1 and 4:4:0."""

import io
from functools import cache

import cv2
import numpy as np
from PIL import Image

from mediatrans.media.frames import JPEG_411, JPEG_440, Frame, StillInfo
from mediatrans.media.write.picture_blocks import encoder_options

__all__ = ["encode_jpeg", "opencv_quality"]

_FACTORS = {
    JPEG_411: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
    JPEG_440: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
}
_Tables = tuple[tuple[int, ...], ...]


def opencv_quality(still: StillInfo, quality: int | None) -> int | None:
    """The quality with which OpenCV writes a picture like its source; None if Pillow writes it.

    OpenCV has the usual quantisation tables alone. A source with others is written by Pillow with
    its own tables and without subsampling.

    Args:
        still: The properties of the source.
        quality: The quality that was asked for, or None.
    """
    if still.jpeg is None or still.jpeg.subsampling not in _FACTORS:
        return None
    return quality or _qualities().get(still.jpeg.tables)


def encode_jpeg(frame: Frame, still: StillInfo, quality: int) -> bytes:
    """Encode a frame with the chroma subsampling of its source.

    Args:
        frame: The frame.
        still: The properties of the source, a JPEG.
        quality: 1 to 100.

    Raises:
        ValueError: The encoder failed.
    """
    assert still.jpeg is not None
    data = _encoded(frame.pixels, quality, _FACTORS[still.jpeg.subsampling], still.jpeg.progressive)
    described = io.BytesIO()
    Image.new("RGB", (8, 8)).save(described, "JPEG", **encoder_options(still, "JPEG"))
    return _segments(described.getvalue()) + data[len(_segments(data)) :]


def _encoded(pixels: np.ndarray, quality: int, factor: int, progressive: bool) -> bytes:
    options = [
        (cv2.IMWRITE_JPEG_QUALITY, quality),
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor),
        (cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)),
    ]
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    done, data = cv2.imencode(".jpg", bgr, [number for pair in options for number in pair])
    if not done:
        raise ValueError("the encoder failed")
    return bytes(data)


def _segments(jpeg: bytes) -> bytes:
    """The beginning of a JPEG with its application segments and comments."""
    at = 2
    while jpeg[at] == 0xFF and (0xE0 <= jpeg[at + 1] <= 0xEF or jpeg[at + 1] == 0xFE):
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return jpeg[:at]


@cache
def _qualities() -> dict[_Tables, int]:
    """The quality by the quantisation tables that it gives."""
    found = {}
    grey = np.zeros((8, 8, 3), np.uint8)
    for quality in range(1, 101):
        data = _encoded(grey, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, False)
        with Image.open(io.BytesIO(data)) as image:
            tables = image.quantization  # type: ignore[attr-defined]
            found[tuple(tuple(tables[key]) for key in sorted(tables))] = quality
    return found
