"""The data types of the pipeline: frames, properties of media, segments and marks."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from mediatrans.files.fingerprint import Fingerprint
from mediatrans.media.animation import FOREVER
from mediatrans.media.colour.yuv import Chroma, Colour

__all__ = [
    "COMMENT",
    "JPEG_411",
    "JPEG_440",
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
    "Stretch",
    "Text",
    "VideoInfo",
]

Pixels = NDArray[np.uint8]
"""Pictures as uint8; [H, W, 3] RGB unless a docstring says otherwise."""


JPEG_411 = 3
"""The number of 4:1:1, a quarter of the chroma horizontally, which Pillow does not have."""

JPEG_440 = 4
"""The number of 4:4:0, half of the chroma vertically, which Pillow does not have."""


@dataclass(frozen=True, slots=True)
class JpegCoding:
    """The compression parameters of a JPEG, which are reused for its translation.

    Attributes:
        tables: Quantisation tables of 64 entries, luma first.
        subsampling: The chroma subsampling: Pillow's number 0 for 4:4:4 (also for a file without
            chroma), 1 for 4:2:2, 2 for 4:2:0; `JPEG_411` or `JPEG_440`.
        progressive: Whether the JPEG is progressive.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    progressive: bool


COMMENT = "Comment"
"""The keyword of a comment that has none in its file."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a picture's file.

    Attributes:
        keyword: Its keyword in a PNG; `COMMENT` for the comment of another format.
        text: The text; bytes of an unknown encoding are kept as surrogates.
        language: Its language tag, or "".
        translated: The keyword in that language, or "".
        is_utf8: Whether it is stored as UTF-8 in a PNG.
    """

    keyword: str
    text: str
    language: str = ""
    translated: str = ""
    is_utf8: bool = False


@dataclass(frozen=True, slots=True)
class StillInfo:
    """The properties of a still picture's file besides its 8-bit RGB pixels, for writing it back.

    Attributes:
        mode: Pillow's name of the pixel layout: "L", "P", "RGBA", "I;16", ...
        bits: Bits per channel in the file: 8 or 16.
        exif: The EXIF block with the orientation reset, with its prefix of 6 bytes; or None.
        dpi: Horizontal and vertical pixels per inch, or None.
        icc: An sRGB profile to embed; None if the file had no profile.
        xmp: The XMP packet with the orientation reset, or None.
        photoshop: Photoshop's image resources, among them IPTC records; or None.
        texts: The comments and texts.
        jpeg: The compression parameters of a JPEG, else None.
        avif_subsampling: The chroma subsampling of an AVIF: "4:2:0", "4:2:2" or "4:4:4"; else None.
        lossless: Whether the file is a losslessly compressed WebP.
        lost: Names of what the file holds and a translation cannot have.
        notes: What was changed in reading, for the report.
    """

    mode: str
    bits: int = 8
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes | None = None
    texts: tuple[Text, ...] = ()
    jpeg: JpegCoding | None = None
    avif_subsampling: str | None = None
    lossless: bool = False
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture in the pipeline.

    Attributes:
        pixels: uint8 [H, W, 3], sRGB or the video's R'G'B'.
        index: Position in the source, from 0.
        name: The name in messages: a file, or a file and a frame number.
        pts: Presentation timestamp in units of `time_base`; None for a still picture.
        duration: Duration in units of `time_base`; None if unknown.
        time_base: Seconds per tick of `pts`; None for a still picture.
        alpha: uint8 [H, W], or None for an opaque picture.
        still: The properties of a still picture's file; None for a video frame.
        is_time_repaired: Whether `pts` differs from the file's timestamp.
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
    """The requested part of a video.

    Attributes:
        begin: The beginning in seconds on the file's clock; None is the beginning of the file.
        end: The end in seconds on the file's clock; None is the end of the file.
        limit: The maximum number of frames, or None.
        whole: Whether a damaged file is refused; otherwise it is read up to the damage.
        origin: The time that becomes 0 if `begin` is None: that of the first frame if it is before
            zero, since few containers can hold such times.
    """

    begin: Fraction | None = None
    end: Fraction | None = None
    limit: int | None = None
    whole: bool = True
    origin: Fraction = Fraction(0)

    def shift(self, time_base: Fraction) -> int:
        """Ticks to subtract from every timestamp, so that a trimmed clip begins at 0."""
        return round((self.origin if self.begin is None else self.begin) / time_base)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The properties of a medium that are known before its frames are decoded.

    Attributes:
        width: Width in pixels after rotation; None if unknown.
        height: Height in pixels after rotation; None if unknown.
        frame_count: The number of frames, approximate for a video; None if unknown.
        rate: Frames per second; None for pictures and unknown rates.
        time_base: Seconds per tick of the frames' timestamps; None for pictures.
        clip: The part of the medium that the frames cover.
        has_alpha: Whether its frames can be transparent.
    """

    width: int | None
    height: int | None
    frame_count: int | None
    rate: Fraction | None = None
    time_base: Fraction | None = None
    clip: Clip = Clip()
    has_alpha: bool = False


Opener = Callable[[], InputContainer]
"""Opens a video at its beginning; it may be called repeatedly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo(MediaInfo):
    """The properties of a video that are needed to write a video like it.

    Attributes:
        path: The video file; its other streams are copied to the output.
        stream_index: The stream of the frames; None for sources without other streams, such as an
            animated WebP.
        time_base: Seconds per tick of the frames' timestamps.
        colour: The colour tags for the output, SDR.
        pixel_aspect: Width of a pixel divided by its height, after rotation.
        chroma: The chroma subsampling.
        plays: How often an animation plays; `FOREVER` for an endless loop.
        projection: The names of side data that tell of a spherical or stereoscopic video.
        stereo_mode: FFmpeg's name of Matroska's StereoMode, or "".
        reopen: Opens the video again for its other streams; None opens `path`.
        is_interlaced: Whether its first frame is interlaced in the file.
    """

    path: Path
    stream_index: int | None
    time_base: Fraction
    colour: Colour
    pixel_aspect: Fraction = Fraction(1)
    chroma: Chroma = "420"
    plays: int = FOREVER
    projection: tuple[str, ...] = ()
    stereo_mode: str = ""
    reopen: Opener | None = None
    is_interlaced: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """The last source frame of a segment, by which a reader finds the position to resume from.

    Attributes:
        index: Its position in the source.
        pts: Its presentation timestamp in ticks.
        crc: CRC-32 of its pixels.
        is_time_repaired: Whether its timestamp differs from the file's and cannot be sought.
    """

    index: int
    pts: int
    crc: int
    is_time_repaired: bool = False

    @classmethod
    def of(cls, frame: Frame, index: int) -> Self:
        """The mark of a source frame at an index."""
        assert frame.pts is not None
        crc = zlib.crc32(frame.pixels.tobytes())
        return cls(index, frame.pts, crc, frame.is_time_repaired)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive frames of a source that are found by their timestamps.

    Attributes:
        first: Index of the first of them in the source.
        times: Their presentation timestamps in ticks, ascending.
        begin_s: A time in seconds from which decoding gives all of them; None is the beginning.
    """

    first: int
    times: tuple[int, ...]
    begin_s: Fraction | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A range of consecutive frames, encoded and stored in a file.

    Attributes:
        first: Index of the first frame.
        frames: The number of frames.
        size: The size of the file in bytes.
        crc: CRC-32 of the file.
        begin: Presentation timestamp of the first frame, in ticks.
        tail: Presentation timestamps of the last frames, for the decoding timestamps of the next
            segment.
        mark: The mark of the last source frame; None in the last segment.
        notes: Notes stored with the frames, as JSON values.
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
        """Index after the last frame."""
        return self.first + self.frames


@dataclass(frozen=True, slots=True)
class Done:
    """The part of an output that an earlier run has already written.

    Attributes:
        frames: The number of frames that need not be translated again.
        mark: The mark of the last of them; None if there are none.
        total: The total number of frames if all are written; else None.
        damage: The damage of the source if the output is complete up to it; else None.
        notes: The notes stored with each segment.
        fingerprint: The output's file if it is published already; else None.
    """

    frames: int = 0
    mark: Mark | None = None
    total: int | None = None
    damage: str | None = None
    notes: tuple[Any, ...] = ()
    fingerprint: Fingerprint | None = None
