"""The display matrix of a video frame, and the rotation of pixels by it."""

import struct

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData, SideDataContainer

from mediatrans.media.frames import Pixels

__all__ = ["Matrix", "display_matrix", "is_transposing", "upright"]

Matrix = tuple[int, ...]
"""a, b, u, c, d, v, x, y, w of ISO 14496-12, 8.3.2: (p, q) is shown at (ap + cq, bp + dq)."""

_UPRIGHT: Matrix = (1, 0, 0, 0, 1, 0, 0, 0, 1)


def display_matrix(frame: VideoFrame) -> Matrix:
    """The display matrix of a decoded frame; the identity if it has none.

    Args:
        frame: A decoded frame.
    """
    # `frame.side_data` would create a reference cycle with the frame. Its memory would then only be
    # freed by the garbage collector, which runs too rarely for large frames.
    side_data = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]
    return struct.unpack("=9i", bytes(side_data)) if isinstance(side_data, SideData) else _UPRIGHT


def is_transposing(matrix: Matrix) -> bool:
    """Whether a matrix swaps width and height.

    Args:
        matrix: A display matrix.
    """
    return abs(matrix[1]) > abs(matrix[0])


def upright(pixels: Pixels, matrix: Matrix) -> Pixels:
    """Rotate pixels by quarter turns and mirror them, as close as possible to the matrix.

    Args:
        pixels: Decoded pixels, uint8 [H, W] or [H, W, 3].
        matrix: The frame's display matrix.

    Returns:
        The upright pixels, contiguous.
    """
    a, b, _, c, d = matrix[:5]
    across, down = a, d
    if is_transposing(matrix):
        pixels = np.swapaxes(pixels, 0, 1)
        across, down = c, b
    if across < 0:
        pixels = pixels[:, ::-1]
    if down < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
