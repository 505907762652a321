"""The deinterlacing of frames; the number of frames and their timestamps do not change."""

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
    """The frames, with interlaced frames made progressive; the first of them logs a warning.

    An interlaced frame keeps the lines of its first field; the other lines are interpolated from
    the neighbouring fields (FFmpeg's bwdif). Progressive frames do not change.

    Args:
        frames: Decoded frames in presentation order.
        path: The video's name in the warning.
    """
    deinterlacer: _Deinterlacer | None = None
    warned = False
    for frame in frames:
        if deinterlacer is not None and not deinterlacer.takes(frame):
            yield from deinterlacer.flush()
            deinterlacer = None
        if deinterlacer is None and frame.interlaced_frame:
            deinterlacer = _Deinterlacer(frame)
            if not warned:
                _LOG.warning("%s: interlaced; deinterlaced to one frame per two fields", path)
                warned = True
        if deinterlacer is None:
            yield frame
        else:
            yield from deinterlacer.push(frame)
    if deinterlacer is not None:
        yield from deinterlacer.flush()


class _Deinterlacer:
    """FFmpeg's bwdif for frames of one size and format; each frame comes out after the next."""

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
        # The filter uses timestamps, which may be missing or irregular, so it gets regular ones.
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
