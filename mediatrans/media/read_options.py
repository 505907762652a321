"""How inputs are read: the options that sources take."""

from dataclasses import dataclass
from fractions import Fraction

from mediatrans.settings import Setting, setting

__all__ = ["MAX_PIXELS", "MAX_SPOOL_MB", "ReadOptions"]

MAX_PIXELS = 200_000_000
"""Pictures of more pixels are refused before they are decoded."""

MAX_SPOOL_MB = 4096
"""Megabytes (10^6 bytes) of piped input that may lie on disk at one time."""

_GROUP = "Input"


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is no rate, as 24 or 30000/1001 is") from None


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How inputs are read.

    Attributes:
        start_s: Videos begin at this second; None at their beginning.
        end_s: Videos end before this second; None at their end.
        preview: Stop after this many frames of a video and files of a folder; the name that is
            derived for a video then ends in "-preview". None converts all.
        fps: Take the pictures of each folder for the frames of a video of this rate.
        keep_partial: Keep what could be read of a video that turns out to be damaged.
        max_pixels: Larger pictures and animated WebPs are refused before they are decoded.
        spool_limit_mb: Most megabytes of a piped input that may lie on disk at one time.
        reader_limit_s: Seconds without a frame after which a file's reader is given up.
    """

    start_s: float | None = setting(
        None,
        Setting(
            "Begin videos at this second.", _GROUP, "--start", metavar="S", least=0, of="video"
        ),
    )
    end_s: float | None = setting(
        None,
        Setting("End videos at this second.", _GROUP, "--end", metavar="S", least=0, of="video"),
    )
    preview: int | None = setting(
        None,
        Setting(
            "Only the first N frames of a video and files of a folder; the name of a video's "
            "output then ends in -preview.",
            _GROUP,
            metavar="N",
            least=1,
            of="video",
        ),
    )
    fps: Fraction | None = setting(
        None,
        Setting(
            "Make a video of each folder's pictures, in the order of their numbers, at this rate.",
            _GROUP,
            metavar="RATE",
            parse=_rate,
            of="video",
        ),
    )
    keep_partial: bool = setting(
        False,
        Setting(
            "Keep what could be read of a damaged video; the exit code is still 3.",
            _GROUP,
            changes="nothing",
        ),
    )
    max_pixels: int = setting(
        MAX_PIXELS,
        Setting(
            "Refuse larger pictures before they are decoded.",
            _GROUP,
            metavar="N",
            least=1,
            changes="nothing",
        ),
    )
    spool_limit_mb: int = setting(
        MAX_SPOOL_MB,
        Setting(
            "How much of a piped video may lie on disk at one time.",
            _GROUP,
            "--spool-limit",
            metavar="MB",
            least=1,
            changes="nothing",
        ),
    )
    reader_limit_s: float = setting(
        60.0,
        Setting(
            "Seconds without a frame after which a file's reader is given up.",
            _GROUP,
            flag="",
            changes="nothing",
        ),
    )
