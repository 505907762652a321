"""Addresses of buckets, `s3://bucket/key`: which paths are some, and which are refused."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from mediatrans.errors import UsageError

if sys.platform == "win32":
    from pathlib import WindowsPath as _Base
else:
    from pathlib import PosixPath as _Base

__all__ = ["SCHEMES", "BucketPath", "is_url", "refuse_credentials", "refuse_urls", "url_of"]

SCHEMES = ("s3", "gs", "az", "hf", "memory")
"""The schemes of the addresses that are read and written."""

_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/{1,2}(?=[^/])")
_SIGNED = re.compile(r"(?i)[?&;](x-amz-|x-goog-|sig=|signature=|awsaccesskeyid=|token=)")
_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{1,2}[^/\s]*@")


class BucketPath(_Base):
    """The name of an object as it is shown: a path whose text is an address, `s3://bucket/key`."""

    def __str__(self) -> str:
        """The address."""
        text = super().__str__().replace("\\", "/")
        return _URL.sub(r"\1://", text, count=1)

    def absolute(self) -> "BucketPath":
        """The name itself."""
        return self


def is_url(path: Path | None) -> bool:
    """Whether a path is the address of something in a bucket.

    A Path keeps one of the two slashes of an address, so `Path("s3://bucket/key")` is one.
    """
    scheme = path.parts[0] if path is not None and path.parts else ""
    return scheme.endswith(":") and scheme[:-1].lower() in SCHEMES


def url_of(path: Path) -> str:
    """The address that a path is, with both slashes.

    Raises:
        UsageError: It holds credentials, or names no bucket. The message does not repeat it.
    """
    scheme, *parts = path.parts
    if not parts:
        raise UsageError(f"{scheme}// names no bucket", remedy=f"use {scheme}//BUCKET/KEY")
    if ":" in parts[0]:
        raise _holds_credentials()
    refuse_credentials([str(path)])
    return f"{scheme.lower()}//{'/'.join(parts)}"


def refuse_credentials(words: Iterable[str]) -> None:
    """Refuse addresses that hold a login or a signature.

    Args:
        words: What was given.

    Raises:
        UsageError: One does. The message does not repeat it.
    """
    if any(_LOGIN.search(word) or (":/" in word and _SIGNED.search(word)) for word in words):
        raise _holds_credentials()


def _holds_credentials() -> UsageError:
    return UsageError(
        "an address holds credentials",
        remedy="use SCHEME://BUCKET/KEY, and give credentials in the environment or in the "
        "settings of the store",
    )


def refuse_urls(
    paths: Iterable[Path], what: str, remedy: str, *, also_buckets: bool = True
) -> None:
    """Refuse addresses where files are needed; what they hold is not repeated.

    Args:
        paths: What was given.
        what: What needs files, "the report".
        remedy: What the user can do.
        also_buckets: Whether those of buckets are refused, and not only those of the web.

    Raises:
        UsageError: One is an address.
    """
    for path in paths:
        scheme = path.parts[0].lower() if path.parts else ""
        if scheme in ("http:", "https:", "ftp:") or (also_buckets and is_url(path)):
            raise UsageError(
                f"{what} cannot be an address that begins with {scheme}//", remedy=remedy
            )
