"""The options of reading inputs."""

from dataclasses import dataclass
from fractions import Fraction

from mediatrans.files.bounded import READER_LIMIT_S
from mediatrans.settings import Setting, setting

__all__ = ["MAX_PIXELS", "MAX_SPOOL_MB", "ReadOptions"]

MAX_PIXELS = 200_000_000
"""The default limit: pictures with more pixels are refused before decoding."""

MAX_SPOOL_MB = 4096
"""The default limit: megabytes (10^6 bytes) of piped input, or of one object of a bucket, that may
be on disk at one time."""

_GROUP = "Input"


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is not a frame rate, for example 24 or 30000/1001") from None


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The options of reading inputs.

    Attributes:
        start_s: Start of the part of a video to convert, in seconds; None is its beginning.
        end_s: End of the part of a video to convert, in seconds; None is its end.
        preview: The maximum number of frames per video and of files per folder; None converts all.
            With it, derived names of videos end in "-preview".
        fps: The frame rate of a video made of each folder's pictures; None converts them as
            pictures.
        stream: The index of the video stream to convert; None chooses the largest of the default
            ones.
        keep_partial: Keep the readable part of a damaged video.
        max_pixels: Pictures and animated WebP files with more pixels are refused before decoding.
        spool_limit_mb: Megabytes of a piped input, or of one object of a bucket, that may be on
            disk at one time.
        reader_limit_s: Seconds without a frame after which reading a file is given up.
    """

    start_s: float | None = setting(
        None,
        Setting(
            "Convert videos from this second on.",
            _GROUP,
            "--start",
            metavar="S",
            least=0,
            of="video",
        ),
    )
    end_s: float | None = setting(
        None,
        Setting(
            "Convert videos up to this second.",
            _GROUP,
            "--end",
            metavar="S",
            least=0,
            of="video",
        ),
    )
    preview: int | None = setting(
        None,
        Setting(
            "Convert only the first N frames of each video and the first N files of each folder. "
            "Derived names of videos and folders then end in -preview.",
            _GROUP,
            metavar="N",
            least=1,
            of="video",
        ),
    )
    fps: Fraction | None = setting(
        None,
        Setting(
            "Make one video of each folder's pictures, ordered by number, at this frame rate.",
            _GROUP,
            metavar="RATE",
            parse=_rate,
            of="video",
        ),
    )
    stream: int | None = setting(
        None,
        Setting(
            "Convert this stream of videos with several video streams, counted from 0 as ffmpeg "
            "does; the others are copied.",
            _GROUP,
            metavar="N",
            least=0,
            default="the largest",
            of="video",
        ),
    )
    keep_partial: bool = setting(
        False,
        Setting(
            "Keep the readable part of a damaged video. The exit code is still 3.",
            _GROUP,
            changes="nothing",
        ),
    )
    max_pixels: int = setting(
        MAX_PIXELS,
        Setting(
            "Refuse pictures with more pixels before decoding.",
            _GROUP,
            metavar="N",
            least=1,
            changes="nothing",
        ),
    )
    spool_limit_mb: int = setting(
        MAX_SPOOL_MB,
        Setting(
            "Megabytes of a piped video, or of one object of a bucket, that may be on disk at one "
            "time.",
            _GROUP,
            "--spool-limit",
            metavar="MB",
            least=1,
            changes="nothing",
        ),
    )
    reader_limit_s: float = setting(
        READER_LIMIT_S,
        Setting(
            "Seconds without a frame after which reading a file is given up.",
            _GROUP,
            flag="",
            changes="nothing",
        ),
    )
