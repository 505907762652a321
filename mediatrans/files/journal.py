"""A crash-safe journal: an append-only file with one JSON object per line."""

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mediatrans.files.records import json_text
from mediatrans.files.regular import check_regular

__all__ = ["Journal"]


class Journal:
    """An append-only file of JSON objects, synced after every record.

    Reading skips records that are not JSON or were cut short by a crash. Several processes may
    append to one file.

    Args:
        path: The file; the first `append` creates it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun = False

    def read(self) -> Iterator[dict[str, Any]]:
        """The complete records, oldest first; none if the file does not exist.

        Raises:
            OSError: The file exists and cannot be read, or is no regular file.
        """
        try:
            check_regular(self.path.stat(), self.path)
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                try:
                    record = json.loads(line)
                except (RecursionError, ValueError):
                    continue
                if isinstance(record, dict):
                    yield record

    @property
    def size(self) -> int:
        """The size of the file in bytes; 0 if it does not exist."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a record and sync it to disk.

        Args:
            record: Values that JSON can hold.

        Raises:
            OSError: The disk is full, the file is a link or no regular file, or it was removed
                since the last `append`.
        """
        line = json_text(record).encode() + b"\n"
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
        # Following a link would write the record to a file outside the folder.
        flags |= getattr(os, "O_NOFOLLOW", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe in its place is refused, not waited for
        if not self._begun:
            flags |= os.O_CREAT
        descriptor = os.open(self.path, flags, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, f"{self.path.name} beside it is not a regular file")
            _write(descriptor, b"\n" + line if _is_torn(descriptor) else line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._begun = True


def _is_torn(descriptor: int) -> bool:
    """Whether the last line is incomplete."""
    if os.fstat(descriptor).st_size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _write(descriptor: int, data: bytes) -> None:
    while data:  # on a nearly full disk, os.write may write only a part
        data = data[os.write(descriptor, data) :]
