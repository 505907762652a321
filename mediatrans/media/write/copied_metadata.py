"""The tags of a container or stream that are copied to its translation."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import av

__all__ = ["copied_metadata", "has_foreign_keys", "warn_of_lost_tags"]

_LOG = logging.getLogger(__name__)

# Tags of QuickTime's metadata atom ("mdta") have such names; its user data has four letters.
_QUICKTIME: Final = "com."
_MOST_NAMED: Final = 12

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


def has_foreign_keys(metadata: Mapping[str, str]) -> bool:
    """Whether MP4 and MOV can only hold the tags in the metadata atom of QuickTime.

    Args:
        metadata: The tags of the source.
    """
    return any(key.startswith(_QUICKTIME) for key in metadata)


def warn_of_lost_tags(path: Path, name: Path, tags: Mapping[str, str]) -> None:
    """Warn of the tags that a finished video does not have.

    Args:
        path: The finished video; it may have its part name.
        name: The name in the warning.
        tags: The tags that its muxer was given.
    """
    try:
        with av.open(f"file:{path}", "r", metadata_errors="replace") as container:
            streams = [stream.metadata for stream in container.streams]
            kept = {value for tags in (container.metadata, *streams) for value in tags.values()}
            keys = {key.lower() for key in container.metadata}
    except av.FFmpegError:
        return  # the verification tells more
    lost = [key for key, value in tags.items() if value not in kept and key.lower() not in keys]
    if lost:
        named = ", ".join(lost[:_MOST_NAMED]) + (", ..." if len(lost) > _MOST_NAMED else "")
        _LOG.warning("%s: tags that its format cannot hold are dropped: %s", name, named)
