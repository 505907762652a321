"""Standard output, whose errors are those of an output and not of the program."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mediatrans.errors import ExitCode, OutputError

__all__ = ["ResultStream"]


class ResultStream(io.TextIOWrapper):
    """Text for a descriptor. After an error nothing else is written to it.

    The layers below are Python's own: an exception that a signal raises in them cannot have the
    same bytes written twice.
    """

    def write(self, text: str, /) -> int:
        """Write text.

        Raises:
            OutputError: The disk is full.
            SystemExit: The pipe is closed at the other end, as by `head`, which needs no words.
        """
        with self._output_errors():
            return super().write(text)

    def flush(self) -> None:
        """Hand what is buffered to the system; errors as above."""
        with self._output_errors():
            super().flush()

    @contextmanager
    def _output_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # What is left in the buffers would fail again when they are closed.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                raise SystemExit(ExitCode.OUTPUT) from error
            raise OutputError(
                f"cannot write to standard output: {(error.strerror or str(error)).lower()}",
                remedy="check where it is redirected to",
            ) from error
