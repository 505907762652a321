"""Text for a terminal, with the control characters escaped that file names may hold."""

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

from mediatrans.files.records import json_text
from mediatrans.printable import UNSAFE, printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["echo", "echo_row", "fitted", "json_line", "stderr_console"]


_INDENT = 8
"""The columns of a status, "skipped ", in front of a file."""


def echo(text: str, *, err: bool = False) -> None:
    """Print one line, made printable.

    Args:
        text: The line.
        err: Whether it goes to standard error.
    """
    click.echo(printable(text), err=err)


def echo_row(text: str, *, err: bool = False) -> None:
    """Print the line of a file; on a terminal in several, broken between words at its width.

    Args:
        text: The line.
        err: Whether it goes to standard error.
    """
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    click.echo(fitted(printable(text), is_terminal=is_terminal), err=err)


def fitted(line: str, *, is_terminal: bool) -> str:
    """A line as it is for a file or a pipe; for a terminal broken between words at its width.

    What follows the first line is indented as far as the words behind a status. Words are never
    broken, so that a long path can be copied.

    Args:
        line: The line, printable.
        is_terminal: Where it goes.
    """
    if not is_terminal:
        return line
    return textwrap.fill(
        line,
        shutil.get_terminal_size().columns,
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )


def stderr_console() -> "Console":
    """A console on standard error.

    NO_COLOR and FORCE_COLOR are respected. It is interactive, so that bars are drawn, only where
    standard error is a terminal: FORCE_COLOR asks for colours and not for bars.
    """
    from rich.console import Console

    interactive = None if sys.stderr.isatty() else False
    return Console(stderr=True, soft_wrap=True, highlight=False, force_interactive=interactive)


def json_line(row: dict[str, Any]) -> str:
    """A JSON object on one line, without a character that a terminal would obey.

    Args:
        row: Anything that JSON can hold, without infinity and NaN.
    """
    text = json_text(row)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
