"""The sink that writes one span of a video as segments, in any process."""

import io
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from mediatrans.files.publish import output_error
from mediatrans.media.frames import Done, Frame, Segment, VideoInfo
from mediatrans.media.write.codecs import Encoding, choose_coding
from mediatrans.media.write.coding import Coding
from mediatrans.media.write.destination import muxer_of
from mediatrans.media.write.segments.segment_writer import SegmentWriter
from mediatrans.media.write.segments.segmented_sink import Resumable
from mediatrans.media.write.segments.work_folder import segment_path, work_path
from mediatrans.media.write.video_sink import write_error

__all__ = ["SpanSink"]


class SpanSink:
    """Writes one span of a video as segments into its work folder.

    The packets are the same as those of a `SegmentedSink`. The process that owns the work folder
    adds the segments to it; a sink for the whole video then joins them all.

    Args:
        output: The video's final name.
        first: Index of the first frame.
        info: The video that the frames come from.
        resumable: The parameters for resuming.
        encoding: The requested encoder.

    Attributes:
        segment: The last segment that was written; None if there is none.
        kept: The work folder after an error that leaves it of use, else None.
    """

    done = Done()

    def __init__(
        self,
        output: Path,
        first: int,
        info: VideoInfo,
        resumable: Resumable,
        encoding: Encoding | None = None,
    ) -> None:
        self.segment: Segment | None = None
        self.border: int | None = resumable.length
        self.kept: Path | None = None
        self._output = output
        self._next = first
        self._info = info
        self._resumable = resumable
        self._muxer = muxer_of(output)
        self._encoding = encoding or Encoding()
        self._coding: Coding | None = None
        self._writer: SegmentWriter | None = None

    def __enter__(self) -> Self:
        """Choose the encoder.

        Raises:
            OutputError: The folder cannot be created.
            UsageError: The encoder does not exist or refuses its options.
            DeviceError: The hardware encoder is not available.
        """
        try:
            work_path(self._output).mkdir(parents=True, exist_ok=True)
            with av.open(io.BytesIO(), "w", format=self._muxer) as container:
                self._coding = choose_coding(container, self._info, self._encoding)
        except OSError as error:
            raise output_error(self._output, error) from error
        return self

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OutputError: The disk is full, or the encoder fails.
        """
        try:
            if self._writer is None:
                self._writer = self._begun()
            self._writer.write(frame)
            self._next += 1
            if self._next % self._resumable.length == 0:
                self._finish()
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error

    def cut_here(self, damage: str) -> None:
        """Does nothing: a span has no other streams."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Complete the last segment, or remove it after an error.

        Raises:
            OutputError: It cannot be completed.
        """
        if error is not None:
            if self._writer is not None:
                self._writer.abandon()
            if not self._resumable.is_unreadable:
                self.kept = work_path(self._output)
            return
        try:
            self._finish()
        except (av.FFmpegError, OSError) as failure:
            assert self._writer is not None
            self._writer.abandon()
            self.kept = work_path(self._output)
            raise write_error(self._output, failure) from failure

    def _begun(self) -> SegmentWriter:
        assert self._coding is not None
        path = segment_path(self._output, self._next)
        return SegmentWriter(self._next, path, self._muxer, self._coding, self._info)

    def _finish(self) -> None:
        if self._writer is None:
            return
        mark = self._resumable.marks.pop(self._next - 1, None)
        notes = self._resumable.notes.of(self._writer.first, self._next)
        self.segment = self._writer.finish(mark, notes)
        self._writer = None
        self._resumable.finished(self.segment)
