"""The reading of pictures that Pillow cannot decode, with OpenCV: PAM, AVIF, some TIFF."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mediatrans.media.read.tiff_tags import ICC_LAB, RGB, SampleLayout

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
    """Decode a grey, RGB or L*a*b* TIFF to 8 bits by its tags; None if OpenCV cannot.

    Args:
        path: The file, whose size has been checked.
        layout: How its samples are stored.
    """
    if layout.is_deep_lab:
        return _deep_lab(path, layout)
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


def _deep_lab(path: Path, layout: SampleLayout) -> Image.Image | None:
    """Decode L*a*b* of 16 bits (TIFF 6.0, section 23, and technical note 4 of PageMaker 6.0).

    OpenCV would convert it for a display of another white, so it is told that the samples are RGB.
    """
    content = bytearray(path.read_bytes())
    at = layout.photometric_at
    content[at : at + 2] = RGB.to_bytes(2, "little" if content.startswith(b"II") else "big")
    try:
        samples = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if samples is None or samples.ndim != 3 or samples.dtype.itemsize != 2:
        return None
    lightness, a, b = (samples[..., channel].view(np.uint16).astype(int) for channel in (2, 1, 0))
    if layout.photometric == ICC_LAB:
        white, colours = 0xFF00, [values - 0x8000 for values in (a, b)]
    else:
        white, colours = 0xFFFF, [(values ^ 0x8000) - 0x8000 for values in (a, b)]
    light = ((lightness.clip(0, white) * 255 + white // 2) // white).astype(np.uint8)
    signed = [((values + 128) >> 8).clip(-128, 127).astype(np.int8) for values in colours]
    planes = [light, *(values.view(np.uint8) for values in signed)]
    return Image.frombytes("LAB", layout.size, np.dstack(planes).tobytes())
