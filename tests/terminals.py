"""Runs the command line on a pseudo terminal, where progress bars are drawn."""

import os
from contextlib import suppress

from tests.child_processes import Child
from tests.fork_server import mediatrans_words


def on_a_terminal(*words: str, columns: int = 200, **environment: str) -> tuple[int, str]:
    """The exit code of a run, and what it writes to the terminal.

    Args:
        words: The words after the program's name.
        columns: The width of the terminal.
        environment: Variables that are set besides those of this process.
    """
    ours, theirs = os.openpty()
    terminal = {"TERM": "xterm", "COLUMNS": str(columns)}
    with Child[bytes](
        [*mediatrans_words(), *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | terminal | environment,
    ) as run:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a pseudo terminal
            while part := os.read(ours, 65_536):
                shown += part
        code = run.wait()
    os.close(ours)
    return code, shown.decode()
