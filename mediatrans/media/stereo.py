"""How the two views of a stereoscopic video share a frame, as Matroska tells it."""

import struct
from typing import Final

__all__ = ["WEBM_STEREO_MODES", "stereo_mode_of"]

# FFmpeg's AVStereo3D begins with two numbers: the type and the flags.
_HEAD: Final = struct.Struct("=iI")
_IS_SWAPPED: Final = 1
_MODES: Final = {
    1: ("left_right", "right_left"),
    2: ("top_bottom", "bottom_top"),
    4: ("checkerboard_lr", "checkerboard_rl"),
    6: ("row_interleaved_lr", "row_interleaved_rl"),
    7: ("col_interleaved_lr", "col_interleaved_rl"),
}
"""FFmpeg's names of Matroska's StereoMode by the type, and with the right view first."""

WEBM_STEREO_MODES: Final = frozenset(
    {"mono", "left_right", "right_left", "top_bottom", "bottom_top"}
)
"""The names that WebM allows."""


def stereo_mode_of(data: bytes) -> str:
    """FFmpeg's name of Matroska's StereoMode; "" if there is none.

    Args:
        data: The side data STEREO3D of a frame; b"" without any.
    """
    if len(data) < _HEAD.size:
        return ""
    kind, flags = _HEAD.unpack_from(data)
    return _MODES.get(kind, ("", ""))[flags & _IS_SWAPPED]
