"""The work folder of a long video: its whole segments, kept beside the output until it is done."""

import errno
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from mediatrans.errors import OutputError
from mediatrans.files.journal import Journal
from mediatrans.files.publish import Fingerprint, output_error, sync_folder
from mediatrans.files.records import RecordError, from_table, to_table
from mediatrans.media.frames import Segment
from mediatrans.media.write.segments.packet_file import crc_of

__all__ = ["WorkFolder", "is_published", "segment_path", "work_path"]

_LOG = logging.getLogger(__name__)

_JOURNAL = "journal.jsonl"
_LOCK = "lock"
_SUFFIX = ".packets"


@dataclass(frozen=True, slots=True)
class _Begun:
    """The first line of the journal: what the segments are made from and with."""

    identity: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """A line of the journal: a segment is whole; after the last one, how many frames there are."""

    segment: Segment | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Published:
    """A line of the journal: the finished video is about to take its final name."""

    published: Fingerprint
    damage: str | None = None


def work_path(output: Path) -> Path:
    """The work folder of an output: `NAME.mediatrans` beside it."""
    return output.with_name(f"{output.name}.mediatrans")


def segment_path(output: Path, first: int) -> Path:
    """The file of the segment of an output that begins with a frame."""
    return work_path(output) / f"{first:09d}{_SUFFIX}"


def is_published(output: Path) -> bool:
    """Whether an output is one that was finished, but whose work folder is still there."""
    try:
        records = [r for r in Journal(work_path(output) / _JOURNAL).read() if "published" in r]
        last = from_table(_Published, records[-1]) if records else None
    except (OSError, RecordError):
        return False  # opening the work folder tells more
    return last is not None and last.published.fits(output)


class WorkFolder:
    """`NAME.mediatrans/`, held by one process while it is open.

    Args:
        output: The output's final name.
        identity: What the segments are made from and with, as JSON holds it. Those of another
            identity are removed, and the differences said.

    Attributes:
        path: The folder.
        segments: The whole segments, from the first frame on without a gap.
        total: Frames of the whole video, once the last segment is there; else None.
        published: The finished video, once it was about to take its final name; else None.
        damage: What broke the published video's input off, where it holds a part of it; else None.
    """

    def __init__(self, output: Path, identity: Mapping[str, Any]) -> None:
        self.path = work_path(output)
        self.segments: list[Segment] = []
        self.total: int | None = None
        self.published: Fingerprint | None = None
        self.damage: str | None = None
        self._output = output
        self._identity = dict(identity)
        self._journal = Journal(self.path / _JOURNAL)
        # Taken on one thread and let go on another.
        self._lock = FileLock(self.path / _LOCK, timeout=0, thread_local=False)
        self._removed = False

    def __enter__(self) -> Self:
        """Make, lock and read the folder.

        Raises:
            OutputError: It cannot be made, or another process is at work in it.
        """
        try:
            if self.path.is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            try:
                self._read()
            except BaseException:
                self._lock.release()
                raise
        except Timeout as error:
            raise OutputError(
                "another process is writing it",
                path=self._output,
                remedy="wait until that one is done, or name another -o",
            ) from error
        except OSError as error:
            raise output_error(self._output, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the folder go; one that holds nothing to go on from is removed."""
        if not self._removed and not self.segments and self.published is None:
            self.remove()
        self._lock.release()

    def segment_path(self, first: int) -> Path:
        """The file of the segment that begins with a frame."""
        return segment_path(self._output, first)

    def add(self, segment: Segment | None, total: int | None = None) -> None:
        """Write down that a segment is whole, and after the last one how many frames there are.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        if segment is None and total in (None, self.total):
            return
        written = _Written(segment, total)
        sync_folder(self.path)
        self._journal.append(to_table(written))
        self._take_written(written)

    def publish(self, fingerprint: Fingerprint, damage: str | None) -> None:
        """Write down that the finished video is about to take its final name.

        Args:
            fingerprint: The video.
            damage: What broke its input off, where it holds a part of it.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        self._journal.append(to_table(_Published(fingerprint, damage)))
        self.published, self.damage = fingerprint, damage

    def is_published(self) -> bool:
        """Whether the finished video already has its final name."""
        return self.published is not None and self.published.fits(self._output)

    def remove(self) -> None:
        """Take the folder away, the journal after what it tells of."""
        self._removed = True
        with suppress(OSError):
            for path in self.path.glob(f"*{_SUFFIX}"):
                path.unlink()
            self._journal.path.unlink(missing_ok=True)
            self._lock.release()
            (self.path / _LOCK).unlink(missing_ok=True)
            self.path.rmdir()

    def files(self) -> Iterator[tuple[Segment, Path]]:
        """The segments with their files."""
        for segment in self.segments:
            yield segment, self.segment_path(segment.first)

    def _read(self) -> None:
        records = list(self._journal.read())
        identity = self._identity_in(records)
        if identity != self._identity:
            if identity is not None:
                self._say_what_changed(identity)
            self._start_over()
            return
        try:
            for record in records[1:]:
                self._take(record)
        except RecordError as error:
            _LOG.warning("%s: started over, its journal is damaged (%s)", self._output, error)
            self._forget()
            self._start_over()
            return
        for position, segment in enumerate(self.segments):
            if not _is_whole(self.segment_path(segment.first), segment):
                _LOG.warning("%s: segment %d is damaged, made again", self._output, position)
                self._drop_from(segment.first)
                break
        known = {self.segment_path(segment.first) for segment in self.segments}
        for path in self.path.glob(f"*{_SUFFIX}"):
            if path not in known:  # was being written when its process ended
                path.unlink()

    def _identity_in(self, records: list[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return from_table(_Begun, records[0]).identity if records else None
        except RecordError as error:
            _LOG.warning("%s: started over, its journal is damaged (%s)", self._output, error)
            return None

    def _take(self, record: Mapping[str, Any]) -> None:
        if "published" in record:
            told = from_table(_Published, record)
            self.published, self.damage = told.published, told.damage
        else:
            self._take_written(from_table(_Written, record))

    def _take_written(self, written: _Written) -> None:
        if written.segment is not None:
            self._drop_from(written.segment.first)  # where it was written again after damage
            self.segments.append(written.segment)
        self.total = written.total

    def _forget(self) -> None:
        self.segments = []
        self.total = self.published = self.damage = None

    def _drop_from(self, first: int) -> None:
        if any(segment.first >= first for segment in self.segments):
            kept = [segment for segment in self.segments if segment.first < first]
            self._forget()
            self.segments = kept

    def _say_what_changed(self, identity: Mapping[str, Any]) -> None:
        changed = [
            f"{key} (was {identity.get(key)}, is {self._identity.get(key)})"
            for key in {**identity, **self._identity}
            if identity.get(key) != self._identity.get(key)
        ]
        _LOG.warning(
            "%s: started over, what was done of it no longer fits: %s",
            self._output,
            ", ".join(changed),
        )

    def _start_over(self) -> None:
        for path in [*self.path.glob(f"*{_SUFFIX}"), self._journal.path]:
            path.unlink(missing_ok=True)
        self._journal.append({"identity": self._identity})


def _is_whole(path: Path, segment: Segment) -> bool:
    try:
        return path.stat().st_size == segment.size and crc_of(path) == segment.crc
    except OSError:
        return False
