"""Names of files in a report, below their common folder and not too long, and links to them."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from mediatrans.files.addresses import BucketPath
from mediatrans.quality.report.document import Link

__all__ = ["common_folder", "link_to", "short_name"]

_LONGEST_NAME = 120


def common_folder(paths: Iterable[Path]) -> Path | None:
    """The folder that holds all inputs; None if that says nothing."""
    count, folders = 0, set[Path]()
    for path in paths:
        count += 1
        folders.add(path.parent)
    if count < 2:
        return None
    try:
        # Of the same class, so that a folder in a bucket is shown as an address.
        kind = type(next(iter(folders)))
        common = kind(os.path.commonpath([folder.absolute() for folder in folders]))
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


def link_to(path: Path, folder: Path) -> Link:
    """A link to a file that works wherever the folder of the page is moved together with it."""
    if isinstance(path, BucketPath):
        return Link(short_name(path, None), quote(os.fsencode(path), safe=":/"))
    absolute = path.absolute()
    try:
        address = quote(os.fsencode(os.path.relpath(absolute, folder.absolute())))
    except ValueError:  # on another drive
        address = absolute.as_uri()
    return Link(short_name(path, None), address)
