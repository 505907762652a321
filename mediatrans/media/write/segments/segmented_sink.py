"""The sink that writes a long video in segments; an interruption loses at most one segment."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av

from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.publish import Record
from mediatrans.media.frames import Done, Frame, Mark, MediaInfo, Segment, VideoInfo
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.segments.segment_writer import SegmentWriter, joined_packets
from mediatrans.media.write.segments.work_folder import WorkFolder
from mediatrans.media.write.video_sink import VideoSink, write_error
from mediatrans.media.write_options import Verification

__all__ = ["Notes", "Resumable", "SegmentedSink", "segment_length", "single_piece"]

_ANIMATIONS = frozenset({".gif", ".webp", ".png", ".apng"})
_ALPHA_BESIDE = frozenset({".mkv", ".webm"})
_LARGEST_SEGMENT = 250
_SMALLEST_SEGMENT = 50
_SEGMENT_PIXELS = 64_000_000
_LEAST_WARM_UPS = 12


def segment_length(
    info: MediaInfo,
    output: Path,
    batch_size: int,
    frames: int | None = None,
    warm_up: int = 0,
) -> int | None:
    """The number of frames per segment of a video; None if it is written in a single piece.

    A segment has 250 frames up to 640x400 pixels and 50 from 1280x1000 on, so it takes about the
    same time at every size, but at least 12 times as many as warm it up. A video of at most two
    segments is written in a single piece, and so are animations, and transparent videos in Matroska
    and WebM, whose alpha is side data.

    Args:
        info: The video that the frames come from.
        output: The final name.
        batch_size: Frames per inference call; a segment is a whole number of batches.
        frames: The approximate number of frames per segment; None chooses it by the frame size.
        warm_up: The number of frames before a segment that are translated again for it.
    """
    if single_piece(info, output) is not None:
        return None
    if frames is None:
        pixels = (info.width or 1) * (info.height or 1)
        frames = min(max(_SEGMENT_PIXELS // pixels, _SMALLEST_SEGMENT), _LARGEST_SEGMENT)
        frames = max(frames, _LEAST_WARM_UPS * warm_up)
    length = -(-frames // batch_size) * batch_size
    is_short = info.frame_count is not None and info.frame_count <= 2 * length
    return None if is_short else length


def single_piece(info: MediaInfo, output: Path) -> str | None:
    """Why an output of any length is written in a single piece, a clause; None if it is not.

    Args:
        info: The video that the frames come from.
        output: The final name.
    """
    suffix = output.suffix.lower()
    if suffix in _ANIMATIONS:
        return f"a {suffix} is written in a single piece"
    if info.has_alpha and suffix in _ALPHA_BESIDE:
        return f"a transparent {suffix} is written in a single piece"
    return None


@dataclass(frozen=True, slots=True)
class Notes:
    """What else is stored with each segment, beside its packets.

    Attributes:
        of: Called on the writing thread with the index of a segment's first frame and the index
            after its last frame; returns its notes as JSON values.
        read: Reads the notes of an earlier run; raises RecordError if they are damaged.
    """

    of: Callable[[int, int], Any] = lambda first, end: None
    read: Callable[[Any], Any] = lambda notes: notes


@dataclass(slots=True)
class Resumable:
    """The parameters for writing a video that a later run can resume.

    Attributes:
        identity: Everything that the segments depend on, as JSON values. Existing segments with
            another identity are removed, and the differences are logged.
        length: Frames per segment.
        notes: What else is stored with each segment.
        refuse: Raises OutputError if the output must not be written.
        marks: The marks of the last source frames of segments, by frame index.
        is_unreadable: Whether the source cannot be read to its end, so resuming is impossible.
        finished: Called on the writing thread with each segment of a span.
    """

    identity: Mapping[str, Any]
    length: int
    notes: Notes
    refuse: Callable[[], None]
    marks: dict[int, Mark] = field(default_factory=dict)
    is_unreadable: bool = False
    finished: Callable[[Segment], object] = lambda segment: None


class SegmentedSink:
    """A video sink that stores its frames on disk after every segment.

    Each segment has its own encoder and is independent of the others. The end of the `with` block
    joins the packets of all segments to a video and publishes it. After an error the complete
    segments stay in the work folder.

    Args:
        output: The final name; its suffix determines the container format.
        info: The video that the frames come from.
        resumable: The parameters for resuming.
        encoding: The requested encoder.
        verification: How the finished file is verified.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.

    Attributes:
        done: What an earlier run has already written.
        border: Frames per segment.
        kept: The work folder if an error left segments in it, else None.
    """

    def __init__(
        self,
        output: Path,
        info: VideoInfo,
        resumable: Resumable,
        encoding: Encoding | None = None,
        verification: Verification = "fast",
        record: Record | None = None,
    ) -> None:
        self.done = Done()
        self.border: int | None = resumable.length
        self.kept: Path | None = None
        self.segment: Segment | None = None
        self._output = output
        self._info = info
        self._resumable = resumable
        self._record = record
        self._work = WorkFolder(output, resumable.identity, resumable.notes.read)
        destination = PublishedFile(output, verification, self._publish)
        self._video = VideoSink(destination, info, encoding)
        self._stack = ExitStack()
        self._damage: str | None = None
        self._current: SegmentWriter | None = None
        self._next = 0

    def __enter__(self) -> Self:
        """Open the work folder and the output, so that errors show before the segments are made.

        Raises:
            OutputError: The output or one of its streams cannot be written.
            InputError: The source cannot be opened a second time.
            UsageError: There is no ffmpeg to verify the result with.
        """
        with self._stack:
            self._stack.enter_context(self._work)
            self._stack.push(self._leave)
            self.done = self._found()
            self._next = self.done.frames
            if not self._work.is_published():
                self._resumable.refuse()
                self._stack.enter_context(self._video)
            self._stack = self._stack.pop_all()
        return self

    def _found(self) -> Done:
        """The state that an earlier run left in the work folder."""
        work = self._work
        last = work.segments[-1] if work.segments else None
        is_published = work.is_published()
        frames = last.end if last else 0
        return Done(
            frames=frames,
            mark=last.mark if last else None,
            total=frames if is_published else work.total,
            damage=work.damage if is_published else None,
            fingerprint=work.published if is_published else None,
            notes=tuple(work.notes),
        )

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OutputError: The disk is full, or the encoder fails.
        """
        try:
            if self._current is None:
                self._current = self._begin_segment()
            self._current.write(frame)
            self._next += 1
            if self._next % self._resumable.length == 0:
                self._finish_segment()
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error

    def cut_here(self, damage: str) -> None:
        """End the output after the last frame; the other streams are not copied any further.

        Args:
            damage: The damage of the input.
        """
        self._damage = damage
        self._video.cut_here(damage)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Join, verify and publish the video, or keep the complete segments after an error.

        Raises:
            OutputError: The video cannot be finished, or its verification fails.
        """
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            self._join()

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the complete segments after an error, unless resuming is impossible."""
        if self._current is not None:
            self._current.abandon()
        if error is None or self._resumable.is_unreadable:
            self._work.remove()
        elif self._work.segments and self._work.path.is_dir():  # not removed meanwhile
            self.kept = self._work.path

    def _join(self) -> None:
        if self._work.is_published():
            return
        try:
            self._finish_segment(is_last=True)
            for packet in joined_packets(self._work.files()):
                self._video.write_encoded(packet)
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error

    def _begin_segment(self) -> SegmentWriter:
        coding = self._video.coding
        assert coding is not None
        path = self._work.segment_path(self._next)
        return SegmentWriter(self._next, path, self._video.muxer, coding, self._info)

    def _finish_segment(self, *, is_last: bool = False) -> None:
        segment = None
        if self._current is not None:
            mark = self._resumable.marks.pop(self._next - 1, None)
            notes = self._resumable.notes.of(self._current.first, self._next)
            segment = self._current.finish(mark, notes)
            self._current = None
        is_end = is_last and self._damage is None
        self._work.add(segment, total=self._next if is_end else None)

    def _publish(self, fingerprint: Fingerprint) -> None:
        try:
            self._work.publish(fingerprint, self._damage)
        except OSError as error:
            raise write_error(self._output, error) from error
        if self._record is not None:
            self._record(fingerprint)
