"""Text for a terminal, with the control characters escaped that file names may hold."""

import sys
from typing import TYPE_CHECKING, Any

import click

from mediatrans.files.records import json_text
from mediatrans.printable import UNSAFE, printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["echo", "json_line", "stderr_console"]


def echo(text: str, *, err: bool = False) -> None:
    """Print one line, made printable.

    Args:
        text: The line.
        err: Whether it goes to standard error.
    """
    click.echo(printable(text), err=err)


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
