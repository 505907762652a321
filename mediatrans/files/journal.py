"""A crash-safe record: one JSON object a line, synced as it is written, read up to a torn end."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mediatrans.files.records import json_text

__all__ = ["Journal"]


class Journal:
    """An append-only file of JSON objects.

    A record that was cut short by a crash, or is not JSON, is passed over in reading, and
    the next one begins on a line of its own. Several processes may append to one file.

    Args:
        path: The file; it is made by the first `append`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun = False

    def read(self) -> Iterator[dict[str, Any]]:
        """The whole records, oldest first; none where there is no file.

        Raises:
            OSError: The file is there and cannot be read.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            try:
                record = json.loads(line)
            except (RecursionError, ValueError):
                continue
            if isinstance(record, dict):
                yield record

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; it is on the disk when this returns.

        Args:
            record: Anything that JSON can hold.

        Raises:
            OSError: The disk is full, the file is a link, or it was taken away since the last
                `append`.
        """
        line = json_text(record).encode() + b"\n"
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
        # A link that somebody put there would have the record written elsewhere.
        flags |= getattr(os, "O_NOFOLLOW", 0)
        if not self._begun:
            flags |= os.O_CREAT
        descriptor = os.open(self.path, flags, 0o666)
        try:
            _write(descriptor, b"\n" + line if _is_torn(descriptor) else line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._begun = True


def _is_torn(descriptor: int) -> bool:
    """Whether the last line has no end."""
    if os.fstat(descriptor).st_size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _write(descriptor: int, data: bytes) -> None:
    while data:  # the system may take a part where the disk is nearly full
        data = data[os.write(descriptor, data) :]
