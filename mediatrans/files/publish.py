"""The atomic write: a file is seen under its final name whole, or not at all."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mediatrans.errors import OutputError

__all__ = [
    "Fingerprint",
    "Record",
    "is_part",
    "output_error",
    "part_path",
    "publish",
    "publishing",
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
    errno.EFBIG: "the file system takes no file that large, write elsewhere with -o",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a file that was written from one that was changed or put there by somebody else.

    Attributes:
        size: Bytes.
        mtime_ns: When it was last changed, in nanoseconds of the system's clock.
        sha256: Digest of its bytes, in hexadecimal digits.
    """

    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Look at a file.

        Raises:
            OSError: It cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            status = os.fstat(file.fileno())
        return cls(status.st_size, status.st_mtime_ns, digest)

    def fits(self, path: Path) -> bool:
        """Whether a file is this one; a copy that did not keep its time is.

        The bytes are only read where the size fits and the time does not.
        """
        try:
            status = path.stat()
            if status.st_size != self.size:
                return False
            return status.st_mtime_ns == self.mtime_ns or self.of(path).sha256 == self.sha256
        except OSError:
            return False


Record = Callable[[Fingerprint], None]
"""Told of a whole file just before it takes its final name."""


def output_error(path: Path, error: OSError) -> OutputError:
    """The OutputError that tells what an operating system error means for an output.

    Args:
        path: The output's final name.
        error: What the operating system said.
    """
    reason = error.strerror or str(error)
    code = error.errno if error.errno is not None else 0
    remedy = _REMEDIES.get(code, "write elsewhere with -o")
    return OutputError(f"cannot write: {reason.lower()}", path=path, remedy=remedy)


def part_path(final: Path) -> Path:
    """The name a file has while it is being written, beside its final one.

    The suffix stays last, because encoders choose the format by it.

    Args:
        final: The output's final name.
    """
    return final.with_name(f".{final.stem}.part{final.suffix}")


def is_part(path: Path) -> bool:
    """Whether a name is one that `part_path` gives: that of a file whose writer died."""
    return path.name.startswith(".") and path.stem.endswith(".part")


def publish(part: Path, final: Path, record: Record | None = None) -> None:
    """Sync a finished file to disk and give it its final name, replacing what stood there.

    Args:
        part: The finished file.
        final: Its final name, in the same folder.
        record: Told of the file before it takes the name, so that no crash can come between that
            leaves a file of which nothing is known.

    Raises:
        OSError: The disk is full or the name cannot be taken.
    """
    # Renaming first would let a power cut leave the final name on an empty file.
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    if record is not None:
        record(Fingerprint.of(part))
    part.replace(final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk, where the system lets folders be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def publishing(final: Path, record: Record | None = None) -> Iterator[Path]:
    """Write a file under a part name, published when the block ends without an error.

    Missing parent folders are made. Whatever the block raises, no part file stays behind, and a
    file that already has the final name is left as it was.

    Args:
        final: The output's final name.
        record: Told of the file before it takes the name; None tells nobody.

    Yields:
        The path to write to.

    Raises:
        OutputError: The folder cannot be made or the file cannot be written.
    """
    part = part_path(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        _remove(part)  # what a kill left, or a link that somebody put there to be written through
        yield part
        publish(part, final, record)
    except OSError as error:
        raise output_error(final, error) from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    # Only ever called after success or beside an error that says more.
    with suppress(OSError):
        part.unlink(missing_ok=True)
