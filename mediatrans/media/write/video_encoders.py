"""The encoders of an output's main video stream."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from av import Packet, VideoFrame
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from mediatrans.media.colour.yuv import FromRgb, has_alpha
from mediatrans.media.frames import Frame, Pixels, VideoInfo
from mediatrans.media.stereo import WEBM_STEREO_MODES
from mediatrans.media.write.coding import Coding, nominal_rate

__all__ = ["Encoder", "YuvEncoder", "holds_stereo_mode", "timed"]

_MATROSKA = frozenset({"matroska", "webm"})
# These codecs do not store the pixel aspect, and PyAV cannot pass it to the Matroska muxer.
_SAYS_NO_ASPECT = frozenset({"vp8", "vp9", "av1"})
_LOG = logging.getLogger(__name__)


class Encoder(ABC):
    """Encodes the main video stream of an output container.

    Attributes:
        stream: The output stream of the packets.
    """

    stream: VideoStream

    @abstractmethod
    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets completed by a frame; they are delayed, since encoders look ahead."""

    @abstractmethod
    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The remaining packets after the last frame."""


def holds_stereo_mode(info: VideoInfo, muxer: str) -> bool:
    """Whether an output can tell how two views share its frames.

    Args:
        info: The video that the frames come from.
        muxer: FFmpeg's name of the output's format.
    """
    if not info.stereo_mode or muxer not in _MATROSKA:
        return False
    return muxer != "webm" or info.stereo_mode in WEBM_STEREO_MODES


class YuvEncoder(Encoder):
    """Encodes video with the time base, size, pixel aspect and colour of the source.

    Args:
        container: The output; muxing has not begun.
        coding: The encoder and its parameters.
        info: The video that the frames come from.
    """

    def __init__(self, container: OutputContainer, coding: Coding, info: VideoInfo) -> None:
        stream = container.add_stream(
            coding.codec, rate=nominal_rate(info), options=dict(coding.options)
        )
        assert isinstance(stream, VideoStream)
        pixels = VideoFormat(coding.pixel_format)
        context = stream.codec_context
        coding.prepare(stream, info, container.format.name)
        # With this flag, the duration of the last frame is exact, too.
        context.flags |= Flags.frame_duration
        self.stream = stream
        self._coding = coding
        self._last: int | None = None
        colour = info.colour if pixels.is_rgb else coding.colour
        self._from_rgb = FromRgb(coding.pixel_format, colour)
        self._padding = coding.padding
        self._takes_alpha = has_alpha(pixels)
        self._lost_alpha = False
        self._info = info
        self._container_name = container.format.name

    def warn_of_losses(self) -> None:
        """Warn of properties of the source that the encoder and the container cannot keep."""
        info, context, in_container = self._info, self.stream.codec_context, self._container_name
        codec = context.codec.canonical_name
        if info.pixel_aspect != 1 and in_container in _MATROSKA and codec in _SAYS_NO_ASPECT:
            _LOG.warning(
                "%s: its pixels are not square, which %s in %s cannot store; H.264 can",
                info.path, codec, in_container,
            )  # fmt: skip
        if self._coding.time_base != info.time_base:
            _LOG.warning(
                "%s: %s takes no clock of %s s; timestamps are rounded to %s s",
                info.path, context.codec.name, info.time_base, self._coding.time_base,
            )  # fmt: skip
        kept = {"stereo3d"} if holds_stereo_mode(info, in_container) else set()
        if lost := ", ".join(name for name in info.projection if name not in kept):
            _LOG.warning(
                "%s: it is a spherical (360 degrees) or stereoscopic video (%s); the tags that say "
                "so are not written", info.path, lost,
            )  # fmt: skip
        if self._padding != (0, 0):
            _LOG.warning(
                "%s: %s does not support odd sizes; padded to %dx%d",
                info.path, context.codec.name, context.width, context.height,
            )  # fmt: skip

    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes."""
        pixels, alpha = _padded(frame.pixels, self._padding), None
        if self._takes_alpha:
            opaque = np.full(frame.pixels.shape[:2], 255, np.uint8)
            alpha = _padded(opaque if frame.alpha is None else frame.alpha, self._padding)
        elif frame.alpha is not None and not self._lost_alpha and frame.alpha.min() < 255:
            _LOG.warning(
                "%s: the encoder has no transparency; written as opaque (.webm has it, and "
                "--vcodec prores_ks in .mov)", frame.name,
            )  # fmt: skip
            self._lost_alpha = True
        coded = timed(self._from_rgb(pixels, alpha), frame)
        yield from self.stream.encode(self._on_clock(coded, frame))

    def _on_clock(self, coded: VideoFrame, frame: Frame) -> VideoFrame:
        """Set the times on the clock of the encoder, where every frame has its own."""
        assert frame.pts is not None
        assert frame.time_base is not None
        ticks = self._coding.ticks(frame.pts, frame.time_base)
        self._last = ticks if self._last is None else max(ticks, self._last + 1)
        coded.pts, coded.time_base = self._last, self._coding.time_base
        coded.duration = self._coding.ticks(frame.duration or 0, frame.time_base)
        return coded

    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The packets still held back."""
        yield from self.stream.encode(None)


def timed(coded: VideoFrame, frame: Frame) -> VideoFrame:
    """Set the timestamp and duration of an encoder's frame.

    Args:
        coded: The frame for an encoder or filter.
        frame: The frame with the timestamp.
    """
    assert frame.pts is not None
    assert frame.time_base is not None
    coded.pts = frame.pts
    coded.time_base = frame.time_base
    coded.duration = frame.duration or 0
    return coded


def _padded(pixels: Pixels, padding: tuple[int, int]) -> Pixels:
    """Pixels padded by repeating the last column and row."""
    if padding == (0, 0):
        return pixels
    beyond = ((0, padding[1]), (0, padding[0]), *((0, 0),) * (pixels.ndim - 2))
    return np.pad(pixels, beyond, mode="edge")
