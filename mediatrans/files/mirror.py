"""The mirror of buckets: a local folder where a conversion finds their names and leaves outputs.

An object that is not on this disk has a placeholder of the same name: an empty file, or one with
the first bytes for an input whose kind shows in them.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

import platformdirs
from filelock import FileLock

from mediatrans.errors import InputError, OutputError
from mediatrans.files.addresses import BucketPath, is_url, url_of
from mediatrans.files.buckets import Store, StoredObject
from mediatrans.files.claim import ClaimedError, claimed
from mediatrans.files.store_errors import StoreError

__all__ = ["Mirror", "mirrored"]

_PLACEHOLDER_TIME = (0, 0)
_MOST_SLOTS = 1000
_WORK_ENDING = ".mediatrans"
_KEPT_LENGTH = 16


class Mirror:
    """A folder that stands for buckets; `SCHEME/BUCKET/KEY` in it is `SCHEME://BUCKET/KEY`.

    It can be pickled, for workers that see the folder.

    Args:
        root: The folder.
        limit: The largest object that is read, in bytes.
        mark: A file in the folder, by which another machine knows that it sees the same one.

    Attributes:
        root: As given.
        steps: A number that grows while this process reads an object.
    """

    def __init__(self, root: Path, limit: int, mark: Path | None = None) -> None:
        self.root = root
        self._mark = mark
        self.steps = 0
        self._limit = limit
        self._stores: dict[str, Store] = {}

    def store(self, url: str) -> Store:
        """The store of an address."""
        scheme = url.partition(":")[0]
        return self._stores.setdefault(scheme, Store(scheme))

    def is_here(self) -> bool:
        """Whether this machine sees the folder."""
        return self._mark is None or self._mark.exists()

    def holds(self, path: Path) -> bool:
        """Whether a path is the place of an object."""
        return path.is_relative_to(self.root)

    def local(self, path: Path) -> Path:
        """The place of an address; other paths as they are."""
        return self.place(url_of(path)) if is_url(path) else path

    def place(self, url: str) -> Path:
        """The place of an object.

        Raises:
            ValueError: No file of this system can have its name.
        """
        scheme, _, name = url.partition("://")
        parts = name.split("/")
        if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
            raise ValueError(url)
        return self.root.joinpath(scheme, *parts)

    def url(self, path: Path) -> str:
        """The address of a place."""
        scheme, *parts = path.relative_to(self.root).parts
        return f"{scheme}://{'/'.join(parts)}"

    def shown(self, path: Path) -> Path:
        """The name of a file as it is shown: the address of a place, other paths as they are."""
        return BucketPath(self.url(path)) if self.holds(path) and path != self.root else path

    def in_words(self, text: str) -> str:
        """A text with addresses for places."""
        root = f"{self.root}{os.sep}"
        if root not in text:
            return text
        first, *rest = text.split(root)
        return first + "".join(part.replace(os.sep, "://", 1) for part in rest)

    def put_placeholder(self, one: StoredObject, content: bytes = b"") -> Path:
        """Make the placeholder of an input.

        Raises:
            ValueError: No file of this system can have its name beside the others.
        """
        place = self.place(one.url)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            os.utime(place, _PLACEHOLDER_TIME)
        except OSError as error:
            raise ValueError(one.url) from error
        return place

    def fetch(self, one: StoredObject, place: Path) -> None:
        """Put an object in the place of its placeholder, unless it is there already.

        Several processes may ask for it at the same time; one of them fetches it.

        Raises:
            InputError: It cannot be read, or is larger than the limit.
        """
        if not _is_placeholder(place):
            return
        if one.size > self._limit:
            raise InputError(
                f"it has {one.size / 1e6:.0f} MB, and --spool-limit is {self._limit / 1e6:.0f} MB",
                path=place,
                remedy="raise --spool-limit",
            )
        part, lock = _beside(place)
        with FileLock(lock, thread_local=False):
            if not _is_placeholder(place):
                return
            try:
                self.store(one.url).fetch(one, part, self._step)
                part.replace(place)
            except StoreError as error:
                raise InputError(error.problem, path=place, remedy=error.remedy) from None
            except OSError as error:
                raise InputError(
                    f"cannot be copied to the disk for reading ({error.strerror})",
                    path=place,
                    remedy=f"free some space in {self.root.parent}, or set XDG_CACHE_HOME",
                ) from error
            finally:
                part.unlink(missing_ok=True)

    def _step(self) -> None:
        self.steps += 1

    def release(self, place: Path) -> None:
        """Remove what is on this disk of an object."""
        if self.holds(place):
            for path in (place, *_beside(place)):
                with suppress(OSError):
                    path.unlink()

    def upload(self, place: Path, *, is_new: bool) -> StoredObject:
        """Upload a finished file.

        Raises:
            OutputError: It cannot be written.
        """
        url = self.url(place)
        try:
            return self.store(url).put(place, url, is_new=is_new)
        except StoreError as error:
            problem = error.as_output().problem
            raise OutputError(problem, path=place, remedy=error.remedy) from None


def _beside(place: Path) -> tuple[Path, Path]:
    """The part file of a place while it is fetched, and its lock."""
    name = f".{sha256(os.fsencode(place.name)).hexdigest()[:_KEPT_LENGTH]}"
    return place.with_name(f"{name}.part"), place.with_name(f"{name}.lock")


def _is_placeholder(place: Path) -> bool:
    try:
        return place.stat().st_mtime_ns == 0
    except FileNotFoundError:
        return True


@contextmanager
def mirrored(urls: Iterable[str], limit: int) -> Iterator[Mirror]:
    """A mirror for one run, in the cache folder of the user.

    Runs with the same addresses use the same folder again, one at a time, so that the finished
    segments of interrupted videos are found. Everything else that a killed run has left in it is
    removed.

    Args:
        urls: The addresses of the run.
        limit: As for `Mirror`.

    Raises:
        OutputError: The folder cannot be made.
    """
    key = sha256("\n".join(urls).encode()).hexdigest()[:_KEPT_LENGTH]
    home = platformdirs.user_cache_path("mediatrans") / "buckets" / key
    with _cache_errors(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        root = _claimed_slot(home, stack)
        _tidy(root)
        mark = root.resolve() / f".{secrets.token_hex(_KEPT_LENGTH)}"
        with _cache_errors(mark):
            mark.touch()
        yield Mirror(root.resolve(), limit, mark)


@contextmanager
def _cache_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"the folder for objects of buckets cannot be made ({error.strerror})",
            path=path,
            remedy="set XDG_CACHE_HOME to a folder you may write to",
        ) from error


def _claimed_slot(home: Path, stack: ExitStack) -> Path:
    """A folder of its own for this run, until the stack is closed."""
    for slot in range(_MOST_SLOTS):
        root = home / str(slot)
        with suppress(ClaimedError):
            stack.enter_context(claimed(root, partial(_clear, root), is_folder=True))
            return root
    raise OutputError(
        "too many runs with these addresses", path=home, remedy="wait until some have ended"
    )


def _clear(root: Path) -> None:
    _tidy(root)
    for folder in (root, root.parent):
        with suppress(OSError):
            folder.rmdir()


def _tidy(root: Path) -> None:
    """Remove everything but the work folders of videos, and folders without any."""
    for place, folders, files in os.walk(root, topdown=False):
        here = Path(place)
        if any(part.endswith(_WORK_ENDING) for part in here.relative_to(root).parts):
            continue
        for name in files:
            (here / name).unlink(missing_ok=True)
        for name in folders:
            if (here / name).is_symlink():
                (here / name).unlink()
    for place, _, _ in os.walk(root, topdown=False):
        if Path(place) != root:
            with suppress(OSError):
                Path(place).rmdir()
