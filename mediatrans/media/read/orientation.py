"""The display matrix of a video frame, and the rotation of pixels by it."""

import struct

import numpy as np
from av import VideoFrame

from mediatrans.media.frames import Pixels
from mediatrans.media.side_data import side_data

__all__ = ["UPRIGHT", "Matrix", "display_matrix", "is_transposing", "upright"]

Matrix = tuple[int, ...]
"""a, b, u, c, d, v, x, y, w of ISO 14496-12, 8.3.2: (p, q) is shown at (ap + cq, bp + dq)."""

UPRIGHT: Matrix = (1, 0, 0, 0, 1, 0, 0, 0, 1)
"""The matrix of a frame that is shown as it is stored."""


def display_matrix(frame: VideoFrame) -> Matrix | None:
    """The display matrix of a decoded frame; None if it has none.

    Args:
        frame: A decoded frame.
    """
    matrix = side_data(frame).get("DISPLAYMATRIX")
    return struct.unpack("=9i", matrix) if matrix else None


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
