"""Files that arrive in a folder, each handed over once nobody writes to it any more."""

import errno
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from mediatrans.errors import InputError
from mediatrans.files.publish import is_part
from mediatrans.files.walk import LeftOut, WalkProblem, is_hidden, walk

__all__ = ["Arrivals", "has_writer"]

_log = logging.getLogger(__name__)

_MOST = 500
"""Files handed over at a time."""

_SEARCH_EVERY_S = 60.0
"""The whole folder is searched this often. Network drives report no changes, and a system that has
too many changes to report drops some."""

_POLL_MS = 500

State = tuple[int, int, int]
"""Size, modification time and number (inode) of a file."""


def has_writer(path: Path) -> bool | None:
    """Whether a program has a file open for writing; None where that cannot be told.

    Linux grants a read lease on a file only if nobody can write to it. It needs a local file system
    and a file of one's own.

    Args:
        path: A regular file.
    """
    try:
        import fcntl
    except ImportError:
        return None
    if not hasattr(fcntl, "F_SETLEASE") or not hasattr(fcntl, "F_SETSIG"):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        # Who opens the file meanwhile breaks the lease, which the kernel reports by a signal.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(descriptor)  # and gives the lease back
    return False


class Arrivals:
    """The files of a folder and its subfolders: those that are there, and those that come.

    A file is handed over when its size and its modification time have not changed for a while, it
    is not empty, and no program has it open for writing, as far as that can be told. It is handed
    over again when it has changed. What is hidden or of the system is left out, as in `walk`.

    Args:
        folder: The folder.
        wanted: Called with each regular file; those for which it returns False are left out.
        settle_s: How long a file has to stay as it is.
        idle_s: How long nothing may come before the iteration ends; None never ends it.
    """

    def __init__(
        self,
        folder: Path,
        wanted: Callable[[Path], bool],
        *,
        settle_s: float = 2.0,
        idle_s: float | None = None,
    ) -> None:
        self._folder = folder
        self._wanted = wanted
        self._settle_s = settle_s
        self._idle_s = idle_s
        self._waiting: dict[Path, tuple[State, float]] = {}
        # Numbers take a fraction of the memory of paths, and folders may be very large.
        self._done: dict[int, int] = {}
        self._searched_at = -_SEARCH_EVERY_S
        self._has_more = False
        self._busy_at = time.monotonic()

    def __iter__(self) -> Iterator[list[Path]]:
        """Hand over the files, up to 500 at a time, in the order of their names.

        Raises:
            InputError: The folder is missing, cannot be watched or was removed.
        """
        self._busy_at = time.monotonic()
        for changed in self._changes():
            now_s = time.monotonic()
            is_due = now_s - self._searched_at >= _SEARCH_EVERY_S
            if is_due or (self._has_more and len(self._waiting) < _MOST):
                self._has_more = False
                self._search(self._folder)
                self._searched_at = time.monotonic()
            for path in changed:
                self._notice(path)
            ready = self._ready()
            if ready:
                yield ready
            if ready or self._waiting or self._has_more:
                self._busy_at = time.monotonic()
            elif self._idle_s is not None and time.monotonic() - self._busy_at >= self._idle_s:
                return

    def _changes(self) -> Iterator[list[Path]]:
        """The paths that changed, a list at least twice a second, for ever."""
        from watchfiles import watch
        from watchfiles.main import Change

        while self._is_there():
            try:
                for changes in watch(
                    self._folder,
                    watch_filter=None,
                    debounce=200,
                    rust_timeout=_POLL_MS,
                    yield_on_timeout=True,
                    ignore_permission_denied=True,
                ):
                    yield [Path(name) for change, name in changes if change != Change.deleted]
                    if not self._is_there():
                        break
            except (OSError, RuntimeError) as error:
                # For example a name that is not UTF-8. The search finds what was not reported.
                _log.info("%s: watched anew (%s)", self._folder, error)
                self._searched_at = -_SEARCH_EVERY_S
                yield []
                time.sleep(_POLL_MS / 1000)

    def _is_there(self) -> bool:
        if not self._folder.is_dir():
            raise InputError(
                "no such folder", path=self._folder, remedy="check the name, or mount it again"
            )
        return True

    def _notice(self, path: Path) -> None:
        """Consider a path that changed: a file, or a folder that was moved here."""
        place = path if path.is_absolute() else self._folder / path
        try:
            inside = place.relative_to(self._folder.absolute())
        except ValueError:
            inside = place.relative_to(self._folder.resolve())
        if any(map(is_hidden, inside.parts)):
            return
        found = self._folder / inside
        if found.is_dir():
            self._search(found)
        elif not is_part(found) and self._wanted(found):
            self._consider(found)

    def _search(self, folder: Path) -> None:
        """Consider the files of a folder; of very many, the rest is left to the next search."""
        known = len(self._waiting)
        for found in walk(folder, self._wanted):
            if len(self._waiting) - known > 2 * _MOST:
                self._has_more = True
                return
            if isinstance(found, WalkProblem):
                _log.info("%s: %s", found.path, found.problem)
            elif not isinstance(found, LeftOut):
                self._consider(found)

    def _consider(self, path: Path) -> None:
        state = _state_of(path)
        if state is None or self._done.get(hash(path)) == hash(state):
            return
        known = self._waiting.get(path)
        if known is None or known[0] != state:
            self._waiting[path] = state, time.monotonic()

    def _ready(self) -> list[Path]:
        """The files that have settled; they are no longer waited for."""
        ready: list[Path] = []
        for path, (state, since_s) in sorted(self._waiting.items()):
            if len(ready) == _MOST:
                break
            now_s = time.monotonic()
            if now_s - since_s < self._settle_s:
                continue
            current = _state_of(path)
            if current is None:
                del self._waiting[path]
            elif current != state or has_writer(path):
                self._waiting[path] = current, now_s
            else:
                del self._waiting[path]
                self._done[hash(path)] = hash(state)
                ready.append(path)
        return ready


def _state_of(path: Path) -> State | None:
    """The state of a file; None if it is gone, no regular file, or still empty."""
    with suppress(OSError):
        if path.is_file() and (status := path.stat()).st_size:
            return status.st_size, status.st_mtime_ns, status.st_ino
    return None
