"""Text for a terminal, with the control characters escaped that file names may hold."""

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from mediatrans.files.records import json_text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["echo", "json_line", "printable", "stderr_console"]

# C0 and C1 controls, line and paragraph separators, the marks that reverse the direction of
# writing, and the surrogates that stand for bytes which are not UTF-8.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Escape the characters that a terminal would obey instead of showing.

    Names, titles and error texts come from files, and files may come from strangers.

    Args:
        text: One line of text; a line break in it is escaped, too.

    Returns:
        The text, with "\x1b" for the escape character, "\n" for a line break and so on.
    """
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


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
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
