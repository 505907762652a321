"""The fingerprint of a written file, which tells it from one that was changed since."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["Fingerprint"]


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
