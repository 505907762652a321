"""The tags of a container or stream that are copied to its translation."""

__all__ = ["copied_metadata"]

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
