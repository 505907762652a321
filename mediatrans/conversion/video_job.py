"""One video on its way: its reader bounded, its sink gone on with where an earlier run stopped."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.plan import Job
from mediatrans.errors import InputError
from mediatrans.files.publish import Record
from mediatrans.media.container import check_whole
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.pipe_formats import STDIN_NAME, STDIO
from mediatrans.media.read.bounded_source import BoundedSource, ReaderStalledError
from mediatrans.media.read.folder_source import FrameFolder
from mediatrans.media.read.pipe_source import InputPipe
from mediatrans.media.read.resumption import Resumption
from mediatrans.media.read.sources import open_video
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.read.webp_source import WebpSource
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.pipe_sink import VideoPipe
from mediatrans.media.write.segments.segmented_sink import SegmentedSink, segment_length
from mediatrans.media.write.segments.work_folder import WorkFolder
from mediatrans.media.write.sinks import create_video
from mediatrans.media.write.video_sink import VideoSink
from mediatrans.media.write.webp_sink import WebpSink
from mediatrans.quality.cycle import CycleFigures, CycleMonitor

__all__ = ["Kept", "OpenVideo", "encoding_of", "open_video_job"]

Kept = Callable[[Path], None]
"""Told of a work folder from which the same command goes on."""


@dataclass(slots=True)
class OpenVideo:
    """A video whose reader and sink are open.

    Attributes:
        frames: The frames that are still to be translated.
        write: Takes each of them, translated.
        done: Frames of an earlier run that need not be translated again.
        total: Frames to expect, those included; None where nothing says.
        border: No batch reaches over a multiple of this many frames; None for a single piece.
    """

    frames: "ReaderFrames"
    write: Callable[[Frame], None]
    done: int = 0
    total: int | None = None
    border: int | None = None

    @property
    def damage(self) -> InputError | None:
        """What broke the input off, where a part of it is enough."""
        return self.frames.error


@dataclass(slots=True)
class ReaderFrames:
    """A reader's frames; its failure is remembered, and is the end where a part is enough.

    Attributes:
        source: The reader.
        check_whole: Raises InputError where the video is cut short.
        keep_partial: Whether a part is enough, if it holds a frame.
        done: Frames before the reader's first.
        error: The reader's failure, once it has failed.
    """

    source: Iterable[Frame]
    check_whole: Callable[[], None]
    keep_partial: bool
    done: int = 0
    error: InputError | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[Frame]:
        some = self.done > 0
        try:
            for frame in self.source:
                some = True
                yield frame
            if self.keep_partial:
                self.check_whole()
        except InputError as error:
            self.error = error
            if not (self.keep_partial and some):
                raise


@contextmanager
def open_video_job(
    job: Job,
    options: ConvertOptions,
    made_with: Mapping[str, Any],
    monitor: CycleMonitor | None,
    record: Record,
    kept: Kept,
) -> Iterator[OpenVideo]:
    """Open a video and its output, which is published when the block ends without an error.

    Args:
        job: The video.
        options: How to convert.
        made_with: What else a segment depends on beside the options, as JSON holds it.
        monitor: Is given what an earlier run measured; None measures nothing.
        record: Told of the finished file just before it is published.
        kept: Told of the work folder where an error leaves something to go on from.

    Raises:
        InputError: The video cannot be read.
        OutputError: The output cannot be written.
    """
    assert job.output is not None
    if job.input == STDIO:
        with (
            _open_stdin(options) as (piped, check),
            _open_whole(job, options, piped, record, check) as video,
        ):
            yield video
        return
    with BoundedSource(_reader(job, options), options.reader_limit_s) as source:
        length = segment_length(source.info, job.output, options.batch_size)
        if length is None or job.output == STDIO:
            with _open_whole(job, options, source, record, _check_of(job)) as video:
                yield video
        else:
            identity = {**made_with, "frames a segment": length}
            with _open_segmented(
                job, options, source, identity, length, monitor, record, kept
            ) as video:
                yield video


def _reader(job: Job, options: ConvertOptions) -> VideoSource | WebpSource | FrameFolder:
    start_s, end_s = _exact(options.start_s), _exact(options.end_s)
    if job.frames:
        assert options.fps is not None
        return FrameFolder(
            job.input,
            job.frames,
            options.fps,
            start_s=start_s,
            end_s=end_s,
            limit=options.preview,
            max_pixels=options.max_pixels,
        )
    return open_video(
        job.input,
        start_s=start_s,
        end_s=end_s,
        limit=options.preview,
        whole=not options.keep_partial,
        max_pixels=options.max_pixels,
    )


@contextmanager
def _open_stdin(options: ConvertOptions) -> Iterator[tuple[VideoSource, Callable[[], None]]]:
    """Standard input as a video, and the check that it is whole.

    It is waited for as long as it takes: what feeds it may be a camera.
    """
    start_s = _exact(options.start_s)
    whole = not options.keep_partial
    with (
        InputPipe(
            must_seek=start_s is not None, spool_mb=options.spool_limit_mb, whole=whole
        ) as pipe,
        VideoSource(
            STDIN_NAME,
            start_s=start_s,
            end_s=_exact(options.end_s),
            limit=options.preview,
            whole=whole,
            opener=pipe.open,
        ) as source,
    ):
        yield source, pipe.check_whole


@contextmanager
def _open_whole(
    job: Job,
    options: ConvertOptions,
    source: BoundedSource | VideoSource,
    record: Record,
    check_whole: Callable[[], None],
) -> Iterator[OpenVideo]:
    job.refuse_taken()
    frames = ReaderFrames(source, check_whole, options.keep_partial)
    with _sink(job, options, source.info, record) as sink:
        yield OpenVideo(frames, sink.write, total=source.info.frame_count)
        if frames.error is not None and not isinstance(sink, WebpSink):
            sink.cut_here()


@contextmanager
def _open_segmented(
    job: Job,
    options: ConvertOptions,
    source: BoundedSource,
    identity: Mapping[str, Any],
    length: int,
    monitor: CycleMonitor | None,
    record: Record,
    kept: Kept,
) -> Iterator[OpenVideo]:
    assert job.output is not None
    with WorkFolder(job.output, identity) as work:
        if monitor is not None:
            for segment in work.segments:
                monitor.restore(_figures(segment.notes))
        done = work.segments[-1].end if work.segments else 0
        mark = work.segments[-1].mark if work.segments else None
        resumption = Resumption(source, mark, length)
        is_published = work.is_published()
        is_whole = is_published or work.total is not None
        rest: Iterable[Frame] = () if is_whole else resumption
        frames = ReaderFrames(rest, _check_of(job), options.keep_partial, done)
        total = work.total if work.total is not None else source.info.frame_count
        try:
            if is_published:
                if work.damage is not None:
                    frames.error = InputError(work.damage, path=job.input)
                yield OpenVideo(frames, _write_nothing, done, total, length)
            else:
                job.refuse_taken()
                sink = SegmentedSink(
                    job.output,
                    source.info,
                    work,
                    resumption.marks,
                    length,
                    lambda first, end: _notes(monitor, first, end),
                    encoding_of(options),
                    options.verification,
                    record,
                )
                with sink:
                    yield OpenVideo(frames, sink.write, done, total, length)
                    if frames.error is not None:
                        sink.cut_here(frames.error.problem)
        except BaseException as error:
            if error is frames.error and not isinstance(error, ReaderStalledError):
                work.remove()
            elif work.segments:
                kept(work.path)
            raise
        work.remove()


def _sink(
    job: Job, options: ConvertOptions, info: VideoInfo, record: Record
) -> VideoSink | WebpSink:
    assert job.output is not None
    encoding = encoding_of(options)
    if job.output == STDIO:
        return VideoPipe(info, options.file_format or "mkv", encoding)
    return create_video(
        job.output, info, encoding, options.verification, record, quality=options.quality
    )


def _check_of(job: Job) -> Callable[[], None]:
    """The check that a job's input is not cut short; a frame that is tells by itself."""
    return partial(check_whole, job.input) if not job.frames else lambda: None


def _write_nothing(frame: Frame) -> None:
    raise AssertionError("the video is published already")


def _notes(monitor: CycleMonitor | None, first: int, end: int) -> dict[str, Any]:
    measured = monitor.measured(first, end) if monitor is not None else {}
    return {str(index): asdict(figures) for index, figures in measured.items()}


def _figures(notes: Mapping[str, Any]) -> dict[int, CycleFigures]:
    return {int(index): CycleFigures(**figures) for index, figures in notes.items()}


def encoding_of(options: ConvertOptions) -> Encoding:
    """What is asked of the encoder of videos."""
    return Encoding(options.vcodec, options.crf, options.preset)


def _exact(seconds: float | None) -> Fraction | None:
    """The decimal that was meant: 0.4 as a float lies after the frame at 2/5 of a second."""
    return None if seconds is None else Fraction(str(seconds))
