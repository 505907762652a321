"""The sink that writes one span of a video as a segment, in any process."""

import io
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from mediatrans.files.publish import output_error
from mediatrans.media.frames import Done, Frame, Segment, VideoInfo
from mediatrans.media.write.codecs import Encoding, choose_coding
from mediatrans.media.write.destination import muxer_of
from mediatrans.media.write.segments.segment_writer import SegmentWriter
from mediatrans.media.write.segments.segmented_sink import Resumable
from mediatrans.media.write.segments.work_folder import segment_path
from mediatrans.media.write.video_sink import write_error

__all__ = ["SpanSink"]


class SpanSink:
    """Writes one segment of a video into its work folder.

    The packets are the same as those of a `SegmentedSink`. The process that owns the work folder
    adds `segment` to it; a sink for the whole video then joins all segments.

    Args:
        output: The video's final name.
        first: Index of the first frame.
        info: The video that the frames come from.
        resumable: The parameters for resuming.
        encoding: The requested encoder.

    Attributes:
        segment: The written segment, after the `with` block; None if it has no frames.
    """

    done = Done()
    kept: Path | None = None

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
        self._output = output
        self._next = first
        self._info = info
        self._resumable = resumable
        self._encoding = encoding or Encoding()
        self._writer: SegmentWriter | None = None

    def __enter__(self) -> Self:
        """Open the packet file.

        Raises:
            OutputError: The file cannot be created.
            UsageError: The encoder does not exist or refuses its options.
            DeviceError: The hardware encoder is not available.
        """
        path, muxer = segment_path(self._output, self._next), muxer_of(self._output)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with av.open(io.BytesIO(), "w", format=muxer) as container:
                coding = choose_coding(container, self._info, self._encoding)
            self._writer = SegmentWriter(self._next, path, muxer, coding, self._info)
        except OSError as error:
            raise output_error(self._output, error) from error
        return self

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OutputError: The disk is full, or the encoder fails.
        """
        assert self._writer is not None
        try:
            self._writer.write(frame)
        except (av.FFmpegError, OSError) as error:
            raise write_error(self._output, error) from error
        self._next += 1

    def cut_here(self, damage: str) -> None:
        """Does nothing: a span has no other streams."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Complete the packet file, or remove it after an error.

        Raises:
            OutputError: The file cannot be completed.
        """
        writer = self._writer
        assert writer is not None
        if error is not None or self._next == writer.first:
            writer.abandon()
            return
        mark = self._resumable.marks.pop(self._next - 1, None)
        try:
            notes = self._resumable.notes.of(writer.first, self._next)
            self.segment = writer.finish(mark, notes)
        except (av.FFmpegError, OSError) as failure:
            writer.abandon()
            raise write_error(self._output, failure) from failure
