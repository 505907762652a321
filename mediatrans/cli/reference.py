"""The reference of the command line, docs/cli.md; run as a module, it prints the page."""

from collections.abc import Iterator

import click

from mediatrans.cli.main import COMMANDS, cli

__all__ = ["reference"]

_WIDTH = 92

_INTRODUCTION = """\
# The command line

What `--help` shows of every command. This page is generated: `make docs` writes it.

The exit code is 0 where everything asked for exists and passed, 1 for a bug, 2 for wrong usage, 3
for an input, 4 for a model, 5 for a device, 6 for an output, 7 for a quality limit that is not met,
8 for a training that diverged, and 130 or 143 after an interruption.
"""


def reference() -> str:
    """The page, as Markdown."""
    return "\n".join([_INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    with click.Context(cli, info_name="mediatrans", **cli.context_settings) as program:
        yield _section("mediatrans", cli, program)
        for name in COMMANDS:
            command = cli.get_command(program, name)
            assert command is not None
            with click.Context(command, parent=program, info_name=name) as context:
                yield _section(f"mediatrans {name}", command, context)


def _section(title: str, command: click.Command, context: click.Context) -> str:
    formatter = click.HelpFormatter(width=_WIDTH)
    command.format_help(context, formatter)
    return f"## {title}\n\n```text\n{formatter.getvalue().rstrip()}\n```\n"


if __name__ == "__main__":
    print(reference(), end="")
