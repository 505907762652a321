"""Opening a video file to read it, and nothing but it; the part of it that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from mediatrans.errors import InputError
from mediatrans.media.formats import DEMUXERS, PROTOCOLS
from mediatrans.media.truncation import missing_bytes

__all__ = ["Clip", "Opener", "check_whole", "input_error", "input_options", "open_input"]

Opener = Callable[[], InputContainer]
"""Opens one video from its beginning, each time anew."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a video that is asked for.

    Attributes:
        begin: Where it begins, in seconds on the file's own clock; None is the file's beginning,
            whatever its clock says there.
        end: Where it ends, in seconds on the file's own clock; None is the file's end.
        limit: Most frames taken, or None.
        whole: Whether a damaged file is refused; otherwise it is taken up to the damage.
    """

    begin: Fraction | None = None
    end: Fraction | None = None
    limit: int | None = None
    whole: bool = True

    def shift(self, time_base: Fraction) -> int:
        """Ticks to take off every timestamp, so that a trimmed clip begins at 0."""
        return 0 if self.begin is None else round(self.begin / time_base)


def input_options() -> dict[str, str]:
    """FFmpeg options that keep a demuxer to the one file it is given."""
    return {
        "format_whitelist": ",".join(DEMUXERS),
        "protocol_whitelist": ",".join(PROTOCOLS),
    }


def open_input(path: Path, *, whole: bool = True) -> InputContainer:
    """Open a video for reading; close it when done.

    Args:
        path: The video file.
        whole: Refuse a file that is cut short.

    Raises:
        InputError: The file is missing, empty, damaged or no video.
    """
    try:
        if path.stat().st_size == 0:
            raise InputError("the file is empty", path=path, remedy="get a whole copy of the file")
        if whole:
            check_whole(path)
        # The prefix keeps a name with a colon from being read as a protocol.
        return av.open(
            f"file:{path}", "r", container_options=input_options(), metadata_errors="replace"
        )
    except av.FFmpegError as error:
        raise input_error(path, error, "not a video that can be read") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot read the video: {reason}",
            path=path,
            remedy="check the file and its permissions",
        ) from error


def check_whole(path: Path) -> None:
    """Refuse a video that is cut short.

    Args:
        path: The video file.

    Raises:
        InputError: It is.
        OSError: It cannot be read.
    """
    if missing := missing_bytes(path):
        raise InputError(
            f"the file is cut short by {missing:,} bytes",
            path=path,
            remedy="get a whole copy of the file, or repair it with ffmpeg first",
        )


def input_error(path: Path, error: av.FFmpegError, problem: str) -> InputError:
    """The InputError that tells what FFmpeg found wrong with a file.

    Args:
        path: The video file.
        error: What FFmpeg said.
        problem: What that means for the user.
    """
    reason = (error.strerror or str(error)).lower()
    return InputError(
        f"{problem}: {reason}",
        path=path,
        remedy="get a whole copy of the file, or repair it with ffmpeg first",
    )
