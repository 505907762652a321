"""Frames to encoded packets of an output's main video stream."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av import Packet, VideoFrame
from av.codec.context import Flags
from av.container import OutputContainer
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from mediatrans.media.colour import FromRgb
from mediatrans.media.frames import Frame
from mediatrans.media.video import VideoInfo

__all__ = ["Encoder", "GifEncoder", "YuvEncoder", "encoder_for"]

_LOG = logging.getLogger(__name__)

_USUAL_RATE = Fraction(25)
# At CRF 18 alone flat colours drift by up to 4 of 255; with finer chroma they stay within 2.
# x264's AVX-512 code gives other packets in each run; the code for all processors repeats itself.
_H264_OPTIONS: Final = {
    "crf": "18",
    "chromaoffset": "-6",
    "x264-params": "cpu-independent=1",
}
_VP9_OPTIONS: Final = {
    "crf": "24",
    "b": "0",
    "cpu-used": "4",
    "row-mt": "1",
    "deadline": "good",
}


class Encoder(ABC):
    """The main stream of an output container and what makes its packets.

    Attributes:
        stream: The output stream that the packets belong to.
    """

    stream: VideoStream

    @abstractmethod
    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes; they come late, as encoders look ahead."""

    @abstractmethod
    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The packets still held back, after the last frame."""


def encoder_for(container: OutputContainer, info: VideoInfo) -> Encoder:
    """Add the main stream that suits a container: VP9 in WebM, GIF in GIF, else H.264.

    Args:
        container: The output, not yet begun.
        info: The video that the frames come from.
    """
    if container.format.name == "gif":
        return GifEncoder(container, info)
    if container.format.name == "webm":
        if info.pixel_aspect != 1:
            _LOG.warning("%s: WebM is written with square pixels", info.path)
        return YuvEncoder(container, "libvpx-vp9", "yuv420p", _VP9_OPTIONS, info)
    odd = bool((info.width or 0) % 2 or (info.height or 0) % 2)
    # H.264 counts whole chroma samples, so an odd size needs a chroma sample for every pixel.
    pixel_format = "yuv444p" if odd else "yuv420p"
    return YuvEncoder(container, "libx264", pixel_format, _H264_OPTIONS, info)


class YuvEncoder(Encoder):
    """Y'CbCr video in the source's own time base, size, pixel aspect and colour.

    Args:
        container: The output, not yet begun.
        codec: FFmpeg's name of the encoder.
        pixel_format: FFmpeg's name of a pixel format the encoder takes.
        options: The encoder's own options.
        info: The video that the frames come from.
    """

    def __init__(
        self,
        container: OutputContainer,
        codec: str,
        pixel_format: str,
        options: Mapping[str, str],
        info: VideoInfo,
    ) -> None:
        plausible = info.rate is not None and 1 <= info.rate <= 1000
        rate = info.rate if plausible else _USUAL_RATE
        stream = container.add_stream(codec, rate=rate, options=dict(options))
        assert isinstance(stream, VideoStream)
        assert info.width is not None
        assert info.height is not None
        context = stream.codec_context
        context.width, context.height = info.width, info.height
        context.pix_fmt = pixel_format
        context.time_base = stream.time_base = info.time_base
        context.sample_aspect_ratio = info.pixel_aspect
        context.color_range = info.colour.range
        context.colorspace = info.colour.matrix
        context.color_primaries = info.colour.primaries
        context.color_trc = info.colour.transfer
        # Frames carry their durations, so that the last one's is exact too.
        context.flags |= Flags.frame_duration
        self.stream = stream
        self._from_rgb = FromRgb(pixel_format, info.colour)
        self._lost_alpha = False

    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes."""
        if frame.alpha is not None and not self._lost_alpha and frame.alpha.min() < 255:
            _LOG.warning("%s: the output cannot be transparent, written opaque", frame.name)
            self._lost_alpha = True
        yield from self.stream.encode(_timed(self._from_rgb(frame.pixels), frame))

    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The packets still held back."""
        yield from self.stream.encode(None)


class GifEncoder(Encoder):
    """GIF with a palette of its own for every frame: one pass, and memory for one frame.

    Args:
        container: The output, not yet begun.
        info: The video that the frames come from.
    """

    def __init__(self, container: OutputContainer, info: VideoInfo) -> None:
        stream = container.add_stream("gif", rate=info.rate or _USUAL_RATE)
        assert info.width is not None
        assert info.height is not None
        stream.codec_context.width, stream.codec_context.height = info.width, info.height
        stream.codec_context.pix_fmt = "pal8"
        stream.codec_context.time_base = stream.time_base = info.time_base
        self.stream = stream
        self._graph = _palette_graph(info.width, info.height, info.time_base)

    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes."""
        opaque = np.full(frame.pixels.shape[:2], 255, np.uint8)
        alpha = opaque if frame.alpha is None else frame.alpha
        rgba = VideoFrame.from_ndarray(np.dstack([frame.pixels, alpha]), "rgba")
        self._graph.vpush(_timed(rgba, frame))
        yield from self._encode_ready()

    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The packets still held back."""
        self._graph.vpush(None)
        yield from self._encode_ready()
        yield from self.stream.encode(None)

    def _encode_ready(self) -> "Iterator[Packet[VideoStream]]":
        while True:
            try:
                paletted = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            yield from self.stream.encode(paletted)


def _palette_graph(width: int, height: int, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=width, height=height, format=VideoFormat("rgba"), time_base=time_base
    )
    split = graph.add("split")
    palette = graph.add("palettegen", stats_mode="single")
    use = graph.add("paletteuse", new="1", dither="sierra2_4a")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


def _timed(coded: VideoFrame, frame: Frame) -> VideoFrame:
    assert frame.pts is not None
    assert frame.time_base is not None
    coded.pts = frame.pts
    coded.time_base = frame.time_base
    coded.duration = frame.duration or 0
    return coded
