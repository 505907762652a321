"""Video files as sinks of frames, whichever writer they need."""

from pathlib import Path

from mediatrans.files.publish import Record
from mediatrans.media.frames import VideoInfo
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.verification import Verification
from mediatrans.media.write.video_sink import VideoSink
from mediatrans.media.write.webp_sink import WebpSink

__all__ = ["create_video"]


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
