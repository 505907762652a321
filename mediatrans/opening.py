"""A video job's source and sink: a file, a folder of frames, or a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from mediatrans.media.codecs import Encoding
from mediatrans.media.frame_folder import FrameFolder
from mediatrans.media.pipe_formats import STDIN_NAME, STDIO
from mediatrans.media.pipes import InputPipe, VideoPipe
from mediatrans.media.video import VideoInfo, VideoSource
from mediatrans.media.video_sink import VideoSink
from mediatrans.media.videos import create_video, open_video
from mediatrans.media.webp import WebpSink, WebpSource
from mediatrans.plan import ConvertOptions, Job

__all__ = ["encoding_of", "open_sink", "open_source"]


@contextmanager
def open_source(
    job: Job, options: ConvertOptions
) -> Iterator[VideoSource | WebpSource | FrameFolder]:
    """Open what a video job reads; closed when the block ends.

    Args:
        job: A job of the kind "video" that is ready.
        options: The part of it to read, and the limits.

    Raises:
        InputError: It cannot be read.
        UsageError: It is standard input, and nothing is piped in.
    """
    start_s, end_s, limit = _exact(options.start_s), _exact(options.end_s), options.preview
    if job.frames:
        assert options.fps is not None
        with FrameFolder(
            job.input,
            job.frames,
            options.fps,
            start_s=start_s,
            end_s=end_s,
            limit=limit,
            max_pixels=options.max_pixels,
        ) as folder:
            yield folder
    elif job.input == STDIO:
        with (
            InputPipe(must_seek=start_s is not None, spool_mb=options.spool_limit_mb) as pipe,
            VideoSource(
                STDIN_NAME, start_s=start_s, end_s=end_s, limit=limit, opener=pipe.open
            ) as piped,
        ):
            yield piped
    else:
        with open_video(job.input, start_s=start_s, end_s=end_s, limit=limit) as source:
            yield source


def open_sink(job: Job, info: VideoInfo, options: ConvertOptions) -> VideoSink | WebpSink:
    """The sink of a video job, to be opened by its `with` block.

    Args:
        job: A job of the kind "video" that is ready.
        info: The video that is read.
        options: The encoding, and the format of a pipe.
    """
    assert job.output is not None
    encoding = encoding_of(options)
    if job.output == STDIO:
        return VideoPipe(info, options.file_format or "mkv", encoding)
    return create_video(job.output, info, encoding, options.verification)


def encoding_of(options: ConvertOptions) -> Encoding:
    """What the options ask of the encoder."""
    return Encoding(options.vcodec, options.crf, options.preset)


def _exact(seconds: float | None) -> Fraction | None:
    """The decimal that was meant: 0.4 as a float lies after the frame at 2/5 of a second."""
    return None if seconds is None else Fraction(str(seconds))
