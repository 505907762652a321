"""The times of a video's frames and keyframes, found from its packets alone."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
from av import Packet
from av.container import InputContainer
from av.video.stream import VideoStream

from mediatrans.media.container import open_input
from mediatrans.media.frames import Clip, VideoInfo
from mediatrans.media.read.source_check import ONE_TO_ONE, check_end, is_hidden_vp8
from mediatrans.media.read.source_scan import ScanResult, SourceScan

__all__ = ["FrameTimes", "UncertainTimesError", "frame_times"]

# Their keyframes are found exactly: both have an index, or blocks that follow each other.
_SOUGHT: Final = ("mov", "matroska")
# A frame of VP9 that is not shown is stored in one packet with the next that is.
_CODECS: Final = ONE_TO_ONE | {"vp9"}


class UncertainTimesError(Exception):
    """Why the frames of a video cannot be told from its packets, a clause."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is kept of a packet; its data would be the whole file."""

    time: int
    duration: int
    is_keyframe: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """The frames of a clip.

    Attributes:
        times: Their presentation timestamps in ticks, ascending, on the clock of the source.
        keyframes: Those of the keyframes of the whole file, ascending, on the same clock.
    """

    times: list[int]
    keyframes: list[int]


def frame_times(path: Path, info: VideoInfo) -> FrameTimes:
    """Read the packets of a whole video, without decoding, and list its frames.

    The file is checked for damage as by a source that reads it to its end.

    Args:
        path: The video file.
        info: The properties of its main stream.

    Raises:
        UncertainTimesError: The frames cannot be told, or the file is damaged.
        InputError: The file cannot be opened.
        UsageError: There is no ffmpeg.
    """
    if info.stream_index is None:
        raise UncertainTimesError("animations have no keyframes")
    with open_input(path, whole=info.clip.whole) as container:
        stream = container.streams[info.stream_index]
        assert isinstance(stream, VideoStream)
        _refuse_unknown(container, stream)
        try:
            with SourceScan(path, stream.index) as scan:
                is_vp8 = stream.codec_context.codec.canonical_name == "vp8"
                packets = [
                    _listed(packet, is_vp8=is_vp8)
                    for packet in container.demux(stream)
                    if packet.size
                ]
                found = scan.wait()
        except av.FFmpegError as error:
            raise UncertainTimesError("it is damaged") from error
        shown = sorted((p for p in packets if p.is_shown), key=lambda packet: packet.time)
        if any(one.time == other.time for one, other in pairwise(shown)):
            raise UncertainTimesError("some timestamps repeat")
        if found.damage is not None or _is_cut(container, stream, packets, shown, found, path):
            raise UncertainTimesError("it is damaged")
    shift, base = info.clip.shift(info.time_base), info.time_base
    times = [packet.time for packet in shown]
    within = [time for time in times if _is_within(time * base, info.clip)][: info.clip.limit]
    keyframes = sorted(packet.time - shift for packet in packets if packet.is_keyframe)
    return FrameTimes([time - shift for time in within], keyframes)


def _refuse_unknown(container: InputContainer, stream: VideoStream) -> None:
    if not container.format.name.startswith(_SOUGHT):
        raise UncertainTimesError(f"keyframes of {container.format.name} are not found exactly")
    codec = stream.codec_context.codec.canonical_name
    if codec not in _CODECS:
        raise UncertainTimesError(f"a packet of {codec} need not give one frame")


def _listed(packet: "Packet[VideoStream]", *, is_vp8: bool) -> _Listed:
    if packet.pts is None:
        raise UncertainTimesError("some frames have no timestamps")
    if packet.is_corrupt:
        raise UncertainTimesError("it is damaged")
    is_shown = not packet.is_discard and not (is_vp8 and is_hidden_vp8(packet))
    return _Listed(packet.pts, packet.duration or 0, packet.is_keyframe, is_shown)


def _is_within(time_s: Fraction, clip: Clip) -> bool:
    return (clip.begin is None or time_s >= clip.begin) and (clip.end is None or time_s < clip.end)


def _is_cut(
    container: InputContainer,
    stream: VideoStream,
    packets: list[_Listed],
    shown: list[_Listed],
    found: ScanResult,
    path: Path,
) -> bool:
    """Whether a part of the file is missing."""
    if not shown:
        return True
    last = shown[-1]
    assert stream.time_base is not None
    shown_s = (last.time + last.duration) * stream.time_base
    count = len(packets)
    return check_end(container, stream, count, 0, count, shown_s, found, path) is not None
