"""The tags and chapters of a container or stream that are copied to its translation."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
from av.stream import Disposition

from mediatrans.media.animation import metadata_names
from mediatrans.media.frames import Clip

if TYPE_CHECKING:
    from av.container.core import Chapter

__all__ = [
    "chapter_within",
    "copied_metadata",
    "copied_stream_metadata",
    "has_foreign_keys",
    "warn_of_lost_blocks",
    "warn_of_lost_flags",
    "warn_of_lost_tags",
]

_LOG = logging.getLogger(__name__)

# Tags of QuickTime's metadata atom ("mdta") have such names; its user data has four letters.
_QUICKTIME: Final = "com."
_MOST_NAMED: Final = 12
# Tags of streams that only say which program wrote a track.
_OF_MUXER: Final = frozenset({"handler_name", "vendor_id"})
# The beginnings of values that stand for an unknown date or language.
_UNKNOWN: Final = ("1970-01-01T00:00:00", "1904-01-01T00:00:00", "und")

# Flags that say how a stream is stored rather than what it is for.
_OF_STORAGE: Final = (
    Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
)
# MP4 has one role for both of each pair.
_ALIKE: Final = {
    Disposition.captions: Disposition.hearing_impaired,
    Disposition.descriptions: Disposition.visual_impaired,
}

# Tags that the muxer writes itself, or that only apply to the source file.
_STALE_METADATA = frozenset(
    {
        "encoder",
        "duration",
        "major_brand",
        "minor_version",
        "compatible_brands",
        "bps",
        "number_of_frames",
        "number_of_bytes",
        "_statistics_writing_app",
        "_statistics_writing_date_utc",
        "_statistics_tags",
    }
)


def copied_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """The tags of a container or stream that also apply to its translation.

    Args:
        metadata: The tags of the source.
    """
    return {
        key: value
        for key, value in metadata.items()
        if key.lower().removesuffix("-eng") not in _STALE_METADATA
    }


def copied_stream_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """The tags of a stream that also apply to its translation.

    FFmpeg reads the title of a track of MP4 and MOV as "name", and writes it from "title".

    Args:
        metadata: The tags of the source's stream.
    """
    copied = copied_metadata(metadata)
    if "title" not in copied and (name := copied.pop("name", None)) is not None:
        copied["title"] = name
    return copied


def has_foreign_keys(metadata: Mapping[str, str]) -> bool:
    """Whether MP4 and MOV can only hold the tags in the metadata atom of QuickTime.

    Args:
        metadata: The tags of the source.
    """
    return any(key.startswith(_QUICKTIME) for key in metadata)


def warn_of_lost_tags(
    path: Path, name: Path, tags: Mapping[str, str], of_streams: Sequence[Mapping[str, str]] = ()
) -> None:
    """Warn of the tags that a finished video does not have.

    Args:
        path: The finished video; it may have its part name.
        name: The name in the warning.
        tags: The tags that its muxer was given.
        of_streams: The same for each stream, in the order of the file.
    """
    try:
        with av.open(f"file:{path}", "r", metadata_errors="replace") as container:
            streams = [stream.metadata for stream in container.streams]
            held = dict(container.metadata)
    except av.FFmpegError:
        return  # the verification tells more
    values = {value for tags in (held, *streams) for value in tags.values()}
    lost = [key for key in _missing(tags, held) if tags[key] not in values]
    for index, (given, found) in enumerate(zip(of_streams, streams, strict=False)):
        lost += [f"{key} of stream {index}" for key in _missing(given, found)]
    if lost:
        named = ", ".join(lost[:_MOST_NAMED]) + (", ..." if len(lost) > _MOST_NAMED else "")
        _LOG.warning("%s: tags that its format cannot hold are dropped: %s", name, named)


def warn_of_lost_flags(path: Path, name: Path, flags: Sequence[int]) -> None:
    """Warn of the flags of streams (forced, commentary, ...) that a finished video does not have.

    Args:
        path: The finished video; it may have its part name.
        name: The name in the warning.
        flags: FFmpeg's dispositions that its muxer was given, in the order of the file.
    """
    try:
        with av.open(f"file:{path}", "r", metadata_errors="replace") as container:
            held = [Disposition(stream.disposition) for stream in container.streams]
    except av.FFmpegError:
        return  # the verification tells more
    ignored = _OF_STORAGE
    if not any(found & Disposition.default for found in held):
        ignored |= Disposition.default  # a format without it, in which all streams are equal
    lost = [
        f"{(flag.name or '').replace('_', ' ')} of stream {index}"
        for index, (given, found) in enumerate(zip(flags, held, strict=False))
        for flag in Disposition(given) & ~ignored
        if not found & (flag | _ALIKE.get(flag, flag))
    ]
    if lost:
        _LOG.warning("%s: flags that its format cannot hold are dropped: %s", name, ", ".join(lost))


def warn_of_lost_blocks(path: Path) -> None:
    """Warn of the metadata of an animated PNG or WebP, which is not written anew.

    Args:
        path: The source.
    """
    if names := metadata_names(path):
        _LOG.warning("%s: not carried over: %s", path, ", ".join(names))


def _missing(tags: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    """The keys of tags that are neither held under their names nor by their values."""
    keys, values = {key.lower() for key in held}, set(held.values())
    return [
        key
        for key, value in tags.items()
        if value not in values
        and key.lower() not in keys | _OF_MUXER
        and not value.startswith(_UNKNOWN)
    ]


def chapter_within(chapter: "Chapter", clip: Clip) -> "Chapter | None":
    """The part of a chapter inside a clip, on the clip's clock; None if there is none.

    Args:
        chapter: A chapter of the source.
        clip: The part of the source that is copied.
    """
    time_base = chapter["time_base"]
    if clip.limit is not None or time_base is None:
        return None  # the end of a clip with a frame limit is not known yet
    shift = clip.shift(time_base)
    part = chapter.copy()
    part["start"], part["end"] = max(0, chapter["start"] - shift), chapter["end"] - shift
    if clip.end is not None:
        part["end"] = min(part["end"], round(clip.end / time_base) - shift)
    return part if part["end"] > part["start"] else None
