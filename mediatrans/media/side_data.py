"""The side data of decoded video frames."""

import ctypes
from collections.abc import Iterator
from typing import Any, Final

from av import VideoFrame
from av.sidedata.sidedata import SideData, SideDataContainer, Type

__all__ = ["drop_mastering_primaries", "side_data"]

_MASTERING: Final = "MASTERING_DISPLAY_METADATA"
# Where FFmpeg's AVMasteringDisplayMetadata says whether its primaries are set, after ten pairs of
# integers: x and y of red, green, blue and white, and two luminances.
_HAS_PRIMARIES: Final = 80
# Where a SideData of PyAV holds the address of FFmpeg's AVFrameSideData: behind the head of every
# object, the table of its methods and its frame. Then the places of two pointers in that structure.
_STRUCTURE: Final = object.__basicsize__ + 2 * ctypes.sizeof(ctypes.c_void_p)
_DATA: Final = ctypes.sizeof(ctypes.c_void_p)
_TAGS: Final = 3 * ctypes.sizeof(ctypes.c_void_p)


def side_data(frame: VideoFrame) -> dict[str, bytes]:
    """The side data of a decoded frame by FFmpeg's names of its types.

    Args:
        frame: A decoded frame.
    """
    return {data.type.name: bytes(data) for data in _each(frame)}


def drop_mastering_primaries(frame: VideoFrame) -> None:
    """Unset the primaries of a frame's mastering display; its luminances stay.

    swscale takes them for those of the picture, and they are wrong in many files. PyAV can only
    read side data, so the flag is changed in memory.

    Args:
        frame: A decoded frame.
    """
    for data in _each(frame):
        if data.type.name == _MASTERING and data.buffer_size > _HAS_PRIMARIES:
            ctypes.c_int.from_address(data.buffer_ptr + _HAS_PRIMARIES).value = 0


def _each(frame: VideoFrame) -> Iterator[SideData]:
    # `frame.side_data` would create a reference cycle with the frame. Its memory would then only be
    # freed by the garbage collector, which runs too rarely for large frames.
    container = SideDataContainer(frame)  # type: ignore[call-arg]
    held = [container[index] for index in range(len(container))]
    for data in held:
        assert isinstance(data, SideData)
        _hand_over_tags(data)
    yield from held


def _hand_over_tags(data: SideData) -> None:
    """Leave the tags of side data to PyAV alone.

    PyAV frees the tags (the name of a PNG's profile, for example) with its object, and FFmpeg frees
    them again with the frame, which ends the process. So the frame must no longer have them. PyAV
    offers no access to the structure; its address is checked by the data that it points to.
    """
    structure = ctypes.c_void_p.from_address(id(data) + _STRUCTURE).value
    if structure and ctypes.c_void_p.from_address(structure + _DATA).value == data.buffer_ptr:
        ctypes.c_void_p.from_address(structure + _TAGS).value = None


def _unnamed(cls: type[Type], value: object) -> Any:
    """A member for a type of side data that is newer than PyAV's list of them.

    PyAV raises ValueError for a frame with such data, even if only other data of it is wanted.
    """
    member: Any = object.__new__(cls)
    member._name_, member._value_ = f"TYPE_{value}", value
    return member


Type._missing_ = classmethod(_unnamed)  # type: ignore[method-assign, assignment]
