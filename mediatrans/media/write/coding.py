"""The parameters of a video encoder, and the trial that shows whether it works with them."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from mediatrans.media.colour.yuv import Colour, FromRgb
from mediatrans.media.frames import VideoInfo

__all__ = [
    "HEVC_TAG",
    "MOV_FAMILY",
    "USUAL_RATE",
    "Coding",
    "nominal_rate",
    "opening_error",
    "writing_error",
]

MOV_FAMILY: Final = frozenset({"mp4", "mov"})
"""FFmpeg's names of the muxers of MP4 and QuickTime."""

HEVC_TAG: Final = "hvc1"
"""The tag of HEVC in MP4 and MOV that QuickTime plays; FFmpeg's default is hev1."""

USUAL_RATE: Final = Fraction(25)
"""The nominal frames per second if the rate is unknown; the timestamps do not depend on it."""


@dataclass(frozen=True, slots=True)
class Coding:
    """The chosen encoder and its parameters.

    Attributes:
        codec: FFmpeg's name of the encoder.
        pixel_format: FFmpeg's name of the encoder's pixel format.
        options: The encoder's options.
        time_base: Seconds per tick of the encoder's clock; that of the source if it takes it.
        colour: The colour tags of its frames.
        padding: Columns and rows added because the encoder does not support odd sizes.
    """

    codec: str
    pixel_format: str
    options: dict[str, str]
    time_base: Fraction
    colour: Colour
    padding: tuple[int, int] = (0, 0)

    def set_parameters(self, context: VideoCodecContext, info: VideoInfo) -> None:
        """Set the parameters of an encoder that has not been opened.

        Args:
            context: The encoder, with its options set.
            info: The video that the frames come from.
        """
        assert info.width is not None
        assert info.height is not None
        context.width = info.width + self.padding[0]
        context.height = info.height + self.padding[1]
        context.pix_fmt = self.pixel_format
        context.time_base = self.time_base
        context.framerate = nominal_rate(info)
        context.sample_aspect_ratio = info.pixel_aspect
        context.color_range = self.colour.range
        context.colorspace = self.colour.matrix
        context.color_primaries = self.colour.primaries
        context.color_trc = self.colour.transfer

    def prepare(self, stream: VideoStream, info: VideoInfo, muxer: str) -> None:
        """Set the parameters of an output stream and of its encoder.

        Args:
            stream: The stream, added with this encoder.
            info: The video that the frames come from.
            muxer: FFmpeg's name of the container's format.
        """
        self.set_parameters(stream.codec_context, info)
        stream.time_base = self.time_base
        if stream.codec_context.codec.canonical_name == "hevc" and muxer in MOV_FAMILY:
            stream.codec_context.codec_tag = HEVC_TAG

    def ticks(self, time: int, time_base: Fraction) -> int:
        """A time on the encoder's clock, rounded to its nearest tick."""
        return time if time_base == self.time_base else round(time * time_base / self.time_base)


def nominal_rate(info: VideoInfo) -> Fraction:
    """The frames per second to tell an encoder; the timestamps do not depend on it."""
    return info.rate if info.rate is not None and 1 <= info.rate <= 1000 else USUAL_RATE


def opening_error(coding: Coding, info: VideoInfo) -> Exception | None:
    """The error in opening an encoder, or None; only opening it shows whether it works.

    Args:
        coding: The encoder and its parameters.
        info: The video that the frames come from.
    """
    context = VideoCodecContext.create(coding.codec, "w")
    assert isinstance(context, VideoCodecContext)
    coding.set_parameters(context, info)
    context.options = dict(coding.options)
    try:
        context.open()
    except (av.FFmpegError, ValueError) as error:
        return error
    return None


def writing_error(coding: Coding, info: VideoInfo, muxer: str) -> Exception | None:
    """The error in writing a frame to a container and in reading it again, or None.

    Some encoders open and then refuse every frame; some containers refuse a codec only when their
    header is written, or make a file that no demuxer reads.

    Args:
        coding: The encoder and its parameters, which it opens with.
        info: The video that the frames come from.
        muxer: FFmpeg's name of the container's format.
    """
    file = io.BytesIO()
    try:
        with av.open(file, "w", format=muxer) as container:
            stream = container.add_stream(
                coding.codec, rate=nominal_rate(info), options=dict(coding.options)
            )
            assert isinstance(stream, VideoStream)
            coding.prepare(stream, info, muxer)
            container.mux(stream.encode(_black(coding, stream)))
            container.mux(stream.encode(None))
        file.seek(0)
        with av.open(file, "r") as container:
            next(container.decode(video=0))
    except (av.FFmpegError, ValueError, StopIteration) as error:
        return error
    return None


def _black(coding: Coding, stream: VideoStream) -> VideoFrame:
    context = stream.codec_context
    pixels = np.zeros((context.height, context.width, 3), np.uint8)
    frame = FromRgb(coding.pixel_format, coding.colour)(pixels)
    frame.pts, frame.time_base = 0, coding.time_base
    return frame
