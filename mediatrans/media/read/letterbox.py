"""The fitting of frames whose size differs from that of the first frame of their video."""

import logging
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
        self, pixels: Pixels, alpha: Pixels | None, index: int
    ) -> tuple[Pixels, Pixels | None]:
        """The frame in the size of the video.

        Args:
            pixels: uint8 [H, W, 3], upright.
            alpha: uint8 [H, W], or None.
            index: The number of the frame in the warning.
        """
        height, width = pixels.shape[:2]
        if (width, height) == (self._width, self._height):
            return pixels, alpha
        if not self._has_warned:
            self._has_warned = True
            _LOG.warning(
                "%s: its size changes to %dx%d at frame %d; fitted into %dx%d with black bars",
                self._path, width, height, index, self._width, self._height,
            )  # fmt: skip
        opaque = np.full((height, width), 255, np.uint8)
        layers = np.dstack([pixels, opaque if alpha is None else alpha])
        scale = min(self._width / width, self._height / height)
        across = min(self._width, max(1, round(width * scale)))
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
