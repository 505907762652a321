"""The values that settings files give to the options of a command."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from mediatrans.cli.flags import Flag
from mediatrans.cli.settings_tables import (
    Fault,
    OnFault,
    checked,
    preset_files,
    raise_fault,
    read_settings_files,
    read_table,
    unknown,
    user_file,
)
from mediatrans.errors import UsageError

__all__ = [
    "Given",
    "environment_variable",
    "faults_of_preset",
    "given_by_files",
    "key_of",
    "preset_file_flag",
    "preset_path",
    "settings_from_files",
    "take_from_files",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_KEY = "mediatrans.settings_files"
_FIRST_PRINTABLE = 32
_ESCAPES = {8: r"\b", 9: r"\t", 10: r"\n", 12: r"\f", 13: r"\r"}


@dataclass(frozen=True, slots=True)
class Given:
    """A value from a settings file.

    Attributes:
        value: The value, as click takes it from a file.
        path: The file.
    """

    value: Any
    path: Path


def take_from_files(
    command: click.Command, context: click.Context, on_fault: OnFault = raise_fault
) -> None:
    """Make what the settings files say of a command the defaults of its options.

    Args:
        command: The command.
        context: Its context, before its words are parsed.
        on_fault: Called with each fault; without it, the first is raised.

    Raises:
        UsageError: A file cannot be read, names an unknown option, or has a wrong value.
    """
    for file in read_settings_files(_commands_of(context), on_fault):
        table = file.tables.get(context.info_name or "", {})
        _take(command, context, file.path, table, on_fault)


def faults_of_preset(command: click.Command, context: click.Context, path: Path) -> list[Fault]:
    """What a command cannot take from a preset file.

    Args:
        command: The command.
        context: A context of it, whose defaults are changed.
        path: The preset file.
    """
    found: list[Fault] = []
    try:
        _take(command, context, path, _preset_table(context, path, found.append), found.append)
    except UsageError as error:
        found.append(Fault(error, path))
    return found


def preset_file_flag(command: _Function) -> _Function:
    """A decorator that adds `--preset-file`: settings from one more file, above the others."""
    return click.option(
        "--preset-file",
        metavar="NAME|FILE",
        is_eager=True,
        expose_value=False,
        callback=_take_preset,
        help="Take settings from this file, or from your preset file of this name. Flags and "
        "environment variables override them.",
    )(command)


def given_by_files(context: click.Context) -> dict[str, Given]:
    """What the settings files give to the options of a command, by the options' own names.

    Args:
        context: The command's context, after its words were parsed.
    """
    found = context.meta.setdefault(f"{_KEY}.{context.command_path}", {})
    assert isinstance(found, dict)
    return found


def settings_from_files(context: click.Context) -> set[str]:
    """The options' own names whose values are those of a settings file, and of nothing above it."""
    from_file = click.core.ParameterSource.DEFAULT_MAP
    return {name for name in context.params if context.get_parameter_source(name) is from_file}


def key_of(option: click.Parameter) -> str:
    """The name of an option in settings files: its long flag without dashes in front."""
    return next((flag for flag in option.opts if flag.startswith("--")), option.opts[0]).lstrip("-")


def environment_variable(command: str, option: click.Parameter) -> str:
    """The variable that sets an option of a command, for example MEDIATRANS_CONVERT_CRF."""
    return f"mediatrans_{command}_{key_of(option)}".replace("-", "_").upper()


def preset_path(name: str) -> Path:
    """The preset file of a name, or the file that is named.

    Raises:
        UsageError: There is neither.
    """
    known = preset_files()
    path = known.get(name, Path(name))
    if name not in known and not path.exists():
        names = ", ".join(known) or f"none in {user_file().parent / 'presets'}"
        raise UsageError(
            f"no preset file {name!r}",
            remedy=f"name a file, or one of your presets: {names}",
        )
    return path


def _take_preset(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        path = preset_path(value)
        _take(context.command, context, path, _preset_table(context, path))


def _preset_table(
    context: click.Context, path: Path, on_fault: OnFault = raise_fault
) -> dict[str, Any]:
    """What a preset file says of a command: its plain settings, and the command's own table.

    Raises:
        UsageError: The file cannot be read, or holds a table of no command.
    """
    content = read_table(path)
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    plain = {key: value for key, value in content.items() if key not in tables}
    own = checked(path, tables, _commands_of(context), on_fault).tables
    return plain | dict(own.get(context.info_name or "", {}))


def _commands_of(context: click.Context) -> list[str]:
    """The names of all commands of the program."""
    parent = context.parent
    if parent is not None and isinstance(parent.command, click.Group):
        return parent.command.list_commands(parent)
    return [context.info_name or ""]


def _take(
    command: click.Command,
    context: click.Context,
    path: Path,
    table: Mapping[str, Any],
    on_fault: OnFault = raise_fault,
) -> None:
    """Check a table and add its values to the defaults of a command."""
    options = {
        flag.lstrip("-"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for flag in parameter.opts
        if flag.startswith("--")
    }
    defaults = dict(context.default_map or {})
    for key, value in table.items():
        try:
            option = options.get(key.replace("_", "-"))
            if option is None or option.name is None:
                raise unknown(path, f"setting {key!r} of {context.info_name}", key, options)
            usable = _usable(option, value, path)
            try:
                _convert(context, option, usable)
            except click.BadParameter as error:  # click's own message would not name the file
                raise UsageError(f"{key} = {value!r}: {error.message}", path=path) from error
        except UsageError as error:
            on_fault(Fault(error, path, context.info_name or "", key, value))
            continue
        defaults[option.name] = usable
        given_by_files(context)[option.name] = Given(usable, path)
    context.default_map = defaults


def _usable(option: click.Option, value: Any, path: Path) -> Any:
    """A value of TOML as click takes it; relative paths are relative to the file's folder."""
    values = value if isinstance(value, list) else [value]
    is_switch = option.is_flag and not option.count
    if isinstance(value, list) and not option.multiple:
        _refuse(path, option, value)
    if not all(
        isinstance(one, str | int | float) and isinstance(one, bool) == is_switch for one in values
    ):
        _refuse(path, option, value)
    if is_switch or option.count:
        return values[0]
    texts = [str(one) for one in values]
    if any(ord(letter) < _FIRST_PRINTABLE for one in texts for letter in one):
        written = ", ".join(f"'{one.translate(_ESCAPES)}'" for one in texts)
        raise UsageError(
            f"{key_of(option)} holds a control character, as which TOML reads a backslash with "
            "some letters between double quotes",
            path=path,
            remedy=f"write {key_of(option)} = "
            + (f"[{written}]" if isinstance(value, list) else written),
        )
    if isinstance(option.type, click.Path):
        texts = [one if one == "-" else _beside(path, one) for one in texts]
    return tuple(texts) if option.multiple else texts[0]


def _beside(file: Path, text: str) -> str:
    """A path that a settings file names, relative to its folder; a separator at its end stays."""
    ending = os.sep if text.endswith(("/", os.sep)) else ""
    return f"{file.parent / Path(text).expanduser()}{ending}"


def _convert(context: click.Context, option: click.Option, value: Any) -> None:
    """Convert a value as click will once it is taken."""
    converted = option.type_cast_value(context, value)
    if isinstance(option, Flag) and option.callback is not None:
        option.callback(context, option, converted)


def _refuse(path: Path, option: click.Option, value: Any) -> NoReturn:
    takes = "true or false" if option.is_flag else "a text or a number"
    raise UsageError(
        f"{key_of(option)} = {value!r} is not {takes}",
        path=path,
        remedy=f"see --{key_of(option)} in the help of the command",
    )
