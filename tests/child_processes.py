"""Processes that a test starts and that do not outlive it."""

import subprocess
from types import TracebackType
from typing import AnyStr

__all__ = ["Child"]


class Child(subprocess.Popen[AnyStr]):
    """A process whose `with` block waits for its end, and kills it if the test fails.

    Python's own would wait for a process that goes on by itself, such as `watch`, so that the test
    would hang instead of failing. Its time limit ends one wait alone.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
        try:
            super().__exit__(kind, error, traceback)
        except BaseException:
            self.kill()
            raise
