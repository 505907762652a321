"""The display matrix of a video frame, and pixels turned upright by it."""

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
    """How a decoded frame is meant to be shown.

    Args:
        frame: A frame as the decoder gave it.
    """
    # Not `frame.side_data`: that container is kept in the frame it keeps, a cycle, and the frames'
    # memory would wait for the garbage collector, which does not know how much it is.
    side_data = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]
    return struct.unpack("=9i", bytes(side_data)) if isinstance(side_data, SideData) else _UPRIGHT


def is_transposing(matrix: Matrix) -> bool:
    """Whether a matrix swaps width and height.

    Args:
        matrix: A display matrix.
    """
    return abs(matrix[1]) > abs(matrix[0])


def upright(pixels: Pixels, matrix: Matrix) -> Pixels:
    """Turn and mirror pixels by quarter turns, the nearest to what the matrix says.

    Args:
        pixels: uint8 [H, W] or [H, W, 3] as decoded.
        matrix: The frame's display matrix.

    Returns:
        The pixels as they are meant to be seen, contiguous.
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
