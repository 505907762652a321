"""`mediatrans config`: the settings that hold, and where they come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mediatrans.cli.command import Command
from mediatrans.cli.settings_files import (
    environment_variable,
    faults_of_preset,
    given_by_files,
    key_of,
    preset_path,
    take_from_files,
)
from mediatrans.cli.settings_tables import (
    PROJECT_FILE,
    Fault,
    preset_files,
    project_file,
    read_settings_files,
    user_file,
)
from mediatrans.cli.terminal import echo, json_line
from mediatrans.errors import MediatransError, UsageError

__all__ = ["command"]

_EXAMPLES = (
    ("config", "Show the settings files, and what they and the environment set."),
    ("config convert", "Show all settings of a command, also those that nothing sets."),
    ("config --preset-file web", "Show what your preset file of this name sets."),
    ("config --json", "The same as the first, for a program to read."),
)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting of a command.

    Attributes:
        command: The command.
        key: The setting.
        value: Its value, or what is given in place of one.
        origin: What it comes from: "default", a variable or a file.
        problem: Why it cannot be taken, or None.
    """

    command: str
    key: str
    value: Any
    origin: str
    problem: str | None = None


@click.command(
    "config",
    cls=Command,
    shows_faults=True,
    examples=_EXAMPLES,
    short_help="Show the settings that hold, and why.",
)
@click.argument("of", metavar="[COMMAND]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per setting.")
@click.option(
    "--preset-file",
    "--preset",
    "preset",
    metavar="NAME|FILE",
    help="Show what this preset file sets instead: one of yours by its name, or any file.",
)
@click.pass_context
def command(context: click.Context, /, of: str | None, as_json: bool, preset: str | None) -> int:
    """Show the settings files, and the settings that they and the environment give to options.

    Flags override environment variables (MEDIATRANS_CONVERT_CRF=20), which override the preset
    file, the project file and the user file, in this order. What cannot be taken is shown with the
    reason.
    """
    program = context.find_root()
    commands = _commands(program)
    if of is not None and of not in commands:
        raise UsageError(f"unknown command {of!r}", remedy=f"use one of {', '.join(commands)}")
    names = [of] if of is not None else list(commands)
    if preset is not None:
        path = preset_path(preset)
        settings, faulty = _of_preset(path, [commands[name] for name in names], program)
        heads = [f"preset file  {_shown(path, faulty)}"]
    else:
        settings = [setting for name in names for setting in _settings(commands[name], program)]
        faulty = _invalid_files(commands, program)
        heads = _file_lines(faulty)
    if of is None:
        settings = [setting for setting in settings if setting.origin != "default"]
    if as_json:
        for setting in settings:
            row: dict[str, Any] = {"command": setting.command, "setting": setting.key}
            row |= {"value": setting.value, "from": setting.origin, "problem": setting.problem}
            click.echo(json_line(row))
        for file, reasons in faulty.items():
            click.echo(json_line({"file": str(file), "problem": reasons}))
    else:
        for line in heads:
            echo(line)
        _show(settings)
    return 0


def _commands(program: click.Context) -> dict[str, click.Command]:
    group = program.command
    assert isinstance(group, click.Group)
    found = {name: group.get_command(program, name) for name in group.list_commands(program)}
    return {name: command for name, command in found.items() if command is not None}


def _settings(command: click.Command, program: click.Context) -> Iterator[_Setting]:
    """The settings of a command as they would be without any flag."""
    name = command.name or ""
    faults: list[Fault] = []
    # Nothing is missing, and nothing invalid ends the listing of the rest.
    context = click.Context(command, info_name=name, parent=program, resilient_parsing=True)
    with context:
        take_from_files(command, context, faults.append)
        command.parse_args(context, [])
        files = given_by_files(context)
        for option in command.params:
            if not isinstance(option, click.Option) or option.name is None:
                continue
            source = context.get_parameter_source(option.name)
            if source is ParameterSource.ENVIRONMENT:
                yield _from_environment(option, name, context)
            elif option.name in context.params:
                is_given = source is ParameterSource.DEFAULT_MAP
                origin = str(files[option.name].path) if is_given else "default"
                yield _Setting(name, key_of(option), _plain(context.params[option.name]), origin)
    for fault in faults:
        if fault.key:
            yield _Setting(
                name, fault.key, _plain(fault.value), str(fault.path), _words(fault.error)
            )


def _from_environment(option: click.Option, command: str, context: click.Context) -> _Setting:
    """The setting of an option that a variable sets, also where it cannot be taken."""
    raw = option.value_from_envvar(context)
    value, problem = context.params.get(option.name or "", raw), None
    try:
        converted = option.type_cast_value(context, raw)
        if option.callback is not None and option.name in (*context.params, "preset_file"):
            option.callback(context, option, converted)
    except click.BadParameter as error:
        value, problem = raw, error.message
    except MediatransError as error:
        value, problem = raw, _words(error)
    origin = environment_variable(command, option)
    return _Setting(command, key_of(option), _plain(value), origin, problem)


def _words(error: MediatransError) -> str:
    """What is wrong and what to do, without the file, which is shown beside it."""
    return f"{error.problem}; {error.remedy}" if error.remedy else error.problem


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):  # of --fail-under
        value = [f"{key}={part}" for key, part in value.items()]
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else str(value)


def _shown(path: Path, faulty: Mapping[Path, str]) -> str:
    """A file, with what is wrong with it as a whole behind it."""
    return f"{path}  (invalid: {faulty[path]})" if path in faulty else str(path)


def _file_lines(faulty: Mapping[Path, str]) -> list[str]:
    """The lines of the settings files and the presets."""
    user, project = user_file(), project_file()
    lines = [
        f"user file     {_shown(user, faulty) if user.exists() else f'{user} (not there)'}",
        "project file  "
        + (f"{PROJECT_FILE} (not there)" if project is None else _shown(project, faulty)),
    ]
    presets = preset_files()
    if not presets:
        lines.append(f"preset files  none in {user.parent / 'presets'}")
    width = max(map(len, presets), default=0)
    label = "preset files"
    for name, path in presets.items():
        lines.append(f"{label:<12}  {name:<{width}}  {_shown(path, faulty)}")
        label = ""
    return lines


def _of_preset(
    path: Path, commands: Sequence[click.Command], program: click.Context
) -> tuple[list[_Setting], dict[Path, str]]:
    """What a preset file sets of the commands that take one, and what is wrong with the file."""
    settings: list[_Setting] = []
    reasons: list[str] = []
    for command in commands:
        options = {option.name: option for option in command.params}
        if "preset_file" not in options:
            continue
        name = command.name or ""
        with click.Context(command, info_name=name, parent=program) as context:
            faults = faults_of_preset(command, context, path)
            for key, given in given_by_files(context).items():
                value = _plain(options[key].type_cast_value(context, given.value))
                settings.append(_Setting(name, key_of(options[key]), value, str(given.path)))
        for fault in faults:
            if fault.key:
                problem = _words(fault.error)
                settings.append(_Setting(name, fault.key, _plain(fault.value), str(path), problem))
            else:
                reasons.append(_words(fault.error))
    return settings, {path: "; ".join(dict.fromkeys(reasons))} if reasons else {}


def _invalid_files(
    commands: Mapping[str, click.Command], program: click.Context
) -> dict[Path, str]:
    """The settings files and presets that are invalid as a whole, with the reasons."""
    faults: list[Fault] = []
    read_settings_files(list(commands), faults.append)
    convert = commands["convert"]
    for path in preset_files().values():
        with click.Context(convert, info_name="convert", parent=program) as context:
            faults += faults_of_preset(convert, context, path)
    reasons: dict[Path, list[str]] = {}
    for fault in faults:
        reasons.setdefault(fault.path, []).append(_words(fault.error))
    return {path: "; ".join(dict.fromkeys(words)) for path, words in reasons.items()}


def _show(settings: list[_Setting]) -> None:
    if not settings:
        echo("nothing is set: the defaults hold, see --help of a command")
        return
    width = max(len(f"{setting.command} {setting.key}") for setting in settings)
    values = {id(setting): _text(setting.value) for setting in settings}
    most = min(40, max(map(len, values.values())))
    for setting in settings:
        name = f"{setting.command} {setting.key}"
        mark = f"  (invalid: {setting.problem})" if setting.problem else ""
        echo(f"{name:<{width}}  {values[id(setting)]:<{most}}  {setting.origin}{mark}")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
