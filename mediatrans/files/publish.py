"""The atomic write: a file or a folder is seen under its final name whole, or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from mediatrans.errors import OutputError
from mediatrans.files.claim import ClaimedError, claimed, reclaimed
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.names import name_beside

__all__ = [
    "Record",
    "discard_part",
    "is_part",
    "output_error",
    "output_errors",
    "part_path",
    "publish",
    "publish_part",
    "publishing",
    "publishing_folder",
    "recover_folder",
    "sync_folder",
]

_REMEDIES = {
    errno.ENOSPC: "free some space, or write elsewhere with -o",
    errno.EDQUOT: "free some of your quota, or write elsewhere with -o",
    errno.EACCES: "choose a folder you may write to with -o",
    errno.EPERM: "choose a folder you may write to with -o",
    errno.EROFS: "the disk is read-only, write elsewhere with -o",
    errno.ENOTDIR: "a part of the path is a file, choose another folder with -o",
    errno.EEXIST: "a file stands where a folder is needed, choose another folder with -o",
    errno.ELOOP: "a link stands where a file or folder of ours should be, remove it",
    errno.EISDIR: "a folder stands where the file should go, choose another name with -o",
    errno.ENAMETOOLONG: "choose a shorter name with -o",
    errno.ENOENT: "its folder was taken away while it was written; run the same command again",
    errno.EPIPE: "check the program that the output is piped into",
    errno.EBUSY: "wait until the other run has ended, then run the same command again",
    errno.EFBIG: "the file system takes no file that large, write elsewhere with -o",
}


Record = Callable[[Fingerprint], bool | None]
"""A callback for a whole file just before it takes its final name.

It returns True where the file has to keep its part name, for `publish_part` in another process."""


def output_error(
    path: Path, error: OSError, *, what: str = "", remedy: str | None = None
) -> OutputError:
    """The OutputError that tells what an operating system error means for an output.

    Args:
        path: The output's final name.
        error: What the operating system said.
        what: What could not be written, "the checkpoint"; "" where the path says it.
        remedy: What the user can do; None takes that of a command with the option -o.
    """
    reason = error.strerror or str(error)
    if remedy is None or isinstance(error, ClaimedError):
        remedy = _REMEDIES.get(error.errno or 0, "write elsewhere with -o")
        if error.errno == errno.ENOENT and _takes_no_files(path.parent):
            remedy = "no file can be made in this folder, write elsewhere with -o"
    problem = f"cannot write {what}".rstrip()
    return OutputError(f"{problem}: {reason.lower()}", path=path, remedy=remedy)


def _takes_no_files(folder: Path) -> bool:
    """Whether a folder is there and no file can be made in it, as in those of /proc."""
    for _ in range(3):  # a folder that is being removed is soon gone
        try:
            with tempfile.TemporaryFile(dir=folder):
                return False
        except OSError:
            if not folder.is_dir():
                return False
    return True


@contextmanager
def output_errors(path: Path, *, what: str = "", remedy: str | None = None) -> Iterator[None]:
    """Turn the operating system's errors of the block into those of an output.

    Args:
        path: The file or folder that the block writes.
        what: As for `output_error`.
        remedy: As for `output_error`.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise output_error(path, error, what=what, remedy=remedy) from error


def part_path(final: Path) -> Path:
    """The name a file has while it is being written, beside its final one.

    The suffix stays last, because encoders choose the format by it. Where the name would be too
    long, a digest stands for the final one.

    Args:
        final: The output's final name.
    """
    return final.with_name(name_beside(final.stem, f".part{final.suffix}", hidden=True))


def is_part(path: Path) -> bool:
    """Whether a name is one that `part_path` gives: that of a file whose writer died."""
    return path.name.startswith(".") and path.stem.endswith(".part")


def publish(
    part: Path, final: Path, record: Record | None = None, *, earlier: Path | None = None
) -> bool:
    """Sync a finished file to disk and give it its final name, replacing what stood there.

    Args:
        part: The finished file.
        final: Its final name, in the same folder.
        record: Called with the file before it takes the name, so that no crash can come between
            that leaves a file of which nothing is known.
        earlier: The name that a file which had the final name gets; None lets it go.

    Returns:
        Whether it has the final name, and not still that of the part.

    Raises:
        OSError: The disk is full or the name cannot be taken.
    """
    # Renaming first would let a power cut leave the final name on an empty file.
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    if record is not None and record(Fingerprint.of(part)):
        return False
    if earlier is not None and final.exists():
        final.replace(earlier)
    part.replace(final)
    sync_folder(final.parent)
    return True


def publish_part(final: Path, fingerprint: Fingerprint, record: Record | None = None) -> None:
    """Give a part that another process has finished its final name, or remove it.

    Args:
        final: The output's final name.
        fingerprint: The finished part.
        record: Called with the fingerprint before the part takes the name.

    Raises:
        OutputError: The part is not that one any more, another process writes it at this moment,
            or it cannot take the name.
    """
    part = part_path(final)
    with output_errors(final), reclaimed(part, partial(_delete, part)):
        if not fingerprint.fits(part):
            raise FileNotFoundError(errno.ENOENT, "the finished part was changed or taken away")
        if record is not None:
            record(fingerprint)
        part.replace(final)
        sync_folder(final.parent)


def discard_part(final: Path) -> None:
    """Remove the part that a process which has ended has left; nothing happens where none is.

    Args:
        final: The output's final name.
    """
    part = part_path(final)
    with suppress(OSError), reclaimed(part, partial(_delete, part)):
        pass


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk, where the system lets folders be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def publishing(
    final: Path,
    record: Record | None = None,
    *,
    earlier: Path | None = None,
    what: str = "",
    remedy: str | None = None,
) -> Iterator[Path]:
    """Write a file under a part name, published when the block ends without an error.

    Missing parent folders are made. Whatever the block raises, no part file stays behind, and a
    file that already has the final name is left as it was. A `record` that returns True leaves the
    finished part for `publish_part`. Two processes cannot write the same
    output at the same time; the second one is refused.

    Args:
        final: The output's final name.
        record: Called with the file before it takes the name.
        earlier: The name that a file which had the final name gets; None lets it go.
        what: As for `output_error`.
        remedy: As for `output_error`.

    Yields:
        The path to write to.

    Raises:
        OutputError: The folder cannot be made or the file cannot be written.
    """
    part = part_path(final)
    with output_errors(final, what=what, remedy=remedy):
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with claimed(part, partial(_delete, part)) as claim:
            yield part
            claim.is_left = not publish(part, final, record, earlier=earlier)


@contextmanager
def publishing_folder(final: Path, *, what: str = "", remedy: str | None = None) -> Iterator[Path]:
    """Write a folder under a part name; when the block ends it replaces what has its final name.

    The part is `.NAME.part` and what is replaced is `.NAME.old` for a moment: both names belong to
    this function, and what a kill left there is dealt with by `recover_folder`.

    Args:
        final: The folder's final name; whether it may be replaced is for the caller to decide.
        what: As for `output_error`.
        remedy: As for `output_error`.

    Yields:
        The empty folder to write into.

    Raises:
        OutputError: It cannot be written; what had the final name is still there.
    """
    final = _named(final)
    part, old = _beside(final, "part"), _beside(final, "old")
    with output_errors(final, what=what, remedy=remedy):
        final.parent.mkdir(parents=True, exist_ok=True)
        with claimed(part, partial(_clear, final, part), is_folder=True):
            _recover(final)
            for path in part.iterdir():  # what a kill left
                _delete(path)
            yield part
            _sync_tree(part)
            if os.path.lexists(final):
                final.rename(old)
            part.rename(final)
            sync_folder(final.parent)
            _delete(old)


def recover_folder(final: Path) -> None:
    """Put back, or clear away, the folder that a killed `publishing_folder` was about to replace.

    Nothing happens while another process is publishing it.

    Raises:
        OSError: It cannot be moved or deleted.
    """
    final = _named(final)
    if not os.path.lexists(_beside(final, "old")):
        return
    part = _beside(final, "part")
    with suppress(ClaimedError), claimed(part, partial(_delete, part), is_folder=True):
        _recover(final)


def _recover(final: Path) -> None:
    old = _beside(final, "old")
    if not os.path.lexists(old):
        return
    if os.path.lexists(final):
        _delete(old)
    else:
        old.rename(final)


def _clear(final: Path, part: Path) -> None:
    _recover(final)
    _delete(part)


def _named(folder: Path) -> Path:
    """The folder under a name of its own, which "." and ".." are not."""
    return folder.resolve() if folder.name in ("", "..") else folder


def _beside(final: Path, ending: str) -> Path:
    return final.with_name(name_beside(final.name, f".{ending}", hidden=True))


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if not path.is_symlink():
                # Windows syncs what is open for writing alone.
                descriptor = os.open(path, os.O_RDWR)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        sync_folder(Path(place))
