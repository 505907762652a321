"""Objects in buckets: listed, read and written with bounded retries."""

import errno
import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from mediatrans.errors import MissingExtraError, UsageError
from mediatrans.files.store_errors import StoreError, explain

__all__ = ["Store", "StoredObject"]

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "hf": "huggingface_hub", "memory": ""}

_OPTIONS: dict[str, dict[str, Any]] = {
    # One request is one attempt: the attempts are counted in `Store`. All of them together end
    # before reading a file is given up. Two parts of an upload, of 50 MB each, are in memory.
    "s3": {
        "config_kwargs": {
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 5,
            "read_timeout": 8,
        },
        "max_concurrency": 2,
    },
}
_EXCLUSIVE = ("s3", "memory")
_WAITS_S = (0.5, 1.0, 2.0, 4.0)
_AT_ONCE = 16

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a bucket at one moment.

    Attributes:
        url: Its address.
        size: Bytes.
        etag: The tag that its store changes with its content (ETag).
    """

    url: str
    size: int
    etag: str

    @property
    def identity(self) -> dict[str, Any]:
        """What identifies its content, as `input_identity` does that of a file."""
        return {"path": self.url, "size": self.size, "etag": self.etag}


class Store:
    """The buckets of one scheme. A request is tried five times, with waits of 7.5 to 15 s in all.

    Only what may succeed later is tried again: too many requests, errors of the server, and failed
    connections. The methods may be called on any thread.

    Args:
        scheme: One of those of `addresses.py`.
    """

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme

    def __getstate__(self) -> dict[str, Any]:
        return {"scheme": self.scheme}

    @cached_property
    def _fs(self) -> Any:
        package = _PACKAGES[self.scheme]
        try:
            import fsspec

            # Listings and credentials of an earlier run may be out of date.
            caching = {"use_listings_cache": False, "skip_instance_cache": True}
            options = {**caching, **_OPTIONS.get(self.scheme, {})}
            fs = fsspec.filesystem(self.scheme, **options)
        except (ImportError, ValueError) as error:
            if self.scheme in ("s3", "memory"):
                raise MissingExtraError("s3", package or "fsspec") from error
            raise UsageError(
                f"{self.scheme}:// needs {package}, which is not installed",
                remedy=f"pip install {package}",
            ) from error
        except Exception as error:
            raise explain(f"{self.scheme}://", error) from None
        if self.scheme == "s3":
            fs.retries = 1
        return fs

    def find(self, url: str) -> dict[str, StoredObject]:
        """The object of an address, or all objects below it, by their addresses, in order.

        Raises:
            StoreError: The bucket is missing or cannot be listed.
        """
        found = self._trying(url, lambda: self._fs.find(self._key(url), detail=True))
        objects = [self._object(info) for info in found.values() if info["type"] == "file"]
        return {one.url: one for one in sorted(objects, key=lambda one: one.url)}

    def fetch(self, wanted: StoredObject, path: Path, on_progress: Callable[[], object]) -> None:
        """Write an object to a file.

        Args:
            wanted: The object.
            path: The file, which is written over.
            on_progress: Called when an attempt begins and when bytes have come.

        Raises:
            StoreError: It cannot be read, or is not that object any more.
            OSError: The file cannot be written.
        """
        from fsspec.callbacks import Callback

        class Counting(Callback):  # type: ignore[misc]
            def call(self, *_: object, **__: object) -> None:
                on_progress()

        def get() -> None:
            on_progress()
            self._fs.get_file(self._key(wanted.url), str(path), callback=Counting())
            if path.stat().st_size != wanted.size and self._info(wanted.url) == wanted:
                raise ConnectionError("the connection ended early")

        path.touch()  # an error of the disk is none of the store
        self._trying(wanted.url, get)
        if self.info(wanted.url) != wanted:
            raise StoreError(
                wanted.url, "changed while it was read", "run the same command again", "changed"
            )

    def put(self, path: Path, url: str, *, is_new: bool) -> StoredObject:
        """Upload a file; the object appears whole or not at all.

        Args:
            path: The file.
            url: The object's address.
            is_new: Whether an object of that name must not be replaced. Stores other than S3 are
                asked before, and not at the same moment.

        Returns:
            The object.

        Raises:
            StoreError: It cannot be written; `kind` is "exists" if it is there already.
        """

        def put() -> None:
            if is_new and self.scheme in _EXCLUSIVE:
                self._fs.put_file(str(path), self._key(url), mode="create")
            elif is_new and self._info(url) is not None:
                raise FileExistsError
            else:
                self._fs.put_file(str(path), self._key(url))

        try:
            self._trying(url, put)
        except StoreError as error:
            # An attempt may have succeeded whose answer was lost.
            if error.kind != "exists" or self.sha256(url) != _sha256_of(path):
                raise
        made = self.info(url)
        if made is None or made.size != path.stat().st_size:
            raise StoreError(
                url, "is not there after its upload", "run the same command again", "changed"
            )
        return made

    def info(self, url: str) -> StoredObject | None:
        """The object of an address, or None.

        Raises:
            StoreError: It cannot be known.
        """
        return self._trying(url, lambda: self._info(url))

    def sha256(self, url: str) -> str:
        """The digest of an object's bytes, in hexadecimal digits.

        Raises:
            StoreError: It cannot be read.
        """

        def digest() -> str:
            with self._fs.open(self._key(url), "rb", cache_type="none") as file:
                return _digest(file)

        return self._trying(url, digest)

    def read(self, urls: Iterable[str]) -> dict[str, bytes]:
        """The content of objects, several at a time.

        Args:
            urls: Their addresses; those that are not there any more are left out.

        Raises:
            StoreError: One cannot be read.
        """
        contents = self._contents(list(urls), None)
        for content in contents.values():
            if isinstance(content, StoreError) and content.kind != "missing":
                raise content
        return {url: content for url, content in contents.items() if isinstance(content, bytes)}

    def heads(self, urls: Sequence[str], count: int) -> Iterator[tuple[str, bytes | StoreError]]:
        """The first bytes of objects, several at a time, or why they cannot be read.

        Args:
            urls: The addresses of objects that are not empty.
            count: The number of bytes.
        """
        for first in range(0, len(urls), _AT_ONCE):
            yield from self._contents(urls[first : first + _AT_ONCE], count).items()

    def _contents(self, urls: Sequence[str], count: int | None) -> dict[str, bytes | StoreError]:
        start = None if count is None else 0

        def one(url: str) -> bytes | StoreError:
            cat = partial(self._fs.cat_file, self._key(url), start=start, end=count)
            try:
                content: bytes = self._trying(url, cat)
            except StoreError as error:
                return error
            return content

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(urls, pool.map(one, urls), strict=True))

    def write(self, url: str, content: bytes) -> None:
        """Write an object whole.

        Raises:
            StoreError: It cannot be written.
        """
        self._trying(url, lambda: self._fs.pipe_file(self._key(url), content))

    def remove(self, urls: Iterable[str]) -> None:
        """Remove objects.

        Raises:
            StoreError: One cannot be removed.
        """
        for url in urls:
            self._trying(url, partial(self._fs.rm_file, self._key(url)))

    def _key(self, url: str) -> str:
        name: str = url.removeprefix(f"{self.scheme}://")
        return f"/{name}" if self.scheme == "memory" else name

    def _info(self, url: str) -> StoredObject | None:
        try:
            info = self._fs.info(self._key(url))
        except FileNotFoundError:
            return None
        return self._object(info) if info["type"] == "file" else None

    def _object(self, info: Mapping[str, Any]) -> StoredObject:
        url = f"{self.scheme}://{str(info['name']).lstrip('/')}"
        return StoredObject(url, int(info["size"] or 0), _tag(info))

    def _trying(self, url: str, call: Callable[[], _T]) -> _T:
        _ = self._fs  # a missing package is no error of the store
        for wait_s in (*_WAITS_S, None):
            try:
                return call()
            except Exception as error:
                if isinstance(error, OSError) and error.errno in _DISK:
                    raise
                # Texts of libraries may hold what signs a request, so they are not passed on.
                explained = explain(url, error)
                if wait_s is None or not explained.is_transient:
                    raise explained from None
                time.sleep(wait_s * random.uniform(1, 2))
        raise AssertionError("the last attempt returns or raises")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _tag(info: Mapping[str, Any]) -> str:
    """What a store calls the version of an object's content."""
    for name in ("ETag", "etag", "md5Hash", "content_md5", "blob_id", "mtime", "created"):
        if value := info.get(name):
            value = value.timestamp() if isinstance(value, datetime) else value
            return str(value).strip('"')
    return ""
