"""Settings files: the values that a user, a project or a preset file gives to options."""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import platformdirs

from mediatrans.cli.flags import Flag
from mediatrans.errors import UsageError
from mediatrans.files.regular import read_regular

__all__ = [
    "PROJECT_FILE",
    "Given",
    "SettingsFile",
    "environment_variable",
    "given_by_files",
    "key_of",
    "preset_file_flag",
    "preset_files",
    "project_file",
    "read_settings_files",
    "settings_from_files",
    "take_from_files",
    "user_file",
]

PROJECT_FILE = "mediatrans.toml"
"""The name of a project's settings file; the table `tool.mediatrans` of pyproject.toml is another
place for the same."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

_KEY = "mediatrans.settings_files"
_PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file that was read.

    Attributes:
        path: The file.
        tables: The settings by the name of a command.
    """

    path: Path
    tables: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Given:
    """A value from a settings file.

    Attributes:
        value: The value, as click takes it from a file.
        path: The file.
    """

    value: Any
    path: Path


def user_file() -> Path:
    """The path of the user's settings file, which may not exist."""
    return platformdirs.user_config_path("mediatrans", appauthor=False) / "config.toml"


def project_file() -> Path | None:
    """The project's settings file: `mediatrans.toml` in the current folder, else pyproject.toml.

    Other folders are not searched, as for `./models` and `./runs`.
    """
    if Path(PROJECT_FILE).exists():
        return Path(PROJECT_FILE)
    pyproject = Path(_PYPROJECT)
    return pyproject if pyproject.is_file() and _pyproject_table(pyproject) is not None else None


def preset_files() -> dict[str, Path]:
    """The preset files in the user's folder by their names, which `--preset-file` takes."""
    folder = user_file().parent / "presets"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_settings_files(commands: Sequence[str]) -> list[SettingsFile]:
    """The settings files that are there: that of the user, then that of the project.

    Args:
        commands: The names of all commands.

    Raises:
        UsageError: A file cannot be read, or holds more than tables of commands.
    """
    found = []
    if user_file().exists():
        found.append(_checked(user_file(), _read(user_file()), commands))
    project = project_file()
    if project is not None:
        is_own = project.name == PROJECT_FILE
        table = _read(project) if is_own else _pyproject_table(project)
        found.append(_checked(project, table or {}, commands))
    return found


def take_from_files(command: click.Command, context: click.Context) -> None:
    """Make what the settings files say of a command the defaults of its options.

    Args:
        command: The command.
        context: Its context, before its words are parsed.

    Raises:
        UsageError: A file cannot be read, names an unknown option, or has a wrong value.
    """
    parent = context.parent
    commands = [context.info_name or ""]
    if parent is not None and isinstance(parent.command, click.Group):
        commands = parent.command.list_commands(parent)
    for file in read_settings_files(commands):
        _take(command, context, file.path, file.tables.get(context.info_name or "", {}))


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


def _take_preset(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    known = preset_files()
    path = known.get(value, Path(value))
    if value not in known and not path.exists():
        names = ", ".join(known) or f"none in {user_file().parent / 'presets'}"
        raise UsageError(
            f"no preset file {value!r}",
            remedy=f"name a file, or one of your presets: {names}",
        )
    _take(context.command, context, path, _read(path))


def _take(
    command: click.Command, context: click.Context, path: Path, table: Mapping[str, Any]
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
        option = options.get(key.replace("_", "-"))
        if option is None or option.name is None:
            raise _unknown(path, f"setting {key!r} of {context.info_name}", key, options)
        usable = _usable(option, value, path)
        try:
            _convert(context, option, usable)
        except click.BadParameter as error:  # click's own message would not name the file
            raise UsageError(f"{key} = {value!r}: {error.message}", path=path) from error
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
    if isinstance(option.type, click.Path):
        texts = [one if one == "-" else str(path.parent / Path(one).expanduser()) for one in texts]
    return tuple(texts) if option.multiple else texts[0]


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


def _unknown(path: Path, what: str, word: str, known: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(word.replace("_", "-"), list(known), n=2)
    meant = f"did you mean {' or '.join(near)}?" if near else "see: mediatrans --help"
    return UsageError(f"unknown {what}", path=path, remedy=meant)


def _checked(path: Path, table: Mapping[str, Any], commands: Sequence[str]) -> SettingsFile:
    """A settings file, all of whose keys are commands with a table of settings."""
    for name, settings in table.items():
        if name not in commands:
            raise _unknown(path, f"command {name!r}", name, commands)
        if not isinstance(settings, dict):
            raise UsageError(
                f"{name} is not a table", path=path, remedy=f"write [{name}] above its settings"
            )
    return SettingsFile(path, table)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_regular(path).decode("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the settings file cannot be read ({reason})", path=path) from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"the settings file is not TOML ({error})", path=path) from error


def _pyproject_table(path: Path) -> dict[str, Any] | None:
    """The table `tool.mediatrans`; None where there is none, or where the file is not readable.

    A broken pyproject.toml may concern other programs alone.
    """
    try:
        tool = tomllib.loads(read_regular(path).decode()).get("tool", {})
    except (OSError, RecursionError, ValueError):
        return None
    table = tool.get("mediatrans") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None
