"""The opening of video files for reading, with limits on their streams, sizes and clocks."""

import errno
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mediatrans.errors import InputError
from mediatrans.media.formats import DEMUXERS, PROTOCOLS
from mediatrans.media.wholeness import damage_of, is_multipart_jpeg

__all__ = [
    "BROADCASTS",
    "MAX_FRAME_PIXELS",
    "WHOLE_COPY",
    "check_streams",
    "check_whole",
    "input_error",
    "input_format",
    "input_options",
    "limit_stream",
    "open_error",
    "open_input",
]

MAX_FRAME_PIXELS = 1 << 26
"""Videos with more pixels per frame (8192x8192) are refused before decoding."""

BROADCASTS: Final = frozenset({"mpegts", "mpeg"})
"""Formats of recordings, which may begin in the middle and lose packets; the rest is read."""

WHOLE_COPY = "get a complete copy of the file, or repair it with ffmpeg first"
"""The remedy for a damaged video."""

_MOTION_JPEG: Final = frozenset({".mjpeg", ".mjpg"})
_JPEG: Final = b"\xff\xd8\xff"
_START_BYTES: Final = 4096
# About twice the number of streams of a film with many languages and fonts.
_MAX_STREAMS = 256
# FFmpeg's probing reads at most this many bytes and microseconds of a file.
_PROBE_BYTES = 10_000_000
_PROBE_TIME = 10_000_000
# Damaged files may have time bases of a month, which no container can represent.
_SLOWEST_CLOCK_S = 3600


def input_options() -> dict[str, str]:
    """FFmpeg options that restrict a demuxer to the given file and limit its probing."""
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
        whole: Whether a truncated file is refused.

    Raises:
        InputError: The file is missing, empty, damaged or not a video, or has too many streams.
    """
    try:
        if path.stat().st_size == 0:
            raise InputError(
                "the file is empty", path=path, remedy="get a complete copy of the file"
            )
        if whole:
            check_whole(path)
        # Without the prefix, a name with a colon would be parsed as a protocol.
        container = av.open(
            f"file:{path}",
            "r",
            format=input_format(path),
            container_options=input_options(),
            metadata_errors="replace",
        )
    except av.FFmpegError as error:
        raise open_error(path, error) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot read the video: {reason}",
            path=path,
            remedy="check the file and its permissions",
        ) from error
    check_streams(container, path)
    return container


def input_format(path: Path) -> str | None:
    """FFmpeg's name of the demuxer for a file that probing takes for a single picture, or None.

    Args:
        path: The video file.
    """
    if path.suffix.lower() not in _MOTION_JPEG:
        return None
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    # The reader of raw JPEG passes over the headers of parts; that of FFmpeg for them ends with an
    # error.
    return "mjpeg" if start.startswith(_JPEG) or is_multipart_jpeg(start) else None


def check_streams(container: InputContainer, path: Path | str) -> None:
    """Refuse a container with too many streams, and close it.

    Args:
        container: The opened container.
        path: The file's name in messages.

    Raises:
        InputError: It has too many streams.
    """
    if len(container.streams) > _MAX_STREAMS:
        problem = f"{len(container.streams)} streams are more than the limit of {_MAX_STREAMS}"
        container.close()
        raise InputError(problem, path=path, remedy="remove some with ffmpeg first")


def limit_stream(stream: VideoStream, path: Path) -> None:
    """Refuse a stream with too large frames or an invalid time base, and limit its decoder.

    Args:
        stream: The stream; decoding has not begun.
        path: The video file.

    Raises:
        InputError: Its frames are too large, or its time base is missing or too long.
    """
    if stream.time_base is None or stream.time_base > _SLOWEST_CLOCK_S:
        raise InputError(
            f"its time base of {stream.time_base} s is invalid",
            path=path,
            remedy=WHOLE_COPY,
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
    """Refuse a video whose bytes are not all there.

    Args:
        path: The video file.

    Raises:
        InputError: The file is truncated or damaged.
        OSError: The file cannot be read.
    """
    if damage := damage_of(path):
        raise InputError(damage, path=path, remedy=WHOLE_COPY)


def open_error(path: Path, error: av.FFmpegError) -> InputError:
    """The InputError for a file that FFmpeg does not open.

    Args:
        path: The video file.
        error: The error of FFmpeg.
    """
    problem = "not a video that can be read"
    if error.errno == errno.EINVAL:  # FFmpeg's answer where the format is not on the list
        return InputError(
            f"{problem}: its contents are of another format",
            path=path,
            remedy="convert it to .mkv with ffmpeg first",
        )
    return input_error(path, error, problem)


def input_error(path: Path, error: av.FFmpegError, problem: str) -> InputError:
    """The InputError for an error of FFmpeg.

    Args:
        path: The video file.
        error: The error of FFmpeg.
        problem: What it means for the user.
    """
    reason = (error.strerror or str(error)).lower()
    return InputError(f"{problem}: {reason}", path=path, remedy=WHOLE_COPY)
