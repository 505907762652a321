"""The manifest of an output folder in a bucket: objects that are added, none with two writers.

Every run adds objects with names of its own to `.mediatrans.parts/`. What is read are all of them
together, in the order in which the runs began. A run replaces many small objects of its own by one.
"""

import json
import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mediatrans.conversion.manifest import MANIFEST_NAME, PARTS_NAME, Entry
from mediatrans.files.buckets import Store, StoredObject
from mediatrans.files.journal import Journal
from mediatrans.files.records import RecordError, from_table, json_text, to_table
from mediatrans.files.store_errors import StoreError

__all__ = ["BucketManifest", "Uploaded", "read_manifest"]

log = logging.getLogger(__name__)

_MOST_SMALL = 64
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The record of one output in a bucket.

    Attributes:
        entry: The entry of the manifest.
        etag: The tag of the object; None before it is uploaded.
    """

    entry: Entry
    etag: str | None = None


class BucketManifest:
    """The part of a manifest that this run writes.

    Args:
        store: The store.
        url: The address of the output folder.
    """

    def __init__(self, store: Store, url: str) -> None:
        self._store = store
        begun = datetime.now(UTC)
        self._name = f"{url}/{PARTS_NAME}/{begun:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        self._lines: list[bytes] = []
        self._small: list[tuple[str, bytes]] = []
        self._count = 0

    def add(self, record: Uploaded) -> None:
        """Add a record, which is not safe before `flush`."""
        self._lines.append(json_text(to_table(record)).encode() + b"\n")

    def flush(self) -> None:
        """Write the added records; afterwards no crash loses them.

        Raises:
            StoreError: They cannot be written.
        """
        if not self._lines:
            return
        self._small.append((self._next(), b"".join(self._lines)))
        self._store.write(*self._small[-1])
        self._lines = []
        if len(self._small) >= _MOST_SMALL:
            self._merge()

    def close(self) -> None:
        """Write the added records, and one object in place of the small ones.

        Raises:
            StoreError: They cannot be written.
        """
        self.flush()
        if len(self._small) > 1:
            self._merge()

    def _next(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count:06d}.jsonl"

    def _merge(self) -> None:
        small, self._small = self._small, []
        self._store.write(self._next(), b"".join(content for _, content in small))
        self._store.remove(url for url, _ in small)


def read_manifest(
    store: Store, url: str, found: Mapping[str, StoredObject], folder: Path, wanted: Iterable[str]
) -> dict[str, StoredObject]:
    """Write the manifest of a folder in a bucket as one of a local folder, with placeholders.

    A placeholder of an output has the size of the object. If the object is the one that a record
    tells of, it also has the time of that record, by which `Manifest` knows it.

    Args:
        store: The store.
        url: The address of the folder.
        found: The objects in it, by their addresses.
        folder: The local folder.
        wanted: The names of the outputs of this run, relative to the folder.

    Returns:
        The objects of those outputs, by their names.

    Raises:
        StoreError: A part cannot be read.
        OSError: The local folder cannot be written.
    """
    names = {name for name in wanted if f"{url}/{name}" in found}
    records: dict[str, list[Uploaded]] = {}
    journal = Journal(folder / MANIFEST_NAME)
    folder.mkdir(parents=True, exist_ok=True)
    with journal.path.open("wb") as file:
        for record in _records(store, url, found):
            if record.entry.output in names:
                records.setdefault(record.entry.output, []).append(record)
                file.write(json_text(to_table(record.entry)).encode() + b"\n")
    there = {name: found[f"{url}/{name}"] for name in sorted(names)}
    for name, one in there.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.truncate(one.size)
        known = _record_of(store, one, records.get(name, []))
        if known is not None:
            time_ns = known.entry.fingerprint.mtime_ns
            os.utime(place, ns=(time_ns, time_ns))
    return there


def _record_of(store: Store, one: StoredObject, records: list[Uploaded]) -> Uploaded | None:
    """The last record that tells of an object; one of an upload whose end is not known is checked.

    Raises:
        StoreError: The object cannot be read.
    """
    alike = [record for record in reversed(records) if record.entry.fingerprint.size == one.size]
    for record in alike:
        if record.etag == one.etag:
            return record
    unknown = [record for record in alike if record.etag is None]
    if not unknown:
        return None
    digest = store.sha256(one.url)
    return next((record for record in unknown if record.entry.fingerprint.sha256 == digest), None)


def _records(store: Store, url: str, found: Mapping[str, StoredObject]) -> Iterator[Uploaded]:
    for part, content in _parts(store, f"{url}/{PARTS_NAME}/", found).items():
        for line in content.splitlines():
            try:
                yield from_table(Uploaded, json.loads(line))
            except (RecordError, RecursionError, ValueError) as error:
                log.warning("%s: an invalid record is skipped (%s)", part, error)


def _parts(store: Store, below: str, found: Mapping[str, StoredObject]) -> dict[str, bytes]:
    """The parts in the order of their names; a run that merges its own takes some away."""
    parts = [one for one in found if one.startswith(below)]
    for _ in range(_ATTEMPTS):
        contents = store.read(parts)
        if len(contents) == len(parts):
            return dict(sorted(contents.items()))
        parts = list(store.find(below.rstrip("/")))
    raise StoreError(
        below, "its parts change while they are read", "run the same command again", "changed"
    )
