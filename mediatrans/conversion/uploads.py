"""The uploads of a run: what tasks have finished in the mirror is put into its buckets."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from mediatrans.conversion.bucket_manifest import BucketManifest, Uploaded
from mediatrans.conversion.events import Events
from mediatrans.conversion.manifest import Entry
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.errors import OutputError
from mediatrans.files.mirror import Mirror
from mediatrans.files.store_errors import StoreError
from mediatrans.media.frames import Segment

__all__ = ["Uploads"]

_AT_ONCE = 8
_MOST_WAITING = 32
_PATIENCE_S = 2.0


class Uploads:
    """Events that upload an output before they pass its result on.

    Uploads are made on a thread of their own, several at a time. The records of all of them are in
    the manifest before they begin, so that no crash leaves an object of which nothing is known.

    Args:
        events: Called on the calling thread.
        mirror: Where the outputs are.
    """

    def __init__(self, events: Events, mirror: Mirror) -> None:
        self._events = events
        self._mirror = mirror
        self._manifests: dict[Path, BucketManifest] = {}
        self._waiting: SimpleQueue[Result | None] = SimpleQueue()
        self._done: SimpleQueue[Result | None] = SimpleQueue()
        self._count = 0
        self._thread: Thread | None = None
        self._bug: BaseException | None = None

    def begun(
        self, task: Task, frames: int, total: int | None, size: tuple[int, int] | None
    ) -> None:
        """Pass on."""
        self._events.begun(task, frames, total, size)

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Pass on, and with it what is uploaded by now."""
        self._events.translated(task, frames, total)
        self._pass_on()

    def limited(self, bottleneck: Bottleneck) -> None:
        """Pass on."""
        self._events.limited(bottleneck)

    def kept(self, task: Task, folder: Path) -> None:
        """Pass on."""
        self._events.kept(task, folder)

    def written(self, task: Task, segment: Segment) -> None:
        """Pass on."""
        self._events.written(task, segment)

    def ended(self, result: Result) -> None:
        """Upload the output of a task, if there is one; its result is passed on later."""
        self._mirror.release(result.task.input)
        if result.fingerprint is None or not self._mirror.holds(result.task.output):
            self._events.ended(result)
            return
        if self._thread is None:
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()
        self._count += 1
        self._waiting.put(result)
        self._pass_on(_MOST_WAITING)

    def finish(self, patience_s: float | None = None) -> None:
        """Wait for the uploads and pass on the results.

        Args:
            patience_s: How long to wait at most; None waits for all.
        """
        if self._thread is None:
            return
        self._waiting.put(None)
        until_s = None if patience_s is None else time.monotonic() + patience_s
        self._pass_on(0, until_s)
        self._thread.join(patience_s)

    def abandon(self) -> None:
        """Pass on what is uploaded within two seconds, after an interrupt."""
        self.finish(_PATIENCE_S)

    def _pass_on(self, most: int | None = None, until_s: float | None = None) -> None:
        """Pass on results; wait while more than `most` are not uploaded."""
        while self._count:
            is_waiting = most is not None and self._count > most
            left_s = None if until_s is None else max(0.0, until_s - time.monotonic())
            try:
                result = self._done.get(is_waiting, left_s if is_waiting else None)
            except Empty:
                return
            if result is None:
                assert self._bug is not None
                raise self._bug
            self._count -= 1
            self._events.ended(result)

    # The uploading thread.

    def _work(self) -> None:
        try:
            self._upload_all()
        except BaseException as bug:  # raised on the calling thread
            self._bug = bug
            self._done.put(None)

    def _upload_all(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for batch in self._batches():
                refused = self._refused(batch)
                going = [result for result in batch if result.task.output not in refused]
                for result in batch:
                    if result.task.output in refused:
                        self._end(result, refused[result.task.output])
                list(pool.map(self._upload, going))
        for manifest in self._manifests.values():
            with suppress(StoreError):  # the outputs are known by the records before them
                manifest.close()

    def _batches(self) -> Iterator[list[Result]]:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            with suppress(Empty):
                while len(batch) < 2 * _AT_ONCE:
                    batch.append(self._waiting.get_nowait())
            is_open = None not in batch
            if results := [result for result in batch if result is not None]:
                yield results

    def _refused(self, batch: list[Result]) -> dict[Path, OutputError]:
        """Add the records of a batch; the errors of those that cannot be added."""
        for result in batch:
            self._record(result, None)
        refused = {}
        for home in {result.task.home for result in batch}:
            try:
                if home is not None and home in self._manifests:
                    self._manifests[home].flush()
            except StoreError as error:
                for result in batch:
                    if result.task.home == home:
                        refused[result.task.output] = error.as_output()
        return refused

    def _record(self, result: Result, etag: str | None) -> None:
        task, made = result.task, result.fingerprint
        if task.home is None or task.origin is None or made is None:
            return
        url = self._mirror.url(task.home)
        if task.home not in self._manifests:
            self._manifests[task.home] = BucketManifest(self._mirror.store(url), url)
        entry = Entry(
            task.output.relative_to(task.home).as_posix(),
            task.origin,
            made,
            result.frames,
            result.cycle,
            result.is_partial,
            result.figures,
            result.verdict,
        )
        self._manifests[task.home].add(Uploaded(entry, etag))

    def _upload(self, result: Result) -> None:
        error: Exception | None = None
        try:
            made = self._mirror.upload(result.task.output, is_new=not result.task.replaces)
            self._record(result, made.etag)
        except Exception as failure:
            error = failure
        self._end(result, error)

    def _end(self, result: Result, error: Exception | None) -> None:
        self._mirror.release(result.task.output)
        if error is not None:
            failure = Failure.of(result.task.input, error)
            result = replace(result, fingerprint=None, failure=failure, is_partial=False)
        self._done.put(result)
