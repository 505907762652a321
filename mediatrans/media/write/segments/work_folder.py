"""The work folder of a long video, which holds its segments until the video is published."""

import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from mediatrans.errors import OutputError
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.journal import Journal
from mediatrans.files.names import name_beside
from mediatrans.files.publish import output_error, sync_folder
from mediatrans.files.records import RecordError, from_table, to_table
from mediatrans.media.frames import Segment
from mediatrans.media.write.segments.packet_file import crc_of

__all__ = ["WorkFolder", "frames_kept", "is_published", "segment_path", "work_path"]

_LOG = logging.getLogger(__name__)

_JOURNAL = "journal.jsonl"
_LOCK = "lock"
_SUFFIX = ".packets"
_LATEST = 1 << 62


@dataclass(frozen=True, slots=True)
class _Begun:
    """The first record of the journal: everything that the segments depend on."""

    identity: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """A record of the journal: a segment is complete; the last one has the number of all frames."""

    segment: Segment | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Published:
    """A record of the journal: the finished video is about to be given its final name."""

    published: Fingerprint
    damage: str | None = None


def work_path(output: Path) -> Path:
    """The work folder of an output: `NAME.mediatrans` in the same folder, if that can be a name."""
    return output.with_name(name_beside(output.name, ".mediatrans"))


def segment_path(output: Path, first: int) -> Path:
    """The file of an output's segment that begins with the frame `first`."""
    return work_path(output) / f"{first:09d}{_SUFFIX}"


def is_published(output: Path) -> bool:
    """Whether an output was published, but its work folder not yet removed."""
    try:
        records = [r for r in Journal(work_path(output) / _JOURNAL).read() if "published" in r]
        last = from_table(_Published, records[-1]) if records else None
    except (OSError, RecordError):
        return False  # opening the work folder raises a detailed error
    return last is not None and last.published.fits(output)


def frames_kept(folder: Path) -> int:
    """The number of frames in the complete segments of a work folder; 0 if it cannot be read."""
    end = 0
    with suppress(OSError, RecordError):
        for record in Journal(folder / _JOURNAL).read():
            if record.get("segment"):
                segment = from_table(_Written, record).segment
                end = segment.end if segment else end
    return end


class WorkFolder:
    """The folder `NAME.mediatrans/`, locked by one process while it is open.

    Args:
        output: The output's final name.
        identity: Everything that the segments depend on, as JSON values. Existing segments with
            another identity are removed, and the differences are logged.
        read_notes: Reads the notes that are stored with a segment; raises RecordError if they are
            damaged.

    Attributes:
        path: The folder.
        segments: The complete segments, from the first frame on without gaps.
        total: The number of frames of the whole video; None until the last segment is complete.
        published: The fingerprint of the finished video; None until it is about to be published.
        damage: The damage of the input, if the published video holds only a part of it; else None.
        notes: What `read_notes` made of each segment's notes.
    """

    def __init__(
        self,
        output: Path,
        identity: Mapping[str, Any],
        read_notes: Callable[[Any], Any] = lambda notes: notes,
    ) -> None:
        self._read_notes = read_notes
        self.notes: list[Any] = []
        self.path = work_path(output)
        self.segments: list[Segment] = []
        self.total: int | None = None
        self.published: Fingerprint | None = None
        self.damage: str | None = None
        self._output = output
        self._identity = dict(identity)
        self._journal = Journal(self.path / _JOURNAL)
        # The lock is acquired on one thread and released on another.
        self._lock = FileLock(self.path / _LOCK, timeout=0, thread_local=False)
        self._removed = False

    def __enter__(self) -> Self:
        """Create, lock and read the folder.

        Raises:
            OutputError: The folder cannot be created, or another process has locked it.
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
                "another process is writing this output",
                path=self._output,
                remedy="wait until it has finished, or use another -o",
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
        """Unlock the folder; it is removed if there is nothing to resume from."""
        if not self._removed and not self.segments and self.published is None:
            self.remove()
        self._lock.release()

    def segment_path(self, first: int) -> Path:
        """The file of the segment that begins with the frame `first`."""
        return segment_path(self._output, first)

    def add(self, segment: Segment | None, total: int | None = None) -> None:
        """Record a complete segment, and after the last one the number of all frames.

        Raises:
            OSError: The disk is full, or the folder was removed.
        """
        if segment is None and total in (None, self.total):
            return
        written = _Written(segment, total)
        sync_folder(self.path)
        self._journal.append(to_table(written))
        self._take_written(written)

    def publish(self, fingerprint: Fingerprint, damage: str | None) -> None:
        """Record that the finished video is about to be given its final name.

        Args:
            fingerprint: The fingerprint of the video.
            damage: The damage of the input, if the video holds only a part of it.

        Raises:
            OSError: The disk is full, or the folder was removed.
        """
        self._journal.append(to_table(_Published(fingerprint, damage)))
        self.published, self.damage = fingerprint, damage

    def is_published(self) -> bool:
        """Whether the finished video already has its final name."""
        return self.published is not None and self.published.fits(self._output)

    def remove(self) -> None:
        """Remove the folder; the journal is removed after the segments."""
        self._removed = True
        with suppress(OSError):
            for path in self.path.glob(f"*{_SUFFIX}"):
                path.unlink()
            self._journal.path.unlink(missing_ok=True)
            with suppress(PermissionError):  # Windows removes no open file
                (self.path / _LOCK).unlink(missing_ok=True)
            self._lock.release()
            if sys.platform == "win32":
                (self.path / _LOCK).unlink(missing_ok=True)
            self.path.rmdir()

    def files(self) -> Iterator[tuple[Segment, Path]]:
        """The segments and their files."""
        for segment in self.segments:
            yield segment, self.segment_path(segment.first)

    def _read(self) -> None:
        records = list(self._journal.read())
        identity = self._identity_in(records)
        if identity != self._identity:
            if identity is not None:
                self._warn_of_changes(identity)
            self._start_over()
            return
        try:
            for record in records[1:]:
                self._take(record)
        except RecordError as error:
            _LOG.warning("%s: starting over; its journal is damaged (%s)", self._output, error)
            self._forget()
            self._start_over()
            return
        for position, segment in enumerate(self.segments):
            if not _is_whole(self.segment_path(segment.first), segment):
                _LOG.warning(
                    "%s: segment %d is damaged and will be made again", self._output, position
                )
                self._drop_from(segment.first)
                break
        known = {self.segment_path(segment.first) for segment in self.segments}
        for path in self.path.glob(f"*{_SUFFIX}"):
            if path not in known:  # unfinished when its process ended
                path.unlink()

    def _identity_in(self, records: list[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return from_table(_Begun, records[0]).identity if records else None
        except RecordError as error:
            _LOG.warning("%s: starting over; its journal is damaged (%s)", self._output, error)
            return None

    def _take(self, record: Mapping[str, Any]) -> None:
        if "published" in record:
            published = from_table(_Published, record)
            self.published, self.damage = published.published, published.damage
        else:
            self._take_written(from_table(_Written, record))

    def _take_written(self, written: _Written) -> None:
        segment = written.segment
        if segment is not None:
            self._drop_from(segment.first)  # a damaged segment was written again
            if segment.first != self._end or segment.frames < 1:
                raise RecordError(f"does not follow frame {self._end}", "segment.first")
            mark = segment.mark
            if mark is not None and mark.index != segment.end - 1:
                raise RecordError("is not the segment's last frame", "segment.mark.index")
            if any(abs(time) > _LATEST for time in (segment.begin, mark.pts if mark else 0)):
                raise RecordError("is no time that a video can have", "segment.begin")
            self.notes.append(self._read_notes(segment.notes))
            self.segments.append(segment)
        if written.total not in (None, self._end):
            raise RecordError(f"is not the end of the last segment, {self._end}", "total")
        self.total = written.total

    @property
    def _end(self) -> int:
        """Index of the frame after the last segment."""
        return self.segments[-1].end if self.segments else 0

    def _forget(self) -> None:
        self.segments, self.notes = [], []
        self.total = self.published = self.damage = None

    def _drop_from(self, first: int) -> None:
        if any(segment.first >= first for segment in self.segments):
            kept = [segment for segment in self.segments if segment.first < first]
            notes = self.notes[: len(kept)]
            self._forget()
            self.segments, self.notes = kept, notes

    def _warn_of_changes(self, identity: Mapping[str, Any]) -> None:
        changed = [
            f"{key} (was {identity.get(key)}, is {self._identity.get(key)})"
            for key in {**identity, **self._identity}
            if identity.get(key) != self._identity.get(key)
        ]
        _LOG.warning(
            "%s: starting over; its finished segments are out of date: %s",
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
