"""The comparison of what a video file should hold with the packets and frames that were read."""

import heapq
import logging
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av import Packet, VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from mediatrans.media.container import BROADCASTS
from mediatrans.media.read.source_scan import ScanResult

__all__ = ["ONE_TO_ONE", "FrameLedger", "Gaps", "check_end", "is_hidden_vp8"]

_LOG = logging.getLogger(__name__)

ONE_TO_ONE: Final = frozenset({
    "h264", "hevc", "mpeg1video", "mpeg2video", "mjpeg", "png", "apng", "gif", "ffv1", "prores",
    "av1", "vp8", "vp9", "dnxhd", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "qtrle", "dvvideo",
})  # fmt: skip
"""The codecs in which every packet gives a frame, unless frames are interlaced."""

# The bit of a VP8 frame that tells whether it is shown (RFC 6386, 9.1); VP9 and AV1 put hidden
# frames into the packets of others.
_VP8_IS_SHOWN: Final = 0x10
# Formats whose headers declare a duration; that of others is guessed or found by reading them.
_DECLARES_DURATION: Final = frozenset({"matroska,webm", "flv", "asf", "mxf", "avi", "rm"})
_DURATION_TAG: Final = "DURATION"
# Broadcasts and NUT neither count nor number their frames, but have a constant rate.
_HAS_NO_GAPS: Final = frozenset({"nut", *BROADCASTS})
_MOST_STEPS: Final = 100
_REGULAR_SHARE: Final = 0.6
_GAP: Final = 1.6
_MUCH_S: Final = Fraction(1)
_MUCH_SHARE: Final = Fraction(1, 100)
_LITTLE_S: Final = Fraction(1, 10)
_LITTLE_FRAMES: Final = 2


def is_hidden_vp8(packet: "Packet[VideoStream]") -> bool:
    """Whether the frame of a VP8 packet, which is not empty, is only decoded and never shown."""
    return not memoryview(packet)[0] & _VP8_IS_SHOWN


class FrameLedger:
    """Counts the packets of a stream that gave no frame, by their timestamps.

    Args:
        stream: The stream, with decoding not begun.

    Attributes:
        packets: The number of packets.
        lost: The number of packets without a frame.
    """

    def __init__(self, stream: VideoStream) -> None:
        context = stream.codec_context
        # AVI has no presentation timestamps.
        self._is_exact = (
            context.codec.canonical_name in ONE_TO_ONE
            and stream.container.format.name not in ("avi", *BROADCASTS)
        )
        self._is_vp8 = context.codec.canonical_name == "vp8"
        self.packets = 0
        self.lost = 0
        self._begun = False
        self._pending: list[int] = []

    def packet(self, packet: "Packet[VideoStream]") -> None:
        """Note a packet that goes to the decoder."""
        if not packet.size or (self._is_vp8 and is_hidden_vp8(packet)):
            return
        self.packets += 1
        if packet.pts is None:
            self._is_exact = False
        elif self._is_exact and not packet.is_discard:
            heapq.heappush(self._pending, packet.pts)

    def frame(self, frame: VideoFrame) -> None:
        """Note a frame; packets that should have been shown before it are lost."""
        if frame.pts is None or frame.interlaced_frame:
            self._is_exact = False
        if not self._is_exact or frame.pts is None:
            return
        while self._pending and self._pending[0] <= frame.pts:
            is_shown = heapq.heappop(self._pending) == frame.pts
            # The first pictures of a file may depend on others before it.
            self.lost += self._begun and not is_shown
        self._begun = True

    def end(self) -> int:
        """The number of lost packets after the last frame."""
        if self._is_exact:
            self.lost += len(self._pending)
        return self.lost


class Gaps:
    """Finds gaps between frames of a stream whose other frames follow each other regularly.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._is_regular = stream.container.format.name in _HAS_NO_GAPS
        self._last: int | None = None
        self._steps: Counter[int] = Counter()
        self._first: dict[int, int] = {}

    def frame(self, pts: int | None) -> None:
        """Note the timestamp of a frame."""
        if pts is None or not self._is_regular:
            return
        if self._last is not None and len(self._steps) < _MOST_STEPS:
            self._steps[pts - self._last] += 1
            self._first.setdefault(pts - self._last, self._last)
        self._last = pts

    def found(self) -> tuple[int, int] | None:
        """The number of gaps and the timestamp of a frame before one, or None."""
        total = self._steps.total()
        if not total:
            return None
        usual, times = self._steps.most_common(1)[0]
        wide = [step for step in self._steps if step > _GAP * usual > 0]
        if times < _REGULAR_SHARE * total or not wide:
            return None
        return sum(self._steps[step] for step in wide), min(self._first[step] for step in wide)


def check_end(
    container: InputContainer,
    stream: VideoStream,
    packets: int,
    lost: int,
    frames: int,
    shown_s: Fraction | None,
    scan: ScanResult | None,
    path: Path,
) -> str | None:
    """The damage that shows when a file has been read from its first to its last packet.

    A small difference of durations only logs a warning.

    Args:
        container: The file.
        stream: Its main stream.
        packets: The number of packets that were read.
        lost: How many of them gave no frame.
        frames: The number of decoded frames.
        shown_s: The end of the last frame on the stream's clock in seconds, or None.
        scan: What the second FFmpeg has found; None if it has not read the file.
        path: The file's name in messages.
    """
    declared = _declared_packets(container, stream)
    if declared is not None and packets < declared:
        missing = declared - packets
        return f"damaged after frame {frames}: {missing} of {declared} frames are missing"
    if lost:
        return f"damaged: {lost} of {packets} frames cannot be decoded"
    short_s, of_s = _missing_s(container, stream, shown_s, scan)
    if short_s > _MUCH_S and short_s > _MUCH_SHARE * of_s:
        return (
            f"damaged after frame {frames}: it ends {float(short_s):.2f} s before the end that "
            "its header declares"
        )
    rate = stream.guessed_rate or Fraction(25)
    if short_s > max(_LITTLE_S, _LITTLE_FRAMES / rate):
        _LOG.warning(
            "%s: it ends %.2f s before the end that its header declares; frames may be missing",
            path, short_s,
        )  # fmt: skip
    return None


def _declared_packets(container: InputContainer, stream: VideoStream) -> int | None:
    if container.format.name.startswith("mov"):
        return len(stream.index_entries)
    return stream.frames if container.format.name == "gif" else None


def _missing_s(
    container: InputContainer,
    stream: VideoStream,
    shown_s: Fraction | None,
    scan: ScanResult | None,
) -> tuple[Fraction, Fraction]:
    """Seconds between the last frame and the declared end, and the declared duration."""
    nothing = (Fraction(0), Fraction(1))
    if container.format.name not in _DECLARES_DURATION or shown_s is None:
        return nothing
    if own := _own_duration(stream):
        return own - shown_s, own
    if scan is None or not scan.is_complete or scan.is_duration_guessed or not container.duration:
        return nothing
    # The duration of the file is that of its longest stream.
    if len(container.streams) > 1 + len(container.streams.audio):
        return nothing
    origin = Fraction(container.start_time or 0, av.time_base)
    ends = [shown_s, *(origin + end for position, end in scan.ends.items() if position)]
    duration = Fraction(container.duration, av.time_base)
    return duration - max(ends), duration


def _own_duration(stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    tag = stream.metadata.get(_DURATION_TAG) or stream.metadata.get(f"{_DURATION_TAG}-eng")
    try:
        hours, minutes, seconds = (Fraction(part) for part in (tag or "").split(":"))
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds
