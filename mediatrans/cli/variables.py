"""The environment variables of the program that set nothing, each with the name that is like it."""

import difflib
import os
from collections.abc import Iterable, Iterator

import click

from mediatrans.cli.settings_files import environment_variable

__all__ = ["unknown_variables"]

_PREFIX = "MEDIATRANS_"
_OTHERS = frozenset({"MEDIATRANS_FFMPEG"})
"""The variables that belong to no option."""


def unknown_variables(context: click.Context) -> list[str]:
    """A sentence for each variable that begins as ours do and belongs to no option of any command.

    The other commands are loaded only if a variable is there that this command does not have.

    Args:
        context: The context of a command.
    """
    ours = {name for name in os.environ if name.upper().startswith(_PREFIX)}
    unknown = ours - _OTHERS - set(_variables([context.command]))
    if not unknown:
        return []
    known = {*_OTHERS, *_variables(_commands(context.find_root()))}
    return [_sentence(name, known) for name in sorted(unknown - known)]


def _sentence(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name.upper(), sorted(known), n=1)
    remedy = f"did you mean {near[0]}?" if near else "see: mediatrans config --help"
    return f"{name} is the variable of no option, and sets nothing; {remedy}"


def _commands(program: click.Context) -> Iterator[click.Command]:
    group = program.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(program):
        if (command := group.get_command(program, name)) is not None:
            yield command


def _variables(commands: Iterable[click.Command]) -> Iterator[str]:
    for command in commands:
        for option in command.params:
            if isinstance(option, click.Option):
                yield environment_variable(command.name or "", option)
