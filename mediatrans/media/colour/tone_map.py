"""The conversion of HDR and of wide gamuts to bt709.

Code points are those of ITU-T H.273, as in FFmpeg.
"""

from typing import Final

from av import VideoFrame
from av.filter import Graph

from mediatrans.media.side_data import drop_mastering_primaries

__all__ = ["ToneMap", "is_hdr", "is_wide"]

_UNSPECIFIED: Final = 2
_BT709: Final = 1
_BT2020: Final = 9
_HDR_TRANSFERS: Final = frozenset({16, 18})  # PQ and HLG
_WIDE_PRIMARIES: Final = frozenset({_BT2020, 10, 11, 12})  # bt2020, XYZ, DCI and Display P3
_WIDE_MATRICES: Final = frozenset({9, 10})  # bt2020


def is_hdr(frame: VideoFrame) -> bool:
    """Whether a frame is HDR (PQ or HLG)."""
    return frame.color_trc in _HDR_TRANSFERS


def is_wide(frame: VideoFrame) -> bool:
    """Whether a frame's gamut is wider than bt709; untagged primaries follow the matrix."""
    untagged = frame.color_primaries in (0, _UNSPECIFIED)
    return frame.color_primaries in _WIDE_PRIMARIES or (
        untagged and frame.colorspace in _WIDE_MATRICES
    )


class ToneMap:
    """Maps HDR and wide gamuts to bt709 with the scale filter, which supports rendering intents.

    Args:
        first: The first frame; other frames must have its size, format and colour.
    """

    def __init__(self, first: VideoFrame) -> None:
        self._layout = _layout_of(first)
        self._graph = Graph()
        source = self._graph.add(
            "buffer",
            video_size=f"{first.width}x{first.height}",
            pix_fmt=first.format.name,
            time_base="1/1000000",
            colorspace=str(first.colorspace),
            range=str(int(first.color_range)),
        )
        scale = self._graph.add(
            "scale",
            out_color_matrix="bt709",
            out_primaries="bt709",
            out_transfer="bt709",
            out_range="full",
            # The perceptual intent keeps HDR highlights, but also changes colours within bt709.
            intent="perceptual" if is_hdr(first) else "relative_colorimetric",
            flags="bicubic+accurate_rnd",
        )
        rgb = self._graph.add("format", "rgb24")
        sink = self._graph.add("buffersink")
        self._graph.link_nodes(source, scale, rgb, sink).configure()

    def takes(self, frame: VideoFrame) -> bool:
        """Whether a frame has the size, format and colour of the first."""
        return self._layout == _layout_of(frame)

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """The frame in bt709."""
        if not is_hdr(frame) and frame.color_primaries not in _WIDE_PRIMARIES:
            frame.color_primaries = _BT2020
        if frame.color_trc in (0, _UNSPECIFIED):
            frame.color_trc = _BT709
        # The primaries of the picture decide; those of its mastering display are often wrong.
        drop_mastering_primaries(frame)
        self._graph.vpush(frame)
        return self._graph.vpull()


def _layout_of(frame: VideoFrame) -> tuple[object, ...]:
    return (
        frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range,
        is_hdr(frame),
    )  # fmt: skip
