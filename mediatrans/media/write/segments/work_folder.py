"""The work folder of a long video: its whole segments, kept beside the output until it is done."""

import errno
import logging
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from mediatrans.errors import OutputError
from mediatrans.files.journal import Journal
from mediatrans.files.publish import Fingerprint, output_error, sync_folder
from mediatrans.media.frames import Mark

__all__ = ["Segment", "WorkFolder", "crc_of", "is_published", "work_path"]

_LOG = logging.getLogger(__name__)

_JOURNAL = "journal.jsonl"
_LOCK = "lock"
_SUFFIX = ".packets"
_BLOCK = 1 << 20


def work_path(output: Path) -> Path:
    """The work folder of an output: `NAME.mediatrans` beside it."""
    return output.with_name(f"{output.name}.mediatrans")


def is_published(output: Path) -> bool:
    """Whether an output is one that was finished, but whose work folder is still there."""
    records = Journal(work_path(output) / _JOURNAL).read()
    prints = [record["published"] for record in records if "published" in record]
    return bool(prints) and Fingerprint(**prints[-1]).fits(output)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some frames in a row, encoded and on disk.

    Attributes:
        first: Index of the first frame.
        frames: How many there are.
        size: Bytes of its file.
        crc: CRC-32 of its file.
        begin: Presentation time of the first frame, in ticks.
        tail: Presentation times of its last frames, which the packets of the next one build on.
        mark: The source frame that the last frame was made from; None in the last segment.
        notes: What else is to be kept with these frames, as JSON holds it.
    """

    first: int
    frames: int
    size: int
    crc: int
    begin: int
    tail: list[int]
    mark: Mark | None
    notes: Any

    @property
    def end(self) -> int:
        """Index of the frame after its last one."""
        return self.first + self.frames

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read a segment back.

        Raises:
            KeyError: A field is missing.
            TypeError: A field is not what it should be.
        """
        mark = record["mark"]
        return cls(**{**record, "mark": None if mark is None else Mark(**mark)})


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
        self._lock = FileLock(self.path / _LOCK, timeout=0)
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
        return self.path / f"{first:09d}{_SUFFIX}"

    def add(self, segment: Segment | None, total: int | None = None) -> None:
        """Write down that a segment is whole, and after the last one how many frames there are.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        if segment is None and total in (None, self.total):
            return
        record = {"segment": None if segment is None else asdict(segment), "total": total}
        sync_folder(self.path)
        self._journal.append(record)
        self._take(record)

    def publish(self, fingerprint: Fingerprint, damage: str | None) -> None:
        """Write down that the finished video is about to take its final name.

        Args:
            fingerprint: The video.
            damage: What broke its input off, where it holds a part of it.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        record = {"published": asdict(fingerprint), "damage": damage}
        self._journal.append(record)
        self._take(record)

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

    def _read(self) -> None:
        records = list(self._journal.read())
        identity = records[0].get("identity") if records else None
        if identity != self._identity:
            if isinstance(identity, dict):
                self._say_what_changed(identity)
            self._start_over()
            return
        for record in records[1:]:
            self._take(record)
        for position, segment in enumerate(self.segments):
            if not _is_whole(self.segment_path(segment.first), segment):
                _LOG.warning("%s: segment %d is damaged, made again", self._output, position)
                self._drop_from(segment.first)
                break
        known = {self.segment_path(segment.first) for segment in self.segments}
        for path in self.path.glob(f"*{_SUFFIX}"):
            if path not in known:  # was being written when its process ended
                path.unlink()

    def _take(self, record: Mapping[str, Any]) -> None:
        if "published" in record:
            self.published = Fingerprint(**record["published"])
            self.damage = record.get("damage")
            return
        if record["segment"] is not None:
            segment = Segment.from_dict(record["segment"])
            self._drop_from(segment.first)  # where it was written again after damage
            self.segments.append(segment)
        self.total = record["total"]

    def _drop_from(self, first: int) -> None:
        if any(segment.first >= first for segment in self.segments):
            self.segments = [segment for segment in self.segments if segment.first < first]
            self.total = self.published = self.damage = None

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


def crc_of(path: Path) -> int:
    """CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            crc = zlib.crc32(block, crc)
    return crc
