"""The entry point of the command line: runs a command and returns its exit code."""

import importlib
import io
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from mediatrans import __version__
from mediatrans.cli.command import write_examples
from mediatrans.cli.interrupts import Interrupts
from mediatrans.cli.messages import message_options, printable_lines
from mediatrans.cli.patterns import expand_patterns
from mediatrans.cli.results import ResultStream
from mediatrans.cli.terminal import echo
from mediatrans.errors import ExitCode, Interrupted, MediatransError
from mediatrans.files.addresses import refuse_credentials
from mediatrans.translate.engines.loading import LOADING_THREAD

COMMANDS = {
    "benchmark": "mediatrans.cli.benchmark",
    "check": "mediatrans.cli.check",
    "completion": "mediatrans.cli.completion",
    "config": "mediatrans.cli.config",
    "convert": "mediatrans.cli.convert",
    "demo": "mediatrans.cli.demo",
    "doctor": "mediatrans.cli.doctor",
    "evaluate": "mediatrans.cli.evaluate",
    "export-onnx": "mediatrans.cli.export_onnx",
    "models": "mediatrans.cli.models",
    "prepare": "mediatrans.cli.prepare",
    "train": "mediatrans.cli.train",
    "watch": "mediatrans.cli.watch",
}
"""Each command's name and the module that holds its `command`."""


_EXAMPLES = (
    ("demo", "Draw a clip of a summer road and translate it to winter."),
    ("convert holiday.mp4 photos/ --to winter", "Translate a video and a folder."),
    ("convert --help", "Show the options and examples of a command."),
)


class LazyGroup(click.Group):
    """A click group that imports a command's module only when that command is used."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.params += message_options()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(formatter, _EXAMPLES)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; an unknown one gets suggestions."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The command names, in the order of `--help`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mediatrans")
def cli() -> None:
    """Learn an unpaired translation between two folders of pictures and apply it to media."""


def run(arguments: Sequence[str] | None = None, interrupts: Interrupts | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after the program's name; None uses `sys.argv`.
        interrupts: The handlers of signals; None if they are not installed.
    """
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        refuse_credentials(words)
        if arguments is None and sys.platform == "win32":
            words = expand_patterns(words)
        result = cli.main(words, prog_name="mediatrans", standalone_mode=False, obj=words)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(printable_lines(shown.getvalue()), err=True)
        return ExitCode.USAGE
    except MediatransError as error:
        echo(f"mediatrans: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        # click turns a KeyboardInterrupt into an Abort and keeps the original as its cause.
        interrupt = (
            error if isinstance(error, Interrupted) else error.__cause__ or error.__context__
        )
        hint = interrupt.hint if isinstance(interrupt, Interrupted) else ""
        echo(f"mediatrans: interrupted. {hint}".rstrip(), err=True)
        return interrupt.exit_code if isinstance(interrupt, Interrupted) else ExitCode.SIGINT
    except MemoryError:
        echo("mediatrans: not enough memory; use smaller pictures or fewer at a time", err=True)
        return ExitCode.INPUT
    except SystemExit as stop:
        # click raises this when a shell has asked for completions, with 0, and when stdout is a
        # pipe that was closed at the other end.
        return ExitCode.OUTPUT if stop.code else ExitCode.OK
    except Exception:
        # A signal in the wrong place of a library may come out as another error.
        if interrupts is not None and interrupts.number is not None:
            echo("mediatrans: interrupted.", err=True)
            return 128 + interrupts.number
        click.echo(printable_lines(traceback.format_exc()), err=True)
        click.echo("mediatrans: this is a bug; please report it with the lines above.", err=True)
        return ExitCode.INTERNAL
    # With standalone_mode=False, click returns the command's result or an early exit's code.
    return result if isinstance(result, int) else ExitCode.OK


def main() -> None:
    """The entry point: reserves stdout for results, handles signals, runs and exits."""
    interrupts = Interrupts()
    code: int = ExitCode.INTERNAL
    try:
        interrupts.install()
        _reserve_stdout_for_results()
        code = _flushed(run(interrupts=interrupts))
        interrupts.release()
    except BaseException:
        # A signal that comes while an error is shown, or at the end, is no error of its own.
        if interrupts.number is None:
            raise
    is_loading = any(thread.name == LOADING_THREAD for thread in threading.enumerate())
    if interrupts.number is None and not is_loading:
        sys.exit(code)
    # Python would wait for what native libraries are doing, or break them off.
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code if interrupts.number is None else 128 + interrupts.number)


def _flushed(code: int) -> int:
    """The exit code of a command, after its results have been written."""
    try:
        sys.stdout.flush()
    except MediatransError as error:
        echo(f"mediatrans: {error}", err=True)
        return error.exit_code
    except SystemExit:  # the pipe is closed at the other end
        return ExitCode.OUTPUT
    return code


def _reserve_stdout_for_results() -> None:
    """Point descriptor 1 at stderr, so that output of native libraries never mixes with results.

    Python's own `sys.stdout` keeps writing to the real stdout. File names that are not UTF-8 are
    written as their original bytes.
    """
    sys.stdout.flush()
    results = io.FileIO(os.dup(1), "w")
    os.dup2(2, 1)
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    errors = "surrogateescape" if errors == "strict" else errors
    sys.stdout = ResultStream(
        io.BufferedWriter(results), encoding, errors, line_buffering=results.isatty()
    )
