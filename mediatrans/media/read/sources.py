"""Video files as sources of frames, whichever reader they need."""

from fractions import Fraction
from pathlib import Path

from mediatrans.media.limits import MAX_PIXELS
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.read.webp_source import WebpSource

__all__ = ["open_video"]


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
