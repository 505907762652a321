"""The entry point: finds the command, runs it, turns its end into an exit code."""

import importlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

import click

from mediatrans import __version__
from mediatrans.errors import ExitCode, Interrupted, MediatransError

COMMANDS = {
    "convert": "mediatrans.cli.convert",
    "demo": "mediatrans.cli.demo",
    "doctor": "mediatrans.cli.doctor",
    "evaluate": "mediatrans.cli.evaluate",
    "export-onnx": "mediatrans.cli.export_onnx",
    "models": "mediatrans.cli.models",
    "prepare": "mediatrans.cli.prepare",
    "train": "mediatrans.cli.train",
}
"""Command names and the modules whose `command` they run."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The command names, in the order `--help` shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
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
@click.option("-v", "--verbose", is_flag=True, help="Log what the program does, to stderr.")
def cli(verbose: bool) -> None:
    """Learn an unpaired translation between two folders of pictures and apply it to media."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s" if verbose else "%(levelname)s: %(message)s",
    )
    logging.captureWarnings(True)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after the program's name; None takes `sys.argv`.
    """
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        result = cli.main(words, prog_name="mediatrans", standalone_mode=False, obj=words)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except MediatransError as error:
        click.echo(f"mediatrans: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        # click turns a KeyboardInterrupt into an Abort and keeps the original as its cause.
        interrupt = (
            error if isinstance(error, Interrupted) else error.__cause__ or error.__context__
        )
        hint = interrupt.hint if isinstance(interrupt, Interrupted) else ""
        click.echo(f"mediatrans: interrupted. {hint}".rstrip(), err=True)
        return interrupt.exit_code if isinstance(interrupt, Interrupted) else ExitCode.SIGINT
    except SystemExit:
        # click's way to end when the reader of stdout has gone away.
        return ExitCode.OUTPUT
    except Exception:
        traceback.print_exc()
        click.echo("mediatrans: this is a bug; please report it with the lines above.", err=True)
        return ExitCode.INTERNAL
    # Outside its standalone mode click returns a command's own result, or the code of an early end.
    return result if isinstance(result, int) else ExitCode.OK


def main() -> None:
    """The console script: guards stdout, turns SIGTERM into an orderly stop, exits."""
    _keep_stdout_for_answers()
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run())


def _keep_stdout_for_answers() -> None:
    """Point descriptor 1 at stderr, so that what native libraries print never mixes with answers.

    Python's own `sys.stdout` goes on writing to the real stdout. Names of files that are not UTF-8
    are written as the bytes that they are.
    """
    sys.stdout.flush()
    answers = os.dup(1)
    os.dup2(2, 1)
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    errors = "surrogateescape" if errors == "strict" else errors
    sys.stdout = os.fdopen(answers, "w", encoding=encoding, errors=errors)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Interrupted(signum)
