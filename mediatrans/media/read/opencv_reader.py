"""The reading of pictures that Pillow cannot decode, with OpenCV: PAM, AVIF, some TIFF."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mediatrans.media.read.tiff_tags import SampleLayout

__all__ = ["decode", "decode_tiff"]


def decode(path: Path) -> Image.Image | None:
    """Decode a file to 8-bit RGB; None if OpenCV cannot.

    Args:
        path: A PAM or AVIF file, whose size has been checked.
    """
    if not cv2.haveImageReader(str(path)):
        return None
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None
    return None if pixels is None else Image.fromarray(pixels.astype(np.uint8))


def decode_tiff(path: Path, layout: SampleLayout) -> Image.Image | None:
    """Decode a grey or RGB TIFF to 8 bits by the range that its tags tell; None if OpenCV cannot.

    Args:
        path: The file, whose size has been checked.
        layout: How its samples are stored.
    """
    if layout.channels not in (1, 3, 4) or not layout.is_grey_or_rgb:
        return None
    try:
        samples = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    channels = 1 if samples is None or samples.ndim == 2 else samples.shape[2]
    if samples is None or channels != layout.channels or samples.dtype.itemsize != 2:
        return None
    # Packed samples become the highest bits.
    scaled = layout.to_8_bits(samples.astype(np.int32) >> (16 - layout.bits))
    if channels == 1:
        return Image.fromarray(scaled)
    return Image.fromarray(scaled[..., [2, 1, 0, 3][:channels]].copy())
