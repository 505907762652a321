"""The reading of small files that belong to this program: regular files alone.

Opening a pipe would wait for somebody to write to it.
"""

import errno
import os
import stat
from pathlib import Path

__all__ = ["check_regular", "read_regular"]


def check_regular(status: os.stat_result, path: Path) -> None:
    """Check that a file is a regular one, by its status.

    Raises:
        OSError: It is a pipe, a device, a socket or a folder.
    """
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: It is missing, is no regular file or cannot be read.
    """
    check_regular(path.stat(), path)
    return path.read_bytes()
