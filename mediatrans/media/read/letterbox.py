"""The fitting of frames whose size or pixel aspect differs from that of the first frame."""

import logging
from fractions import Fraction
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation

from mediatrans.media.frames import Pixels

__all__ = ["Letterbox"]

_LOG = logging.getLogger(__name__)


class Letterbox:
    """Fits frames into one size, with black bars, and warns of the first that differs.

    Args:
        width: The width of the video in pixels.
        height: Its height in pixels.
        path: The video's name in the warning.
    """

    def __init__(self, width: int, height: int, path: Path) -> None:
        self._width = width
        self._height = height
        self._path = path
        self._has_warned = False

    def __call__(
        self, pixels: Pixels, alpha: Pixels | None, index: int, aspect: Fraction = Fraction(1)
    ) -> tuple[Pixels, Pixels | None]:
        """The frame in the size of the video.

        Args:
            pixels: uint8 [H, W, 3], upright.
            alpha: uint8 [H, W], or None.
            index: The number of the frame in the warning.
            aspect: The aspect of its pixels, divided by that of the video's.
        """
        height, width = pixels.shape[:2]
        if (width, height) == (self._width, self._height) and aspect == 1:
            return pixels, alpha
        if not self._has_warned:
            self._has_warned = True
            what = "pixel aspect changes" if aspect != 1 else f"size changes to {width}x{height}"
            _LOG.warning(
                "%s: its %s at frame %d; fitted into %dx%d with black bars",
                self._path, what, index, self._width, self._height,
            )  # fmt: skip
        opaque = np.full((height, width), 255, np.uint8)
        layers = np.dstack([pixels, opaque if alpha is None else alpha])
        wide = width * float(aspect)
        scale = min(self._width / wide, self._height / height)
        across = min(self._width, max(1, round(wide * scale)))
        down = min(self._height, max(1, round(height * scale)))
        scaled = VideoFrame.from_ndarray(np.ascontiguousarray(layers), "rgba").reformat(
            width=across, height=down, interpolation=Interpolation.BICUBIC
        )
        fitted = np.zeros((self._height, self._width, 4), np.uint8)
        fitted[..., 3] = 255
        left, top = (self._width - across) // 2, (self._height - down) // 2
        fitted[top : top + down, left : left + across] = scaled.to_ndarray()
        shown = np.ascontiguousarray(fitted[..., :3])
        return shown, None if alpha is None else np.ascontiguousarray(fitted[..., 3])
