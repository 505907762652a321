"""A long video written in segments, so that no interruption loses more than the last of them."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av import Packet
from av.video.stream import VideoStream

from mediatrans.files.publish import Fingerprint, Record
from mediatrans.media.frames import Frame, Mark, VideoInfo
from mediatrans.media.write.codecs import Coding, Encoding
from mediatrans.media.write.segments.packet_file import read_packets, write_packet
from mediatrans.media.write.segments.work_folder import Segment, WorkFolder, crc_of
from mediatrans.media.write.verification import Verification
from mediatrans.media.write.video_encoders import YuvEncoder
from mediatrans.media.write.video_sink import VideoSink, write_error

__all__ = ["SegmentedSink", "segment_length"]

_ANIMATIONS = frozenset({".gif", ".webp", ".png", ".apng"})
_ALPHA_BESIDE = frozenset({".mkv", ".webm"})
_LARGEST_SEGMENT = 250
_SMALLEST_SEGMENT = 50
_SEGMENT_PIXELS = 64_000_000
_TAIL = 16


def segment_length(info: VideoInfo, output: Path, batch_size: int) -> int | None:
    """How many frames of a video make a segment, or None for one written in a single piece.

    A segment is about as much work at every size: 250 frames up to 640x400, 50 from 1280x1000 on. A
    video of no more than two of them is short. Animations are written in a single piece, and so
    is a transparent video in Matroska and WebM, whose alpha lies beside its packets.

    Args:
        info: The video that the frames come from.
        output: Where it goes.
        batch_size: Frames translated in one call; segments are whole batches.
    """
    suffix = output.suffix.lower()
    if suffix in _ANIMATIONS or (info.has_alpha and suffix in _ALPHA_BESIDE):
        return None
    pixels = (info.width or 1) * (info.height or 1)
    frames = min(max(_SEGMENT_PIXELS // pixels, _SMALLEST_SEGMENT), _LARGEST_SEGMENT)
    length = -(-frames // batch_size) * batch_size
    is_short = info.frame_count is not None and info.frame_count <= 2 * length
    return None if is_short else length


class SegmentedSink:
    """A `VideoSink` whose frames are on disk after every segment.

    Each segment has an encoder of its own, so it depends on no other. Leaving the `with` block
    without an error joins the packets of all to a video, and publishes that; an error leaves the
    whole segments in the work folder.

    Args:
        output: The final name; its suffix names the container.
        info: The video that the frames come from.
        work: The opened work folder; frames of the segments in it are not written again.
        marks: The mark of the last source frame of each segment, by its index, once it was read.
        length: Frames in a segment.
        notes: Asked for what else is to be kept with the frames of a segment, from the thread that
            writes; given the index of the first frame and of the one after the last.
        encoding: What is asked of the encoder.
        verification: How closely the result is looked at.
        record: Told of the finished file just before it is published; None tells nobody.
    """

    def __init__(
        self,
        output: Path,
        info: VideoInfo,
        work: WorkFolder,
        marks: dict[int, Mark],
        length: int,
        notes: Callable[[int, int], Any],
        encoding: Encoding | None = None,
        verification: Verification = "fast",
        record: Record | None = None,
    ) -> None:
        self._output = output
        self._info = info
        self._work = work
        self._marks = marks
        self._length = length
        self._notes = notes
        self._record = record
        self._video = VideoSink(output, info, encoding, verification, self._publish)
        self._damage: str | None = None
        self._current: _SegmentWriter | None = None
        self._next = work.segments[-1].end if work.segments else 0

    def __enter__(self) -> Self:
        """Open the output under its part name, before hours go into its segments.

        Raises:
            OutputError: The output or one of its streams cannot be written.
            InputError: The source cannot be opened a second time.
            UsageError: There is no ffmpeg to verify the result with.
        """
        self._video.__enter__()
        return self

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OutputError: The disk is full, or the encoder refuses.
        """
        try:
            if self._current is None:
                self._current = self._begin_segment()
            self._current.write(frame)
            self._next += 1
            if self._next % self._length == 0:
                self._finish_segment()
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error

    def cut_here(self, damage: str) -> None:
        """Copy nothing of the other streams that comes after the last frame.

        Args:
            damage: What broke the input off there.
        """
        self._damage = damage
        self._video.cut_here()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Join, verify and publish the video, or leave the whole segments after an error.

        Raises:
            OutputError: The video cannot be finished, or is not what was written.
        """
        try:
            if kind is None:
                self._join()
        except BaseException:
            self._video.__exit__(*sys.exc_info())
            raise
        else:
            self._video.__exit__(kind, error, traceback)
        finally:
            if self._current is not None:
                self._current.abandon()

    def _join(self) -> None:
        try:
            self._finish_segment(is_last=True)
            tail: list[int] = []
            for segment in self._work.segments:
                packets = read_packets(self._work.segment_path(segment.first))
                for packet in _in_order(packets, segment.begin, tail):
                    self._video.write_encoded(packet)
                tail = segment.tail
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error

    def _begin_segment(self) -> "_SegmentWriter":
        coding = self._video.coding
        assert coding is not None
        path = self._work.segment_path(self._next)
        return _SegmentWriter(self._next, path, self._video.muxer, coding, self._info)

    def _finish_segment(self, *, is_last: bool = False) -> None:
        segment = None
        if self._current is not None:
            mark = self._marks.pop(self._next - 1, None)
            segment = self._current.finish(mark, self._notes(self._current.first, self._next))
            self._current = None
        is_end = is_last and self._damage is None
        self._work.add(segment, total=self._next if is_end else None)

    def _publish(self, fingerprint: Fingerprint) -> None:
        self._work.publish(fingerprint, self._damage)
        if self._record is not None:
            self._record(fingerprint)


class _SegmentWriter:
    """Encodes the frames of one segment into a packet file.

    Args:
        first: Index of its first frame.
        path: The packet file.
        muxer: FFmpeg's name of the container that the packets will go into.
        coding: How the frames are encoded.
        info: The video that the frames come from.
    """

    def __init__(self, first: int, path: Path, muxer: str, coding: Coding, info: VideoInfo) -> None:
        self.first = first
        self._path = path
        self._file = path.open("wb")
        # Nothing is written to it, but an encoder has to belong to a container.
        self._container = av.open(io.BytesIO(), "w", format=muxer)
        self._encoder = YuvEncoder(self._container, coding, info)
        self._times: list[int] = []

    def write(self, frame: Frame) -> None:
        assert frame.pts is not None
        self._times.append(frame.pts)
        for packet in self._encoder.encode(frame):
            write_packet(self._file, packet)

    def finish(self, mark: Mark | None, notes: Any) -> Segment:
        for packet in self._encoder.flush():
            write_packet(self._file, packet)
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self.close()
        return Segment(
            first=self.first,
            frames=len(self._times),
            size=size,
            crc=crc_of(self._path),
            begin=self._times[0],
            tail=self._times[-_TAIL:],
            mark=mark,
            notes=notes,
        )

    def abandon(self) -> None:
        """Close what is open and remove the file, which counts for nothing."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
        with suppress(OSError):
            self._file.close()
        self._container.close()


def _in_order(
    packets: "Iterable[Packet[VideoStream]]", begin: int, tail: Sequence[int]
) -> "Iterator[Packet[VideoStream]]":
    """A segment's packets with the decoding times they would have had behind those before them.

    An encoder that reorders frames starts its decoding times before its first frame. Where it goes
    on instead, those packets have the times of the frames before.

    Args:
        packets: The packets of one segment, in decoding order.
        begin: Presentation time of its first frame.
        tail: Presentation times of the last frames before it, none before the first segment.
    """
    early: list[Packet[VideoStream]] = []
    rest = iter(packets)
    for packet in rest:
        assert packet.dts is not None
        if packet.dts >= begin:
            rest = chain([packet], rest)
            break
        early.append(packet)
    for packet, time in zip(reversed(early), reversed(tail), strict=False):
        packet.dts = time
    yield from early
    yield from rest
