"""The names of files in tables: below the folder that all of them are in, and not too long."""

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["common_folder", "short_name"]

_LONGEST_NAME = 120


def common_folder(paths: Sequence[Path]) -> Path | None:
    """The folder that holds all inputs; None if that says nothing."""
    if len(paths) < 2:
        return None
    try:
        common = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:  # on several drives
        return None
    return common if common != Path(common.anchor) else None


def short_name(path: Path, common: Path | None) -> str:
    """A file's name below the common folder; a long one is cut in its middle."""
    name = (
        str(path.absolute().relative_to(common)) if common is not None else path.name or str(path)
    )
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[-half:]}"
