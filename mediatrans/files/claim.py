"""The claim on a part file or folder: one process at a time writes it, and no other removes it."""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mediatrans.files.names import name_beside

if sys.platform != "win32":
    import fcntl

__all__ = ["Claim", "ClaimedError", "claimed", "locked_beside", "reclaimed"]

_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL}
_REFUSED = "another run is writing it at this moment"


class ClaimedError(OSError):
    """Another process is writing the same output."""


@dataclass
class Claim:
    """A claim that is held.

    Attributes:
        is_left: Whether the part stays at the end of the claim, for another process.
    """

    is_left: bool = False


@contextmanager
def claimed(part: Path, clear: Callable[[], None], *, is_folder: bool = False) -> Iterator[Claim]:
    """Create an empty part file or folder, which belongs to this process until the block ends.

    The claim is a lock of the operating system, so that it ends with the process. What a killed
    process has left is taken over. Windows renames no file that is open, so the lock is on a file
    beside the part there. On file systems without locks, nothing is held.

    Args:
        part: The part's path; its folder exists.
        clear: Removes the part. Called at the end of the block, unless the part was renamed or is
            to be left.
        is_folder: Whether a folder is created. A file is emptied, a folder is left as it is.

    Yields:
        The claim.

    Raises:
        ClaimedError: Another process holds the claim.
        OSError: The part cannot be created.
    """
    claim = Claim()
    with _beside(part), _held(part, _acquired(part, is_folder), clear, claim):
        yield claim


@contextmanager
def reclaimed(part: Path, clear: Callable[[], None]) -> Iterator[None]:
    """Hold the part file that another process has left as it is, until the block ends.

    Args:
        part: The part's path.
        clear: Removes the part. Called at the end of the block, unless the part was renamed.

    Raises:
        ClaimedError: Another process holds the claim.
        OSError: There is no part.
    """
    with _beside(part), _held(part, _opened(part), clear, Claim()):
        yield


@contextmanager
def locked_beside(part: Path) -> Iterator[None]:
    """Hold a lock on a file beside a part until the block ends, which then removes the file.

    For systems where an open file cannot be removed: elsewhere, a third process could lock a new
    file of the same name while a second one holds the removed one.

    Args:
        part: The part's path; its folder exists.

    Raises:
        ClaimedError: Another process holds the lock.
        OSError: The file cannot be created.
    """
    path = part.with_name(name_beside(part.name.lstrip("."), ".part.lock", hidden=True))
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise ClaimedError(errno.EBUSY, _REFUSED) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):  # another process has it open by now
            path.unlink(missing_ok=True)


def _beside(part: Path) -> AbstractContextManager[None]:
    return locked_beside(part) if sys.platform == "win32" else nullcontext()


def _opened(part: Path) -> int | None:
    """A locked descriptor of a part that is there, or None where there are no locks."""
    if sys.platform == "win32":
        part.stat()
        return None
    descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if _lock(descriptor) and not _is_still(part, descriptor):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _held(
    part: Path, descriptor: int | None, clear: Callable[[], None], claim: Claim
) -> Iterator[None]:
    try:
        yield
    finally:
        try:
            # After a renaming, a part of the same name is another process's.
            if not claim.is_left and (descriptor is None or _is_still(part, descriptor)):
                with suppress(OSError):  # beside an error that says more
                    clear()
        finally:
            if descriptor is not None:
                os.close(descriptor)


def _acquired(part: Path, is_folder: bool) -> int | None:
    """A locked descriptor of the part, or None where there are no locks."""
    while True:
        _create(part, is_folder)
        if sys.platform == "win32":
            if not is_folder:
                os.truncate(part, 0)
            return None
        flags = os.O_RDONLY | os.O_NOFOLLOW | (os.O_DIRECTORY if is_folder else 0)
        try:
            descriptor = os.open(part, flags)
        except FileNotFoundError:
            continue  # its writer has just published or removed it
        try:
            if _lock(descriptor) and not _is_still(part, descriptor):
                os.close(descriptor)
                continue
            if not is_folder:
                os.truncate(part, 0)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _create(part: Path, is_folder: bool) -> None:
    if is_folder:
        part.mkdir(exist_ok=True)
        return
    with suppress(FileNotFoundError):
        # A link would be written through, and opening a pipe would wait.
        if not stat.S_ISREG(part.lstat().st_mode):
            part.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666))


def _lock(descriptor: int) -> bool:
    """Lock a file; returns whether the file system has locks.

    Raises:
        ClaimedError: Another process has locked it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ClaimedError(errno.EBUSY, _REFUSED) from error
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        return False
    return True


def _is_still(part: Path, descriptor: int) -> bool:
    """Whether a path still leads to an open file."""
    try:
        there = part.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))
