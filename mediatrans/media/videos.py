"""Video files as sources and sinks of frames, whichever reader and writer they need."""

from fractions import Fraction
from pathlib import Path

from mediatrans.media.codecs import Encoding
from mediatrans.media.limits import MAX_PIXELS
from mediatrans.media.publish import Record
from mediatrans.media.verification import Verification
from mediatrans.media.video import VideoInfo, VideoSource
from mediatrans.media.video_sink import VideoSink
from mediatrans.media.webp import WebpSink, WebpSource

__all__ = ["create_video", "open_video"]


def open_video(
    path: Path,
    *,
    start_s: Fraction | None = None,
    end_s: Fraction | None = None,
    limit: int | None = None,
    whole: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> VideoSource | WebpSource:
    """A source for a video, an animated GIF, PNG or WebP; use it in a `with` block.

    Args:
        path: The file.
        start_s: Seconds after the file's beginning at which to start; times then begin at 0.
        end_s: Seconds after the file's beginning at which to stop.
        limit: Most frames to take.
        whole: Refuse a video that is cut short at once; otherwise it is read up to there.
        max_pixels: Larger animated WebPs are refused; videos have a limit of their own.
    """
    if path.suffix.lower() == ".webp":
        return WebpSource(path, start_s=start_s, end_s=end_s, limit=limit, max_pixels=max_pixels)
    return VideoSource(path, start_s=start_s, end_s=end_s, limit=limit, whole=whole)


def create_video(
    output: Path,
    info: VideoInfo,
    encoding: Encoding | None = None,
    verification: Verification = "fast",
    record: Record | None = None,
    *,
    quality: int | None = None,
) -> VideoSink | WebpSink:
    """A sink for a video, an animated GIF, PNG or WebP; use it in a `with` block.

    Args:
        output: The final name; its suffix names the container.
        info: The video that the frames come from.
        encoding: What is asked of the encoder; animations have one of their own.
        verification: How closely the result is looked at.
        record: Told of the finished file just before it is published; None tells nobody.
        quality: 1 to 100, of an animated WebP; None matches the source.
    """
    if output.suffix.lower() == ".webp":
        return WebpSink(output, info, quality, verification, record)
    return VideoSink(output, info, encoding, verification, record)
