"""`mediatrans config`: the settings that hold, and where they come from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from click.core import ParameterSource

from mediatrans.cli.command import Command
from mediatrans.cli.settings_files import (
    PROJECT_FILE,
    environment_variable,
    given_by_files,
    key_of,
    preset_files,
    project_file,
    take_from_files,
    user_file,
)
from mediatrans.cli.terminal import echo, json_line
from mediatrans.errors import UsageError

__all__ = ["command"]

_OTHER_VARIABLES = frozenset({"MEDIATRANS_FFMPEG"})

_EXAMPLES = (
    ("config", "Show the settings files, and what they and the environment set."),
    ("config convert", "Show all settings of a command, also those that nothing sets."),
    ("config --json", "The same as the first, for a program to read."),
)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting of a command: its value, and what it comes from ("default", a variable, a file)."""

    command: str
    key: str
    value: Any
    origin: str


@click.command(
    "config",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Show the settings that hold, and why.",
)
@click.argument("of", metavar="[COMMAND]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per setting.")
@click.pass_context
def command(context: click.Context, /, of: str | None, as_json: bool) -> int:
    """Show the settings files, and the settings that they and the environment give to options.

    Flags override environment variables (MEDIATRANS_CONVERT_CRF=20), which override the preset
    file, the project file and the user file, in this order.
    """
    program = context.find_root()
    commands = _commands(program)
    if of is not None and of not in commands:
        raise UsageError(f"unknown command {of!r}", remedy=f"use one of {', '.join(commands)}")
    names = [of] if of is not None else list(commands)
    settings = [setting for name in names for setting in _settings(commands[name], program)]
    if of is None:
        settings = [setting for setting in settings if setting.origin != "default"]
    if as_json:
        for setting in settings:
            row = {"command": setting.command, "setting": setting.key}
            click.echo(json_line(row | {"value": setting.value, "from": setting.origin}))
    else:
        _show_files()
        _show(settings)
    for variable in _unknown_variables(commands):
        echo(f"{variable} is the variable of no option", err=True)
    return 0


def _commands(program: click.Context) -> dict[str, click.Command]:
    group = program.command
    assert isinstance(group, click.Group)
    found = {name: group.get_command(program, name) for name in group.list_commands(program)}
    return {name: command for name, command in found.items() if command is not None}


def _settings(command: click.Command, program: click.Context) -> Iterator[_Setting]:
    """The settings of a command as they would be without any flag."""
    name = command.name or ""
    # Nothing is missing, and nothing invalid ends the listing of the rest.
    context = click.Context(command, info_name=name, parent=program, resilient_parsing=True)
    with context:
        take_from_files(command, context)
        command.parse_args(context, [])
        files = given_by_files(context)
        for option in command.params:
            if not isinstance(option, click.Option) or option.name not in context.params:
                continue
            source = context.get_parameter_source(option.name)
            origin = "default"
            if source is ParameterSource.ENVIRONMENT:
                origin = environment_variable(name, option)
            elif source is ParameterSource.DEFAULT_MAP:
                origin = str(files[option.name].path)
            yield _Setting(name, key_of(option), _plain(context.params[option.name]), origin)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):  # of --fail-under
        value = [f"{key}={part}" for key, part in value.items()]
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else str(value)


def _show_files() -> None:
    user, project = user_file(), project_file()
    echo(f"user file     {user}{'' if user.exists() else ' (not there)'}")
    echo(f"project file  {project or f'{PROJECT_FILE} (not there)'}")
    presets = ", ".join(preset_files()) or "none"
    echo(f"preset files  {presets} (in {user.parent / 'presets'})")


def _show(settings: list[_Setting]) -> None:
    if not settings:
        echo("nothing is set: the defaults hold, see --help of a command")
        return
    width = max(len(f"{setting.command} {setting.key}") for setting in settings)
    values = {id(setting): _text(setting.value) for setting in settings}
    most = min(40, max(map(len, values.values())))
    for setting in settings:
        name = f"{setting.command} {setting.key}"
        echo(f"{name:<{width}}  {values[id(setting)]:<{most}}  {setting.origin}")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _unknown_variables(commands: dict[str, click.Command]) -> list[str]:
    known = {
        environment_variable(name, option)
        for name, command in commands.items()
        for option in command.params
        if isinstance(option, click.Option)
    }
    ours = {name for name in os.environ if name.startswith("MEDIATRANS_")}
    return sorted(ours - known - _OTHER_VARIABLES)
