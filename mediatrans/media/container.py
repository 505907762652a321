"""Opening a video file to read it, and nothing but it; the part of it that is asked for."""

from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mediatrans.errors import InputError
from mediatrans.media.formats import DEMUXERS, PROTOCOLS
from mediatrans.media.truncation import missing_bytes

__all__ = [
    "MAX_FRAME_PIXELS",
    "check_streams",
    "check_whole",
    "input_error",
    "input_options",
    "limit_stream",
    "open_input",
]

MAX_FRAME_PIXELS = 1 << 26
"""Videos of more pixels a frame (8192x8192) are refused before they are decoded."""

# Twice as many as films with all their languages and fonts have.
_MAX_STREAMS = 256
# How much of a file is read, in bytes, and seen, in microseconds, to find out what is in it.
_PROBE_BYTES = 10_000_000
_PROBE_TIME = 10_000_000
# Damaged clocks tick once in a month, and no container could hold the times.
_SLOWEST_CLOCK_S = 3600


def input_options() -> dict[str, str]:
    """FFmpeg options that keep a demuxer to the one file it is given, and its probing short."""
    return {
        "format_whitelist": ",".join(DEMUXERS),
        "protocol_whitelist": ",".join(PROTOCOLS),
        "probesize": str(_PROBE_BYTES),
        "analyzeduration": str(_PROBE_TIME),
    }


def open_input(path: Path, *, whole: bool = True) -> InputContainer:
    """Open a video for reading; close it when done.

    Args:
        path: The video file.
        whole: Refuse a file that is cut short.

    Raises:
        InputError: The file is missing, empty, damaged, no video, or of too many streams.
    """
    try:
        if path.stat().st_size == 0:
            raise InputError("the file is empty", path=path, remedy="get a whole copy of the file")
        if whole:
            check_whole(path)
        # The prefix keeps a name with a colon from being read as a protocol.
        container = av.open(
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
    check_streams(container, path)
    return container


def check_streams(container: InputContainer, path: Path | str) -> None:
    """Close a container of unreasonably many streams.

    Args:
        container: The container, just opened.
        path: The file, or what to call it.

    Raises:
        InputError: It holds too many.
    """
    if len(container.streams) > _MAX_STREAMS:
        problem = f"{len(container.streams)} streams are more than the limit of {_MAX_STREAMS}"
        container.close()
        raise InputError(problem, path=path, remedy="take some out with ffmpeg first")


def limit_stream(stream: VideoStream, path: Path) -> None:
    """Refuse a stream of unreasonable frames or clock, and have its decoder refuse later ones.

    Args:
        stream: The stream, not yet decoded.
        path: The video file.

    Raises:
        InputError: Its frames are too large, or its clock is too slow.
    """
    if stream.time_base is None or stream.time_base > _SLOWEST_CLOCK_S:
        raise InputError(
            f"its clock ticks once in {stream.time_base} s",
            path=path,
            remedy="get a whole copy of the file, or repair it with ffmpeg first",
        )
    size = f"{stream.width}x{stream.height}"
    if stream.width * stream.height > MAX_FRAME_PIXELS:
        raise InputError(
            f"{size} pixels per frame are more than the limit of {MAX_FRAME_PIXELS:,}",
            path=path,
            remedy="scale the video down with ffmpeg first",
        )
    stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}


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
