"""The choice of the sink for an output."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mediatrans.files.publish import Record
from mediatrans.media.endpoints import Sink
from mediatrans.media.formats import Kind
from mediatrans.media.frames import MediaInfo, VideoInfo
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.destination import PublishedFile, StdoutPipe
from mediatrans.media.write.picture_sink import PictureSink
from mediatrans.media.write.segments.segmented_sink import Resumable, SegmentedSink
from mediatrans.media.write.segments.span_sink import SpanSink
from mediatrans.media.write.video_sink import VideoSink
from mediatrans.media.write.webp_sink import WebpSink
from mediatrans.media.write_options import WriteOptions

__all__ = ["SINKS", "Output", "SinkOpener", "encoding_of", "open_sink"]


@dataclass(frozen=True, slots=True)
class Output:
    """An output to be written.

    Attributes:
        path: The final name, whose suffix determines the format; `-` for standard output.
        kind: "image" or "video".
        info: The medium that the frames come from.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.
        resumable: The parameters for writing in segments; None writes a single piece.
        first: Index of the first frame, if only one segment is written; None writes all frames.
    """

    path: Path
    kind: Kind
    info: MediaInfo
    record: Record | None = None
    resumable: Resumable | None = None
    first: int | None = None

    @property
    def video(self) -> VideoInfo:
        """The video that the frames come from; `info` must be a video's."""
        assert isinstance(self.info, VideoInfo)
        return self.info

    @property
    def medium(self) -> str:
        """The kind of sink that writes it, a key of `SINKS`."""
        if self.kind == "image":
            return "picture"
        if self.path == STDIO:
            return "pipe"
        if self.first is not None:
            return "span"
        if self.resumable is not None:
            return "segments"
        return "webp" if self.path.suffix.lower() == ".webp" else "video"


SinkOpener = Callable[[Output, WriteOptions], Sink]
"""Returns the sink of an output; the sink's `with` block opens it."""


def open_sink(wanted: Output, options: WriteOptions) -> Sink:
    """The sink of an output; its `with` block opens it.

    Args:
        wanted: The output.
        options: The options of writing.
    """
    return SINKS[wanted.medium](wanted, options)


def encoding_of(options: WriteOptions) -> Encoding:
    """The requested video encoder."""
    return Encoding(options.vcodec, options.crf, options.preset)


def _picture(wanted: Output, options: WriteOptions) -> Sink:
    return PictureSink(wanted.path, quality=options.quality, record=wanted.record)


def _video(wanted: Output, options: WriteOptions) -> Sink:
    file = PublishedFile(wanted.path, options.verification, wanted.record)
    return VideoSink(file, wanted.video, encoding_of(options))


def _pipe(wanted: Output, options: WriteOptions) -> Sink:
    pipe = StdoutPipe(options.file_format or "mkv")
    return VideoSink(pipe, wanted.video, encoding_of(options))


def _webp(wanted: Output, options: WriteOptions) -> Sink:
    return WebpSink(wanted.path, wanted.video, options.quality, options.verification, wanted.record)


def _segments(wanted: Output, options: WriteOptions) -> Sink:
    assert wanted.resumable is not None
    return SegmentedSink(
        wanted.path,
        wanted.video,
        wanted.resumable,
        encoding_of(options),
        options.verification,
        wanted.record,
    )


def _span(wanted: Output, options: WriteOptions) -> Sink:
    assert wanted.resumable is not None
    assert wanted.first is not None
    return SpanSink(wanted.path, wanted.first, wanted.video, wanted.resumable, encoding_of(options))


SINKS: dict[str, SinkOpener] = {
    "picture": _picture,
    "video": _video,
    "webp": _webp,
    "pipe": _pipe,
    "segments": _segments,
    "span": _span,
}
"""The sinks by kind."""
