"""The atomic write: a file is seen under its final name whole, or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mediatrans.errors import OutputError

__all__ = ["output_error", "part_path", "publish", "publishing"]

_REMEDIES = {
    errno.ENOSPC: "free some space, or write elsewhere with -o",
    errno.EDQUOT: "free some of your quota, or write elsewhere with -o",
    errno.EACCES: "choose a folder you may write to with -o",
    errno.EPERM: "choose a folder you may write to with -o",
    errno.EROFS: "the disk is read-only, write elsewhere with -o",
    errno.ENOTDIR: "a part of the path is a file, choose another folder with -o",
    errno.EEXIST: "a file stands where a folder is needed, choose another folder with -o",
    errno.EISDIR: "a folder stands where the file should go, choose another name with -o",
    errno.ENAMETOOLONG: "choose a shorter name with -o",
    errno.EPIPE: "check the program that the output is piped into",
    errno.EFBIG: "the file system takes no file that large, write elsewhere with -o",
}


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


def publish(part: Path, final: Path) -> None:
    """Sync a finished file to disk and give it its final name, replacing what stood there.

    Args:
        part: The finished file.
        final: Its final name, in the same folder.

    Raises:
        OSError: The disk is full or the name cannot be taken.
    """
    # Renaming first would let a power cut leave the final name on an empty file.
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    part.replace(final)


@contextmanager
def publishing(final: Path) -> Iterator[Path]:
    """Write a file under a part name, published when the block ends without an error.

    Missing parent folders are made. Whatever the block raises, no part file stays behind, and a
    file that already has the final name is left as it was.

    Args:
        final: The output's final name.

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
        yield part
        publish(part, final)
    except OSError as error:
        raise output_error(final, error) from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    # Only ever called after success or beside an error that says more.
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return
