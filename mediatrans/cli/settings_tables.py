"""The settings files: where they are, the tables in them, and what is wrong with these."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import platformdirs

from mediatrans.errors import UsageError
from mediatrans.files.regular import read_regular
from mediatrans.files.toml_text import TomlError, read_toml

__all__ = [
    "PROJECT_FILE",
    "Fault",
    "OnFault",
    "SettingsFile",
    "checked",
    "preset_files",
    "project_file",
    "raise_fault",
    "read_settings_files",
    "read_table",
    "unknown",
    "user_file",
]

PROJECT_FILE = "mediatrans.toml"
"""The name of a project's settings file; the table `tool.mediatrans` of pyproject.toml is another
place for the same."""

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
class Fault:
    """What cannot be taken from a settings file.

    Attributes:
        error: Why; its message names the file.
        path: The file.
        command: The command whose setting it is; "" for a fault of the whole file.
        key: The setting; "" likewise.
        value: Its value.
    """

    error: UsageError
    path: Path
    command: str = ""
    key: str = ""
    value: Any = None


OnFault = Callable[[Fault], None]
"""Called with each fault; what it concerns is then left out."""


def raise_fault(fault: Fault) -> NoReturn:
    """Raise the error of a fault."""
    raise fault.error from fault.error.__cause__


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


def read_settings_files(
    commands: Sequence[str], on_fault: OnFault = raise_fault
) -> list[SettingsFile]:
    """The settings files that are there: that of the user, then that of the project.

    Args:
        commands: The names of all commands.
        on_fault: Called with each fault; without it, the first is raised.

    Raises:
        UsageError: A file cannot be read, or holds more than tables of commands.
    """
    found = []
    for path in (user_file(), project_file()):
        if path is None or not path.exists():
            continue
        try:
            table = _pyproject_table(path) if path.name == _PYPROJECT else read_table(path)
        except UsageError as error:
            on_fault(Fault(error, path))
            continue
        found.append(checked(path, table or {}, commands, on_fault))
    return found


def unknown(path: Path, what: str, word: str, known: Iterable[str]) -> UsageError:
    """The error of a word in a file that nothing is called, with those that are like it.

    Args:
        path: The file.
        what: The word and what it should be, "command 'convrt'".
        word: The word.
        known: The names that there are.
    """
    near = difflib.get_close_matches(word.replace("_", "-"), list(known), n=2)
    meant = f"did you mean {' or '.join(near)}?" if near else "see: mediatrans --help"
    return UsageError(f"unknown {what}", path=path, remedy=meant)


def checked(
    path: Path, table: Mapping[str, Any], commands: Sequence[str], on_fault: OnFault
) -> SettingsFile:
    """A settings file, all of whose keys are commands with a table of settings.

    Args:
        path: The file.
        table: Its content.
        commands: The names of all commands.
        on_fault: Called with each key that is none.
    """
    tables = {}
    for name, settings in table.items():
        if name not in commands:
            on_fault(Fault(unknown(path, f"command {name!r}", name, commands), path))
        elif not isinstance(settings, dict):
            remedy = f"write [{name}] above its settings"
            on_fault(Fault(UsageError(f"{name} is not a table", path=path, remedy=remedy), path))
        else:
            tables[name] = settings
    return SettingsFile(path, tables)


def read_table(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        UsageError: It cannot be read, or is not TOML.
    """
    try:
        return read_toml(read_regular(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"the settings file cannot be read ({reason})", path=path) from error
    except TomlError as error:
        problem = f"the settings file is not TOML ({error.problem})"
        raise UsageError(problem, path=path, remedy=error.remedy or None) from error


def _pyproject_table(path: Path) -> dict[str, Any] | None:
    """The table `tool.mediatrans`; None where there is none, or where the file is not readable.

    A broken pyproject.toml may concern other programs alone.
    """
    try:
        tool = read_toml(read_regular(path)).get("tool", {})
    except (OSError, TomlError):
        return None
    table = tool.get("mediatrans") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None
