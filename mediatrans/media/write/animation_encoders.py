"""The encoders of GIF and APNG animations."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import av
import numpy as np
from av import Packet, VideoFrame
from av.container import OutputContainer
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from mediatrans.media.animation import FOREVER, GIF_CONTROL, gif_blocks, png_chunks
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.write.coding import USUAL_RATE
from mediatrans.media.write.video_encoders import Encoder, timed

__all__ = ["ApngEncoder", "GifEncoder", "animation_options", "set_last_delay"]

_DELAY_MAX = 65535
_MOST_PLAYS = 65535


def animation_options(muxer: str, plays: int) -> dict[str, str]:
    """The muxer options for the number of plays of an animation.

    Args:
        muxer: "gif" or "apng".
        plays: The number of plays, or `FOREVER`. A number too large for the format is `FOREVER`.
    """
    if plays > _MOST_PLAYS:
        plays = FOREVER
    if muxer == "apng":
        return {"plays": str(plays)}
    # A GIF stores repetitions instead of plays, and -1 writes no loop block.
    return {"loop": str(FOREVER if plays == FOREVER else plays - 1 or -1)}


class GifEncoder(Encoder):
    """Encodes GIF with a separate palette for every frame, in one pass and constant memory.

    Args:
        container: The output; muxing has not begun.
        info: The video that the frames come from.
    """

    def __init__(self, container: OutputContainer, info: VideoInfo) -> None:
        self.stream = _add_stream(container, "gif", "pal8", info)
        assert info.width is not None
        assert info.height is not None
        self._graph = _palette_graph(info.width, info.height, info.time_base)

    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes."""
        self._graph.vpush(timed(_rgba(frame), frame))
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


class ApngEncoder(Encoder):
    """Encodes lossless animated PNG.

    Args:
        container: The output; muxing has not begun.
        info: The video that the frames come from.
    """

    def __init__(self, container: OutputContainer, info: VideoInfo) -> None:
        self._has_alpha = info.has_alpha
        self.stream = _add_stream(container, "apng", "rgba" if info.has_alpha else "rgb24", info)

    def encode(self, frame: Frame) -> "Iterator[Packet[VideoStream]]":
        """The packets that a frame completes."""
        opaque = VideoFrame.from_ndarray(frame.pixels, "rgb24")
        coded = _rgba(frame) if self._has_alpha else opaque
        yield from self.stream.encode(timed(coded, frame))

    def flush(self) -> "Iterator[Packet[VideoStream]]":
        """The packets still held back."""
        yield from self.stream.encode(None)


def set_last_delay(path: Path, muxer: str, delay: Fraction) -> None:
    """Set the duration of the last frame of an animation, which its muxer only guesses.

    Args:
        path: A finished animation.
        muxer: "gif" or "apng".
        delay: The duration in seconds.
    """
    with path.open("r+b") as file:
        if muxer == "gif":
            controls = [at for kind, at in gif_blocks(file) if kind == GIF_CONTROL]
            if controls:
                file.seek(controls[-1] + 4)
                file.write(min(round(delay * 100), _DELAY_MAX).to_bytes(2, "little"))
            return
        last = max(position for name, position in png_chunks(file) if name == b"fcTL")
        file.seek(last + 4)
        chunk = bytearray(file.read(4 + 26))
        exact = delay.limit_denominator(_DELAY_MAX)
        if exact.numerator > _DELAY_MAX:
            exact = Fraction(min(round(delay), _DELAY_MAX))
        chunk[24:26] = exact.numerator.to_bytes(2)
        chunk[26:28] = exact.denominator.to_bytes(2)
        file.seek(last + 4)
        file.write(chunk + crc32(chunk).to_bytes(4))


def _add_stream(
    container: OutputContainer, codec: str, pixel_format: str, info: VideoInfo
) -> VideoStream:
    stream = container.add_stream(codec, rate=info.rate or USUAL_RATE)
    assert isinstance(stream, VideoStream)
    assert info.width is not None
    assert info.height is not None
    context = stream.codec_context
    context.width, context.height = info.width, info.height
    context.pix_fmt = pixel_format
    context.sample_aspect_ratio = info.pixel_aspect
    context.time_base = stream.time_base = info.time_base
    return stream


def _rgba(frame: Frame) -> VideoFrame:
    opaque = np.full(frame.pixels.shape[:2], 255, np.uint8)
    alpha = opaque if frame.alpha is None else frame.alpha
    return VideoFrame.from_ndarray(np.dstack([frame.pixels, alpha]), "rgba")


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
