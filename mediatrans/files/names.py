"""Names that a file system can hold, for outputs and for the files beside them."""

import errno
import hashlib
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    from pathlib import WindowsPath as _Base
else:
    from pathlib import PosixPath as _Base

__all__ = ["FolderPath", "is_too_long", "name_beside", "path_of"]

_MOST_BYTES = 255
"""The limit of the usual file systems."""


class FolderPath(_Base):
    """A path that was written with a separator at its end: a folder, also if it is not there yet.

    pathlib drops the separator, by which a user tells a new folder from a file.
    """


def path_of(text: str) -> Path:
    """The path of a text; one that ends in a separator is a `FolderPath`."""
    ends_in_separator = text.endswith((os.sep, os.altsep or os.sep))
    return FolderPath(text) if ends_in_separator else Path(text)


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
