"""The manifest of an output folder: which of its files are ours, and what each was made from."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mediatrans.errors import OutputError
from mediatrans.files.journal import Journal
from mediatrans.files.publish import Fingerprint
from mediatrans.files.records import RecordError, from_table, to_table
from mediatrans.quality.cycle import CycleSummary

__all__ = ["MANIFEST_NAME", "Entry", "Manifest", "Origin", "State", "input_identity"]

log = logging.getLogger(__name__)

MANIFEST_NAME = ".mediatrans.jsonl"
"""The manifest's name in an output folder."""

State = Literal["current", "stale", "foreign"]
"""What a file under an output's name is, see `Manifest.look_up`."""


def input_identity(path: Path) -> dict[str, Any]:
    """What tells an input file from another one, and from itself after a change.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be looked at.
    """
    status = path.stat()
    return {
        "path": str(path.resolve()),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
    }


@dataclass(frozen=True, slots=True)
class Origin:
    """What an output is made from; equal origins give equal outputs.

    Attributes:
        input: The input file, as `input_identity` has it.
        model: The generator's sha256.
        options: The options that change the output, as JSON holds them.
    """

    input: dict[str, Any]
    model: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One output that was written.

    Attributes:
        output: Its name, relative to the manifest's folder, with forward slashes.
        origin: What it was made from.
        fingerprint: The file as it was written.
        frames: Frames in it.
        cycle: The cycle check's figures, or None.
        is_partial: Whether its input broke off, so that it is not the whole of it.
    """

    output: str
    origin: Origin
    fingerprint: Fingerprint
    frames: int
    cycle: CycleSummary | None = None
    is_partial: bool = False


class Manifest:
    """What is known of the outputs in a folder.

    An entry is written before its output takes its final name, so a crash never leaves an output
    of ours without one; an entry whose output did not get that far fits no file.

    Args:
        folder: The output folder; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = Journal(folder / MANIFEST_NAME)
        self._entries: dict[str, list[Entry]] | None = None

    def _known(self) -> dict[str, list[Entry]]:
        if self._entries is None:
            self._entries = {}
            for record in self._records():
                try:
                    entry = from_table(Entry, record)
                except RecordError as error:
                    log.warning("%s: a record is passed over (%s)", self._journal.path, error)
                    continue
                self._entries.setdefault(entry.output, []).append(entry)
        return self._entries

    def _records(self) -> list[dict[str, Any]]:
        try:
            return list(self._journal.read())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                f"the manifest of the folder cannot be read: {reason}",
                path=self._journal.path,
                remedy="remove what stands there, or allow reading it",
            ) from error

    def knows(self, output: Path) -> bool:
        """Whether a file was ever written under an output's name."""
        return self.name_of(output) in self._known()

    def name_of(self, output: Path) -> str:
        """An output's name in the manifest."""
        return output.relative_to(self._folder).as_posix()

    def look_up(self, output: Path, origin: Origin) -> tuple[State, Entry | None]:
        """What the file under an output's name is.

        Args:
            output: A file in the folder that exists.
            origin: What it would be made from now.

        Returns:
            "current" where it is whole and would come out the same, "stale" where we wrote it from
            something else, "foreign" where it is not ours or was changed; and its entry, if ours.
        """
        for entry in reversed(self._known().get(self.name_of(output), ())):
            if entry.fingerprint.fits(output):
                is_current = entry.origin == origin and not entry.is_partial
                return ("current" if is_current else "stale"), entry
        return "foreign", None

    def add(self, entry: Entry) -> None:
        """Write an entry down.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        self._journal.append(to_table(entry))
