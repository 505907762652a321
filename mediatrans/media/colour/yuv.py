"""The conversion between Y'CbCr and R'G'B' by a video's matrix and range, and of HDR to SDR.

Code points are those of ITU-T H.273, as in FFmpeg.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from av import VideoFrame
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from mediatrans.media.colour.tone_map import ToneMap, is_hdr, is_wide

__all__ = ["Chroma", "Colour", "FromRgb", "ToRgb", "chroma_of", "has_alpha", "is_hdr", "is_wide"]

Chroma = Literal["420", "422", "444"]
"""Chroma subsampling: halved in both directions, halved horizontally, or none."""

_Pixels = NDArray[np.uint8]

_UNSPECIFIED: Final = 2
_CHROMA: Final[dict[tuple[int, int], Chroma]] = {(16, 16): "444", (8, 16): "422"}
_BT709: Final = 1
_SMPTE170M: Final = 6
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
    """The colour tags of a video stream.

    Attributes:
        range: 1 limited, 2 full, 0 untagged (treated as limited).
        matrix: Y'CbCr matrix; 2 untagged (treated as bt709 from 720 rows or 1280 columns up, else
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
        """The tags for an output of this frame's video."""
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
        """The tags for a video of R'G'B' pictures: limited range, and the matrix for its size."""
        untagged = cls(int(ColorRange.MPEG), _UNSPECIFIED, _UNSPECIFIED, _UNSPECIFIED)
        return replace(untagged, matrix=_matrix(untagged, width, height))


def has_alpha(pixels: VideoFormat) -> bool:
    """Whether a pixel format has transparency."""
    return any(component.is_alpha for component in pixels.components)


def chroma_of(pixels: VideoFormat) -> Chroma:
    """The chroma subsampling for an output of this pixel format; "420" for R'G'B' and grey.

    Many players only support 4:2:0. The owner of a Y'CbCr 4:4:4 file already needs a player for
    it, so it stays 4:4:4. R'G'B' pictures become 4:2:0.
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
    """Converts decoded frames to R'G'B'; their size, format and colour may change midway."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._tone_map: ToneMap | None = None

    def __call__(self, frame: VideoFrame) -> tuple[_Pixels, _Pixels | None]:
        """Convert a frame.

        Returns:
            The pixels, uint8 [H, W, 3], and the alpha, uint8 [H, W], or None.
        """
        if is_hdr(frame) or is_wide(frame):
            if self._tone_map is None or not self._tone_map.takes(frame):
                self._tone_map = ToneMap(frame)
            frame = self._tone_map(frame)
        transparent = has_alpha(frame.format)
        colour = Colour.of(frame)
        rgb = self._reformatter.reformat(
            frame,
            # swscale has vector code for planes only; the pixels are those of rgb24.
            format="rgba" if transparent else "gbrp",
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
    """Converts R'G'B' to frames for an encoder.

    Args:
        pixel_format: FFmpeg's name of the encoder's pixel format.
        colour: The colour tags of the frames.
    """

    def __init__(self, pixel_format: str, colour: Colour) -> None:
        self._pixel_format = pixel_format
        self._colour = colour
        self._reformatter = VideoReformatter()

    def __call__(self, pixels: _Pixels, alpha: _Pixels | None = None) -> VideoFrame:
        """Convert a picture; the caller sets the timestamps.

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
