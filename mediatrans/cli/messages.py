"""The log messages of a command: which are shown on standard error, which go to a file."""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from mediatrans.errors import OutputError
from mediatrans.printable import printable

__all__ = ["Wanted", "message_options", "messages", "printable_lines", "wanted"]

_OURS = "mediatrans"
_WARNINGS = "py.warnings"
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
_KEY = "mediatrans.messages"


@dataclass
class Wanted:
    """What the options of the program and of the command ask for together.

    Attributes:
        verbosity: How often -v is given.
        log_file: Where messages are also written to, or None.
    """

    verbosity: int = 0
    log_file: Path | None = None


def wanted(context: click.Context) -> Wanted:
    """What is asked for so far; one object for the program and its command."""
    found = context.meta.setdefault(_KEY, Wanted())
    assert isinstance(found, Wanted)
    return found


def message_options() -> list[click.Option]:
    """New `-v` and `--log-file` options, whose values are added to `wanted`."""
    return [
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_add_verbosity,
            help="Print more messages to standard error; -vv also those for debugging.",
        ),
        click.Option(
            ["--log-file"],
            type=click.Path(path_type=Path, dir_okay=False),
            expose_value=False,
            callback=_set_log_file,
            help="Append all messages, also those for debugging, to this file.",
        ),
    ]


def _add_verbosity(context: click.Context, parameter: click.Parameter, value: int) -> None:
    wanted(context).verbosity += value


def _set_log_file(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        wanted(context).log_file = value


@contextmanager
def messages(ask: Wanted) -> Iterator[None]:
    """Show and write the messages of mediatrans, and the warnings of libraries.

    Messages of libraries below a warning are never shown: they concern their own developers.

    Args:
        ask: Which ones, and where to.

    Raises:
        OutputError: The log file cannot be written.
    """
    level = _LEVELS[min(ask.verbosity, len(_LEVELS) - 1)]
    screen = _ScreenHandler()
    screen.setLevel(level)
    words = "%(levelname)s %(name)s: %(message)s" if ask.verbosity else "%(levelname)s: %(message)s"
    screen.setFormatter(_PrintableFormatter(words))
    if not ask.verbosity:  # warnings of libraries name no file and have no remedy
        screen.addFilter(lambda record: record.name != _WARNINGS)
    handlers: list[logging.Handler] = [screen]
    if ask.log_file is not None:
        handlers.append(_file_handler(ask.log_file))
        level = logging.DEBUG
    root, ours = logging.getLogger(), logging.getLogger(_OURS)
    before = ours.level
    with ExitStack() as stack:
        for handler in handlers:
            root.addHandler(handler)
            stack.callback(handler.close)
            stack.callback(root.removeHandler, handler)
        stack.callback(ours.setLevel, before)
        ours.setLevel(level)
        logging.captureWarnings(True)
        try:
            yield
        except click.exceptions.Exit:  # --help, for example
            raise
        except BaseException as error:
            ours.debug("ends with %s", type(error).__name__, exc_info=True)
            raise


def _file_handler(path: Path) -> logging.Handler:
    try:
        if path.is_fifo():  # opening it would wait for a reader
            raise OSError(errno.EINVAL, "it is a named pipe")
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(
            f"the log file cannot be written ({error.strerror})",
            path=path,
            remedy="choose another --log-file",
        ) from error
    handler.setFormatter(_PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


class _ScreenHandler(logging.StreamHandler[TextIO]):
    """Writes to the standard error of the moment: a progress bar replaces it to keep its place."""

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is not sys.stderr:
            self.stream = sys.stderr
        super().emit(record)


class _PrintableFormatter(logging.Formatter):
    """Log lines with control characters escaped: messages name files."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return printable_lines(super().formatException(ei))


def printable_lines(text: str) -> str:
    """Several lines, each made printable."""
    return "\n".join(map(printable, text.rstrip("\n").split("\n")))
