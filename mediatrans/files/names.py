"""Names that a file system can hold, for outputs and for the files beside them."""

import errno
import hashlib
import os
from pathlib import Path

__all__ = ["is_too_long", "name_beside"]

_MOST_BYTES = 255
"""The limit of the usual file systems."""


def name_beside(name: str, ending: str, *, hidden: bool = False) -> str:
    """The name of a file beside another: its name and an ending, or a digest if that is too long.

    Args:
        name: The name of the other file.
        ending: What is appended.
        hidden: Whether the result begins with a dot.
    """
    start = "." if hidden else ""
    if len(os.fsencode(f"{start}{name}{ending}")) <= _MOST_BYTES:
        return f"{start}{name}{ending}"
    return f"{start}{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}{ending}"


def is_too_long(path: Path) -> bool:
    """Whether the file system refuses a name or a path because of its length."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False
