"""The choice of the video stream that is translated."""

import logging
from pathlib import Path

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from mediatrans.errors import InputError

__all__ = ["announce_choice", "main_stream"]

_LOG = logging.getLogger(__name__)


def main_stream(container: InputContainer, path: Path, index: int | None) -> VideoStream:
    """The stream that is translated: the requested one, else the largest of the default ones.

    Args:
        container: The opened video.
        path: Its name in messages.
        index: The index of the requested stream, or None.

    Raises:
        InputError: There is no such stream, or its codec is not supported.
    """
    pictures = Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
    if not streams:
        raise InputError(
            "the file has no video stream", path=path, remedy="check that it is a video"
        )
    if index is not None:
        numbers = ", ".join(str(stream.index) for stream in streams)
        streams = [stream for stream in streams if stream.index == index]
        if not streams:
            raise InputError(
                f"the file has no video stream {index}", path=path,
                remedy=f"use --stream with one of its video streams: {numbers}",
            )  # fmt: skip
    defaults = [s for s in streams if s.disposition & Disposition.default] or streams
    readable = [s for s in defaults if s.codec_context is not None]
    if not readable:
        raise InputError(
            "its video codec is not supported", path=path, remedy="convert it with ffmpeg first"
        )
    return max(readable, key=lambda stream: (stream.width * stream.height, -stream.index))


def announce_choice(container: InputContainer, chosen: VideoStream, path: Path) -> None:
    """Warn which of several video streams is translated.

    Args:
        container: The opened video.
        chosen: The stream that is translated.
        path: The video's name in the warning.
    """
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if len(videos) > 1:
        _LOG.warning(
            "%s: it has %d video streams; stream %d (%dx%d) is translated, the others are copied "
            "(--stream chooses another)",
            path, len(videos), chosen.index, chosen.width, chosen.height,
        )  # fmt: skip
