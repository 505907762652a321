"""The decoding of a video's main stream, up to its end or to the damage."""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
from av import Packet, VideoFrame
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from mediatrans.errors import InputError
from mediatrans.media.container import BROADCASTS, WHOLE_COPY
from mediatrans.media.decoding_error import decoding_error
from mediatrans.media.frames import Clip
from mediatrans.media.joints import JointClock
from mediatrans.media.read.source_check import (
    FrameLedger,
    Gaps,
    check_end,
)
from mediatrans.media.read.source_scan import UNNUMBERED, ScanResult, SourceScan
from mediatrans.media.wholeness import clean_joints, doubt_of

__all__ = ["Decoding", "lacks_alpha_decoder"]

_LOG = logging.getLogger(__name__)

# More frames than any decoder holds back.
_MOST_PENDING: Final = 1000
# FFmpeg's native decoders ignore the separate alpha channel of WebM.
_ALPHA_DECODERS: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


class Decoding:
    """The decoded frames of a clip in presentation order.

    Args:
        container: The opened video.
        stream: Its main stream.
        path: The video's name in messages.
        clip: The part to decode.
        scan: The second reading of the same file; None if there is none.
        begin: Decoding begins at a keyframe before this time in seconds, on the file's clock; None
            is the beginning of the file.
        progress: Called after each decoded frame.

    Attributes:
        count: Frames decoded so far, including those before the clip.
        damage: The damage that was found; it is only kept if `clip.whole` is false.
        is_interlaced: Whether a decoded frame was interlaced.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        path: Path,
        clip: Clip,
        *,
        scan: SourceScan | None,
        begin: Fraction | None,
        progress: Callable[[], None],
    ) -> None:
        self._progress = progress
        self.count = 0
        self.damage: InputError | None = None
        self.is_interlaced = False
        self._container = container
        self._stream = stream
        self._path = path
        self._clip = clip
        self._scan = scan
        self._begin = begin
        self._decoder = _decoder(stream)
        self._ledger = FrameLedger(stream)
        self._gaps = Gaps(stream)
        self._is_broadcast = container.format.name in BROADCASTS
        self._is_unnumbered = container.format.name in UNNUMBERED
        # AVI stores no presentation timestamps, only an order of decoding at a constant rate.
        self._avi_times: deque[int] | None = deque() if container.format.name == "avi" else None
        self._joints = JointClock(path) if container.format.name in BROADCASTS else None
        self._shift = 0
        self._shifts: dict[int, int] = {}
        self._has_warned = False
        self._shown_s: Fraction | None = None

    def __iter__(self) -> Iterator[VideoFrame]:
        """The frames.

        Raises:
            InputError: The file is damaged, and `clip.whole` is true or nothing more can be read.
        """
        clip, base = self._clip, self._stream.time_base
        assert base is not None
        try:
            for frame in self._frames():
                time = None if frame.pts is None else frame.pts * base
                if time is not None:
                    end = time + (frame.duration or 0) * base
                    self._shown_s = max(self._shown_s or end, end)
                if time is not None and clip.begin is not None and time < clip.begin:
                    continue
                if time is not None and clip.end is not None and time >= clip.end:
                    return
                self._look_at_scan(self._scan.found if self._scan else None)
                if frame.is_corrupt:
                    self._warn(f"damaged at {self._place(time)}")
                yield frame
            self._finish()
        except av.FFmpegError as error:
            raise decoding_error(self._path, error, self.count) from error

    @property
    def is_joined(self) -> bool:
        """Whether timestamps were moved, because several recordings were joined."""
        return self._joints is not None and self._joints.count > 0

    def _frames(self) -> Iterator[VideoFrame]:
        """All frames from the beginning on."""
        stream = self._stream
        assert stream.time_base is not None
        if self._begin is not None:
            self._container.seek(int(self._begin / stream.time_base), stream=stream)
        for packet in self._packets():
            if packet.is_corrupt and not self._is_broadcast:
                raise self._damaged(f"damaged after frame {self.count}")
            self._ledger.packet(packet)
            if self._avi_times is not None and packet.size and packet.dts is not None:
                self._avi_times.append(packet.dts)
            for frame in self._decoder.decode(packet):
                if self._avi_times:
                    frame.pts = self._avi_times.popleft()
                if self._joints is not None and frame.pts is not None:
                    frame.pts += self._shifts.pop(frame.pts, self._shift)
                self._ledger.frame(frame)
                self._gaps.frame(frame.pts)
                self.count += 1
                self.is_interlaced |= frame.interlaced_frame
                self._progress()
                yield frame

    def _packets(self) -> "Iterator[Packet[VideoStream]]":
        """The packets of the stream; those of others only set the clock."""
        stream, joints = self._stream, self._joints
        if joints is None:
            yield from self._container.demux(stream)
            return
        timed = [*self._container.streams.video, *self._container.streams.audio]
        for packet in self._container.demux(timed):
            shift = joints.shift_of(packet)
            if isinstance(packet.stream, VideoStream) and packet.stream.index == stream.index:
                self._shift = shift
                if packet.pts is not None:
                    if len(self._shifts) > _MOST_PENDING:  # packets that gave no frame
                        self._shifts.clear()
                    self._shifts[packet.pts] = self._shift
                yield cast("Packet[VideoStream]", packet)

    def _finish(self) -> None:
        """Check that everything was read, which is known at the end of the file."""
        found = self._scan.wait() if self._scan else None
        self._look_at_scan(found)
        doubt = doubt_of(self._path, self._container.format.name, self.count) if found else None
        if doubt and self._begin is None:
            _LOG.warning("%s: damaged: %s; frames may be missing", self._path, doubt)
        # Counters start again at joints, which demuxers take for lost packets, and streams may end
        # at different times.
        if self._is_broadcast and not self.is_joined and found and found.damage:
            if joints := clean_joints(self._path):
                _LOG.warning(
                    "%s: recordings were joined in %d place%s; nothing is missing there",
                    self._path, joints, "" if joints == 1 else "s",
                )  # fmt: skip
            else:
                self._warn(f"lost packets{found.place} ({found.damage})")
        if self._is_unnumbered and found and found.damage:
            self._warn(f"damaged ({found.damage})")
        gaps = self._gaps.found()
        if gaps and not self.is_joined:
            number, before = gaps
            at = before * (self._stream.time_base or 0)
            self._warn(f"{number} gaps between frames, the first after {float(at):.3f} s")
        if self._begin is None and self.damage is None:
            problem = check_end(
                self._container, self._stream, self._ledger.packets, self._ledger.end(),
                self.count, self._shown_s, found, self._path,
            )  # fmt: skip
            if problem:
                self._refuse(problem)

    def _look_at_scan(self, found: ScanResult | None) -> None:
        if found is None or found.damage is None or self.damage is not None:
            return
        if not (self._is_broadcast or self._is_unnumbered):
            self._refuse(f"damaged{found.place}: {found.damage}")

    def _place(self, time: Fraction | None) -> str:
        if time is None:
            return f"frame {self.count - 1}"
        return f"{float(time - Fraction(self._container.start_time or 0, av.time_base)):.3f} s"

    def _refuse(self, problem: str) -> None:
        self.damage = self._damaged(problem)
        if self._clip.whole:
            raise self.damage

    def _damaged(self, problem: str) -> InputError:
        return InputError(problem, path=self._path, remedy=WHOLE_COPY)

    def _warn(self, damage: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _LOG.warning("%s: %s; frames may be missing or concealed", self._path, damage)


def lacks_alpha_decoder(stream: VideoStream) -> bool:
    """Whether a WebM is tagged as transparent and this build of FFmpeg cannot read that."""
    name = _ALPHA_DECODERS.get(stream.codec_context.codec.canonical_name)
    return stream.metadata.get("alpha_mode") == "1" and name not in av.codecs_available


def _decoder(stream: VideoStream) -> VideoStream | VideoCodecContext:
    """The decoder of the stream; for WebM with alpha, a decoder that supports it."""
    native = stream.codec_context
    name = _ALPHA_DECODERS.get(native.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1" or lacks_alpha_decoder(stream):
        return stream
    decoder = VideoCodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = native.extradata
    # A separately created decoder does not get the colour tags of the container.
    decoder.color_range, decoder.colorspace = native.color_range, native.colorspace
    decoder.color_primaries, decoder.color_trc = native.color_primaries, native.color_trc
    return decoder
