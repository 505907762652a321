"""What flows through the pipeline: frames, what is known of a medium, sources and sinks."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from mediatrans.media.animation import FOREVER
from mediatrans.media.colour.yuv import Chroma, Colour

__all__ = [
    "Clip",
    "Done",
    "Frame",
    "JpegCoding",
    "Mark",
    "MediaInfo",
    "Opener",
    "Pixels",
    "Segment",
    "StillInfo",
    "VideoInfo",
]

Pixels = NDArray[np.uint8]
"""Pictures as uint8; [H, W, 3] RGB unless a docstring says otherwise."""


@dataclass(frozen=True, slots=True)
class JpegCoding:
    """How a JPEG was compressed, so its translation is compressed alike.

    Attributes:
        tables: Quantisation tables of 64 entries, luma first.
        subsampling: Pillow's number for the chroma sampling: 0 is 4:4:4 (and stands for a file
            without chroma), 1 is 4:2:2, 2 is 4:2:0.
        progressive: Whether it comes in scans from coarse to fine.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    progressive: bool


@dataclass(frozen=True, slots=True)
class StillInfo:
    """What a still picture's file held beside its 8-bit RGB pixels, so it can be written back.

    Attributes:
        mode: Pillow's name for the file's own layout: "L", "P", "RGBA", "I;16", ...
        bits: Bits a channel in the file: 8 or 16.
        exif: EXIF block with the orientation already reset, or None.
        dpi: Pixels an inch across and down, or None.
        icc: An sRGB profile to embed, or None where the file had no profile.
        xmp: XMP packet with the orientation already reset, or None.
        jpeg: How the file was compressed where it is a JPEG, else None.
        lossless: The file's format knows both, and this file is compressed without loss.
        notes: What was changed on the way to the pixels, for the report.
    """

    mode: str
    bits: int = 8
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    jpeg: JpegCoding | None = None
    lossless: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture on its way through the pipeline.

    Attributes:
        pixels: uint8 [H, W, 3], sRGB or the video's own R'G'B'.
        index: Position in its source, from 0.
        name: What to call it in messages: a file, or a file and a frame number.
        pts: Presentation time in units of `time_base`; None for a still picture.
        duration: How long it is shown, in units of `time_base`; None where unknown.
        time_base: Seconds a tick of `pts`; None for a still picture.
        alpha: uint8 [H, W], or None for an opaque picture.
        still: The file's own layout and metadata; None for a video frame.
        is_time_repaired: Whether `pts` is not the time that the file gives.
    """

    pixels: Pixels
    index: int
    name: str
    pts: int | None = None
    duration: int | None = None
    time_base: Fraction | None = None
    alpha: Pixels | None = None
    still: StillInfo | None = None
    is_time_repaired: bool = False


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a video that is asked for.

    Attributes:
        begin: Where it begins, in seconds on the file's own clock; None is the file's beginning,
            whatever its clock says there.
        end: Where it ends, in seconds on the file's own clock; None is the file's end.
        limit: Most frames taken, or None.
        whole: Whether a damaged file is refused; otherwise it is taken up to the damage.
    """

    begin: Fraction | None = None
    end: Fraction | None = None
    limit: int | None = None
    whole: bool = True

    def shift(self, time_base: Fraction) -> int:
        """Ticks to take off every timestamp, so that a trimmed clip begins at 0."""
        return 0 if self.begin is None else round(self.begin / time_base)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a medium before its first frame is decoded.

    Attributes:
        width: Pixels across, upright (display rotation applied); None where frames differ.
        height: Pixels down, upright; None where frames differ.
        frame_count: Frames to expect, for a video about as many as come; None where nothing says.
        rate: Frames per second, or None for pictures and unknown rates.
        time_base: Seconds a tick of the frames' timestamps; None for pictures.
        clip: The part of the medium that the frames cover.
    """

    width: int | None
    height: int | None
    frame_count: int | None
    rate: Fraction | None = None
    time_base: Fraction | None = None
    clip: Clip = Clip()


Opener = Callable[[], InputContainer]
"""Opens one video from its beginning, each time anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo(MediaInfo):
    """What is known of a video, enough to write one like it.

    Attributes:
        path: The video file, whose other streams an output copies.
        stream_index: Which of its streams the frames come from; None for an animated WebP, which
            has no other streams.
        time_base: Seconds a tick of the frames' timestamps.
        colour: The colour tags of the frames' video, SDR.
        pixel_aspect: Width of a pixel over its height, upright.
        chroma: How densely its colour is sampled.
        has_alpha: Whether its frames can be transparent.
        plays: How often an animation plays; `FOREVER` for one that never stops.
        reopen: Opens the video again, for its other streams; None where `path` is opened.
    """

    path: Path
    stream_index: int | None
    time_base: Fraction
    colour: Colour
    pixel_aspect: Fraction = Fraction(1)
    chroma: Chroma = "420"
    has_alpha: bool = False
    plays: int = FOREVER
    reopen: Opener | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The last source frame of a segment, by which a reader finds the place to go on.

    Attributes:
        index: Its position in the source.
        pts: Its presentation time in ticks.
        crc: CRC-32 of its pixels.
        is_time_repaired: Whether its time is not the file's own, and cannot be sought.
    """

    index: int
    pts: int
    crc: int
    is_time_repaired: bool = False

    @classmethod
    def of(cls, frame: Frame, index: int) -> Self:
        """The mark of a source frame at a position."""
        assert frame.pts is not None
        crc = zlib.crc32(frame.pixels.tobytes())
        return cls(index, frame.pts, crc, frame.is_time_repaired)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some frames in a row, encoded and on disk.

    Attributes:
        first: Index of the first frame.
        frames: How many there are.
        size: Bytes of its file.
        crc: CRC-32 of its file.
        begin: Presentation time of the first frame, in ticks.
        tail: Presentation times of its last frames, which the packets of the next one build on.
        mark: The source frame that the last frame was made from; None in the last segment.
        notes: What else is to be kept with these frames, as JSON holds it.
    """

    first: int
    frames: int
    size: int
    crc: int
    begin: int
    tail: tuple[int, ...]
    mark: Mark | None
    notes: Any

    @property
    def end(self) -> int:
        """Index of the frame after its last one."""
        return self.first + self.frames


@dataclass(frozen=True, slots=True)
class Done:
    """What an earlier run has already written of an output.

    Attributes:
        frames: How many frames of the source need not be translated again.
        mark: The last of them; None where there is none.
        total: Frames of the whole output, where they are all there; else None.
        damage: What broke the source off, where all there is of it is there; else None.
        notes: What was kept with the frames, see `Sink`.
    """

    frames: int = 0
    mark: Mark | None = None
    total: int | None = None
    damage: str | None = None
    notes: tuple[Any, ...] = ()
