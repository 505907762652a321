"""Y'CbCr to R'G'B' and back by a video's own matrix and range; HDR to SDR.

Code points are those of ITU-T H.273, which FFmpeg uses as well.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from av import VideoFrame
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

__all__ = ["Chroma", "Colour", "FromRgb", "ToRgb", "chroma_of", "has_alpha", "is_hdr", "is_wide"]

Chroma = Literal["420", "422", "444"]
"""How densely colour is sampled: every second pixel both ways, every second across, or every."""

_Pixels = NDArray[np.uint8]

_UNSPECIFIED: Final = 2
_CHROMA: Final[dict[tuple[int, int], Chroma]] = {(16, 16): "444", (8, 16): "422"}
_BT709: Final = 1
_SMPTE170M: Final = 6
_BT2020: Final = 9
_HDR_TRANSFERS: Final = frozenset({16, 18})  # PQ and HLG
_WIDE_PRIMARIES: Final = frozenset({_BT2020, 10, 11, 12})  # bt2020, XYZ, DCI and Display P3
_WIDE_MATRICES: Final = frozenset({9, 10})  # bt2020
# Without these flags swscale is off by up to 3 of 255 on flat colours.
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_SWSCALE_MATRICES: Final = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


@dataclass(frozen=True, slots=True)
class Colour:
    """A video's colour tags, as its stream has them.

    Attributes:
        range: 1 limited, 2 full, 0 untagged (taken as limited).
        matrix: Y'CbCr matrix; 2 untagged (taken as bt709 from 720 lines or 1280 columns on, else
            as bt601).
        primaries: Colour primaries; 2 untagged.
        transfer: Transfer function; 2 untagged.
    """

    range: int
    matrix: int
    primaries: int
    transfer: int

    @classmethod
    def of(cls, frame: VideoFrame) -> "Colour":
        """The tags an output of this frame's video gets."""
        name = frame.format.name
        if is_hdr(frame) or is_wide(frame):
            return cls(int(ColorRange.MPEG), _BT709, _BT709, _BT709)
        tags = cls(frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc)
        if frame.format.is_rgb or name == "pal8":
            rgb = cls.of_rgb(frame.width, frame.height)
            return replace(rgb, primaries=tags.primaries, transfer=tags.transfer)
        if name.startswith("yuvj"):
            return replace(tags, range=int(ColorRange.JPEG))
        return tags

    @classmethod
    def of_rgb(cls, width: int, height: int) -> "Colour":
        """The tags an output of R'G'B' pictures gets: limited range, the matrix of its size."""
        untagged = cls(int(ColorRange.MPEG), _UNSPECIFIED, _UNSPECIFIED, _UNSPECIFIED)
        return replace(untagged, matrix=_matrix(untagged, width, height))


def is_hdr(frame: VideoFrame) -> bool:
    """Whether a frame is PQ or HLG."""
    return frame.color_trc in _HDR_TRANSFERS


def is_wide(frame: VideoFrame) -> bool:
    """Whether a frame's primaries reach beyond bt709; untagged ones are those of its matrix."""
    untagged = frame.color_primaries in (0, _UNSPECIFIED)
    return frame.color_primaries in _WIDE_PRIMARIES or (
        untagged and frame.colorspace in _WIDE_MATRICES
    )


def has_alpha(pixels: VideoFormat) -> bool:
    """Whether a pixel format has transparency."""
    return any(component.is_alpha for component in pixels.components)


def chroma_of(pixels: VideoFormat) -> Chroma:
    """How densely a pixel format samples colour; R'G'B' and grey count as "420".

    Video of R'G'B' pictures is watched by players that mostly know 4:2:0 alone; a file that is
    Y'CbCr 4:4:4 already has the players it needs.
    """
    if pixels.is_rgb or len(pixels.components) < 3:
        return "420"
    sampled = (pixels.chroma_width(16), pixels.chroma_height(16))
    return _CHROMA.get(sampled, "420")


def _matrix(colour: Colour, width: int, height: int) -> int:
    if colour.matrix in _SWSCALE_MATRICES:
        return colour.matrix
    return _BT709 if height >= 720 or width >= 1280 else _SMPTE170M


def _range(colour: Colour) -> ColorRange:
    return ColorRange.JPEG if colour.range == ColorRange.JPEG else ColorRange.MPEG


class ToRgb:
    """Decoded frames to R'G'B' of one size.

    Args:
        first: The video's first frame, which gives the size and the colour.
    """

    def __init__(self, first: VideoFrame) -> None:
        self._width, self._height = first.width, first.height
        self._reformatter = VideoReformatter()
        self._tone_map = _ToneMap(first) if is_hdr(first) or is_wide(first) else None

    def __call__(self, frame: VideoFrame) -> tuple[_Pixels, _Pixels | None]:
        """Convert a frame.

        Returns:
            uint8 [H, W, 3], and uint8 [H, W] of alpha where the format has it.
        """
        if self._tone_map and (is_hdr(frame) or is_wide(frame)):
            frame = self._tone_map(frame)
        transparent = has_alpha(frame.format)
        colour = Colour.of(frame)
        rgb = self._reformatter.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="rgba" if transparent else "rgb24",
            src_colorspace=_SWSCALE_MATRICES[_matrix(colour, frame.width, frame.height)],
            src_color_range=None if frame.format.is_rgb else _range(colour),
            dst_color_range=ColorRange.JPEG,
            interpolation=_EXACT,
        )
        pixels = np.asarray(rgb.to_ndarray(), np.uint8)
        if transparent:
            return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
        return pixels, None


class FromRgb:
    """R'G'B' to frames for an encoder.

    Args:
        pixel_format: FFmpeg's name of the encoder's pixel format.
        colour: The tags to convert by and to write.
    """

    def __init__(self, pixel_format: str, colour: Colour) -> None:
        self._pixel_format = pixel_format
        self._colour = colour
        self._reformatter = VideoReformatter()

    def __call__(self, pixels: _Pixels, alpha: _Pixels | None = None) -> VideoFrame:
        """Convert a picture; timestamps are left to the caller.

        Args:
            pixels: uint8 [H, W, 3].
            alpha: uint8 [H, W], or None for an opaque picture.
        """
        if alpha is None:
            frame = VideoFrame.from_ndarray(pixels, "rgb24")
        else:
            frame = VideoFrame.from_ndarray(np.dstack([pixels, alpha]), "rgba")
        matrix = _matrix(self._colour, frame.width, frame.height)
        coded = self._reformatter.reformat(
            frame,
            format=self._pixel_format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=_SWSCALE_MATRICES[matrix],
            dst_color_range=_range(self._colour),
            interpolation=_EXACT,
        )
        if not coded.format.is_rgb:
            coded.color_range = self._colour.range
            coded.colorspace = self._colour.matrix
        coded.color_primaries = self._colour.primaries
        coded.color_trc = self._colour.transfer
        return coded


class _ToneMap:
    """HDR and wide gamuts to bt709 by an intent of swscale's, which its filter alone takes."""

    def __init__(self, first: VideoFrame) -> None:
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
            # The perceptual one keeps HDR's highlights, but moves colours that bt709 can hold.
            intent="perceptual" if is_hdr(first) else "relative_colorimetric",
            flags="bicubic+accurate_rnd",
        )
        rgb = self._graph.add("format", "rgb24")
        sink = self._graph.add("buffersink")
        self._graph.link_nodes(source, scale, rgb, sink).configure()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        if not is_hdr(frame) and frame.color_primaries not in _WIDE_PRIMARIES:
            frame.color_primaries = _BT2020
        if frame.color_trc in (0, _UNSPECIFIED):
            frame.color_trc = _BT709
        self._graph.vpush(frame)
        return self._graph.vpull()
