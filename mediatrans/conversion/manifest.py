"""The manifest of an output folder: the outputs written there and what each was made from."""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mediatrans.errors import OutputError
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.journal import Journal
from mediatrans.files.packed import Packed, Packer
from mediatrans.files.records import RecordError, from_table, to_table
from mediatrans.quality.cycle import CycleSummary
from mediatrans.quality.figures import FileFigures
from mediatrans.quality.verdict import Verdict

__all__ = ["MANIFEST_NAME", "PARTS_NAME", "Entry", "Manifest", "Origin", "State", "input_identity"]

log = logging.getLogger(__name__)

MANIFEST_NAME = ".mediatrans.jsonl"
"""The file name of the manifest in an output folder."""

PARTS_NAME = ".mediatrans.parts"
"""The folder with the manifests of shards, none of which has two writers."""

State = Literal["current", "stale", "foreign"]
"""The state of an existing output file, see `Manifest.look_up`."""


def input_identity(path: Path) -> dict[str, Any]:
    """The path, size, times and number that identify the current content of an input file.

    A program can set the modification time of a file, but not the time of its last change (ctime).
    Both that and the number (inode) are left out on Windows, which has neither.

    Args:
        path: The file.

    Raises:
        OSError: The file cannot be accessed.
    """
    status = path.stat()
    identity = {
        "path": str(path.resolve()),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
    }
    if sys.platform != "win32":
        identity |= {"ctime_ns": status.st_ctime_ns, "inode": status.st_ino}
    return identity


@dataclass(frozen=True, slots=True)
class Origin:
    """The input, model and options of an output; equal origins give equal outputs.

    Attributes:
        input: The input file's `input_identity`.
        model: The generator's sha256.
        options: The options that change the output, as JSON values.
    """

    input: dict[str, Any]
    model: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """The record of one output.

    Attributes:
        output: Its path relative to the manifest's folder, with forward slashes.
        origin: What it was made from.
        fingerprint: The fingerprint of the written file.
        frames: The number of its frames.
        cycle: The figures of the cycle check, or None.
        is_partial: Whether it holds only the readable part of a damaged input.
        figures: The figures of the written file; None if it was not measured, or not yet.
        verdict: The verdict on it; None likewise.
        to: The domain that it was translated to; "" in records of earlier versions.
    """

    output: str
    origin: Origin
    fingerprint: Fingerprint
    frames: int
    cycle: CycleSummary | None = None
    is_partial: bool = False
    figures: FileFigures | None = None
    verdict: Verdict | None = None
    to: str = ""


class Manifest:
    """The records of the outputs in a folder.

    An entry is written before its output gets its final name, so a crash never leaves an output
    without an entry. An entry without an output matches no file. Shards write files of their own,
    since appending is not safe between machines; what is read are all of them together.

    Args:
        folder: The output folder; it may not exist yet.
        part: The name of a shard, which adds its entries to a file of this name; None adds them to
            that of the folder.
    """

    def __init__(self, folder: Path, part: str | None = None) -> None:
        self._folder = folder
        self._parts = folder / PARTS_NAME
        self._part = part
        whole = folder / MANIFEST_NAME
        self._journal = Journal(whole if part is None else self._parts / f"{part}.jsonl")
        self._entries: dict[str, list[Packed[Entry]]] | None = None
        self._size = 0

    def _known(self) -> dict[str, list[Packed[Entry]]]:
        if self._entries is None:
            journals = self._journals()
            self._entries, self._size = {}, _size(journals)
            packer = Packer[Entry]()
            for journal in journals:
                for record in _records(journal):
                    try:
                        entry = from_table(Entry, record)
                    except RecordError as error:
                        log.warning("%s: an invalid record is skipped (%s)", journal.path, error)
                        continue
                    self._entries.setdefault(entry.output, []).append(packer.pack(entry))
        return self._entries

    def _journals(self) -> list[Journal]:
        """The manifest of the folder and those of its shards."""
        parts = [] if self._parts.is_symlink() else sorted(self._parts.glob("*.jsonl"))
        return [Journal(path) for path in (self._folder / MANIFEST_NAME, *parts)]

    def knows(self, output: Path) -> bool:
        """Whether the manifest has an entry for an output's name."""
        return self.name_of(output) in self._known()

    def written(self, path: Path) -> Entry | None:
        """The entry of an existing file that has not changed since it was written; None if none.

        Raises:
            OutputError: The manifest cannot be read.
        """
        packed = self._packed_of(path)
        return None if packed is None else packed.unpacked()

    def name_of(self, output: Path) -> str:
        """An output's name in the manifest."""
        return output.relative_to(self._folder).as_posix()

    def look_up(self, output: Path, origin: Origin) -> tuple[State, Packed[Entry] | None]:
        """The state of an existing file with an output's name.

        Args:
            output: An existing file in the folder.
            origin: What it would be made from now.

        Returns:
            The state, and the entry unless the state is "foreign". "current": complete and made
            from the same origin. "stale": made from another origin, or partial. "foreign": not
            written by mediatrans, or changed since.
        """
        packed = self._packed_of(output)
        if packed is None and _size(self._journals()) != self._size:  # another run has written it
            self._entries = None
            packed = self._packed_of(output)
        if packed is None:
            return "foreign", None
        entry = packed.unpacked()
        is_current = entry.origin == origin and not entry.is_partial
        return ("current" if is_current else "stale"), packed

    def _packed_of(self, output: Path) -> Packed[Entry] | None:
        known = reversed(self._known().get(self.name_of(output), ()))
        return next((one for one in known if one.unpacked().fingerprint.fits(output)), None)

    def add(self, entry: Entry) -> None:
        """Append an entry.

        Raises:
            OSError: The disk is full, or the folder was removed.
        """
        if self._part is not None:
            if self._parts.is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            self._parts.mkdir(exist_ok=True)
        self._journal.append(to_table(entry))


def _size(journals: list[Journal]) -> int:
    return sum(journal.size for journal in journals)


def _records(journal: Journal) -> Iterator[dict[str, Any]]:
    try:
        yield from journal.read()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"the manifest of the output folder cannot be read: {reason}",
            path=journal.path,
            remedy="delete it, or grant permission to read it",
        ) from error
