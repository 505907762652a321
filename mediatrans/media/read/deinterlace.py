"""Interlaced frames made progressive, as many as there were, each at its own time."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.filter import Graph

__all__ = ["deinterlaced"]

_LOG = logging.getLogger(__name__)


def deinterlaced(frames: Iterable[VideoFrame], path: Path) -> Iterator[VideoFrame]:
    """The frames, with the interlaced ones among them made progressive; the first of them warns.

    Every interlaced frame keeps the lines of its first field; the others are interpolated from the
    fields around (FFmpeg's bwdif). Progressive frames pass unchanged.

    Args:
        frames: Decoded frames in presentation order.
        path: The video, named in the warning.
    """
    weaver: _Deinterlacer | None = None
    warned = False
    for frame in frames:
        if weaver is not None and not weaver.takes(frame):
            yield from weaver.flush()
            weaver = None
        if weaver is None and frame.interlaced_frame:
            weaver = _Deinterlacer(frame)
            if not warned:
                _LOG.warning("%s: interlaced, deinterlaced to one frame for two fields", path)
                warned = True
        if weaver is None:
            yield frame
        else:
            yield from weaver.push(frame)
    if weaver is not None:
        yield from weaver.flush()


class _Deinterlacer:
    """bwdif over frames of one size and format; it gives a frame back when it has seen the next."""

    def __init__(self, first: VideoFrame) -> None:
        self._shape = (first.width, first.height, first.format.name)
        self._times: deque[tuple[int | None, int, Fraction | None]] = deque()
        self._graph = Graph()
        source = self._graph.add(
            "buffer",
            video_size=f"{first.width}x{first.height}",
            pix_fmt=first.format.name,
            time_base="1/1000",
            colorspace=str(int(first.colorspace)),
            range=str(int(first.color_range)),
        )
        bwdif = self._graph.add("bwdif", mode="send_frame", deint="interlaced")
        sink = self._graph.add("buffersink")
        self._graph.link_nodes(source, bwdif, sink).configure()

    def takes(self, frame: VideoFrame) -> bool:
        return self._shape == (frame.width, frame.height, frame.format.name)

    def push(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        self._times.append((frame.pts, frame.duration, frame.time_base))
        # The filter interpolates between times; a clock of its own cannot confuse it.
        frame.pts = len(self._times)
        self._graph.vpush(frame)
        yield from self._ready()

    def flush(self) -> Iterator[VideoFrame]:
        self._graph.vpush(None)
        yield from self._ready()

    def _ready(self) -> Iterator[VideoFrame]:
        while True:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            frame.pts, frame.duration, frame.time_base = self._times.popleft()
            yield frame
