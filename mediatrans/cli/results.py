"""Standard output, whose errors are those of an output and not of the program."""

import io
from typing import Any

from mediatrans.errors import OutputError

__all__ = ["ResultStream"]


class ResultStream(io.FileIO):
    """A descriptor for results. After an error nothing else is written to it."""

    _has_failed = False

    def write(self, data: Any, /) -> int:
        """Write bytes.

        Raises:
            OutputError: The disk is full, or the pipe is closed at the other end.
        """
        if self._has_failed:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            self._has_failed = True
            raise OutputError(
                f"cannot write to standard output: {(error.strerror or str(error)).lower()}",
                remedy="check where it is redirected to",
            ) from error
