"""What a container can hold of the streams of another one."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from av import AudioStream
from av.container import OutputContainer
from av.stream import DataStream, Discard, Disposition, Stream
from av.video.stream import VideoStream

from mediatrans.media.pipe_formats import MPEGTS_CODECS
from mediatrans.media.write.coding import HEVC_TAG, MOV_FAMILY

__all__ = ["add_copy", "describe_stream", "is_chapters", "warn_of_lost_streams"]

_LOG = logging.getLogger(__name__)

_MOST_DESCRIBED: Final = 8


def warn_of_lost_streams(path: Path, streams: Sequence[Stream], holder: str) -> None:
    """Warn of all streams that an output cannot hold, in one line.

    Args:
        path: The source.
        streams: The streams that are dropped.
        holder: The name of the output's format.
    """
    if not streams:
        return
    described = [describe_stream(stream) for stream in streams[:_MOST_DESCRIBED]]
    if len(streams) > _MOST_DESCRIBED:
        described.append(f"{len(streams) - _MOST_DESCRIBED} more")
    _LOG.warning(
        "%s: %s %s dropped; %s cannot hold %s",
        path, ", ".join(described), "is" if len(streams) == 1 else "are", holder,
        "it" if len(streams) == 1 else "them",
    )  # fmt: skip


def is_chapters(stream: Stream) -> bool:
    """Whether a stream only lists chapters, which are copied as chapters.

    FFmpeg discards the chapter tracks of QuickTime after reading them.
    """
    is_titles = stream.type == "data" and stream.discard == Discard.all
    return is_titles or bool(stream.disposition & Disposition.timed_thumbnails)


def describe_stream(stream: Stream) -> str:
    """A stream's index, type, codec and language for a message."""
    codec = stream.codec_context.name if stream.codec_context else "unknown codec"
    language = f", {stream.language}" if stream.language else ""
    damage = ", damaged" if stream.codec_context and _is_damaged(stream) else ""
    return f"stream {stream.index} ({stream.type}, {codec}{language}{damage})"


def add_copy(stream: Stream, output: OutputContainer) -> Stream | None:
    """Add a stream to an output by copying its parameters; None if the output cannot hold it."""
    if is_chapters(stream):
        return None
    if stream.codec_context is None:
        if stream.type == "attachment" and output.format.name == "matroska":
            return output.add_stream_from_template(stream)
        # Timed metadata of cameras; the muxer identifies it by its tag in MP4.
        is_timed = isinstance(stream, DataStream) and stream.name == "bin_data"
        from_mov = "mp4" in stream.container.format.name
        if is_timed and from_mov and output.format.name in MOV_FAMILY:
            return output.add_stream_from_template(stream)
        return None
    if _is_damaged(stream):
        return None
    if output.format.name == "mpegts" and stream.codec_context.name not in MPEGTS_CODECS:
        return None  # the muxer would write private data, which players do not support
    try:
        copied = output.add_stream_from_template(stream, opaque=True)
    except ValueError:
        return None
    if isinstance(copied, VideoStream) and isinstance(stream, VideoStream):
        if copied.codec_context.name == "hevc" and output.format.name in MOV_FAMILY:
            copied.codec_context.codec_tag = HEVC_TAG
        if stream.sample_aspect_ratio:
            copied.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio
    return copied


def _is_damaged(stream: Stream) -> bool:
    """Whether a stream lacks parameters that every muxer needs."""
    if isinstance(stream, AudioStream):
        return not (stream.sample_rate and stream.channels)
    return isinstance(stream, VideoStream) and not (stream.width and stream.height)
