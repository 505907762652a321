"""Command-line flags generated from the settings of a dataclass."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import click

from mediatrans.files.names import path_of
from mediatrans.settings import Setting, setting_of

__all__ = ["Flag", "settings_flags"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _PathType(click.Path):
    """A path; a separator at its end is not lost."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path of a text."""
        return path_of(value) if isinstance(value, str) else super().convert(value, param, ctx)


class Flag(click.Option):
    """A flag with a heading in `--help`.

    Attributes:
        group: The heading.
    """

    def __init__(self, *words: Any, group: str, **how: Any) -> None:
        super().__init__(*words, **how)
        self.group = group


def settings_flags(
    kind: type,
    *,
    keep_unset: bool = False,
    groups: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Callable[[_Function], _Function]:
    """A decorator that adds one flag to a command for every setting of a dataclass.

    Args:
        kind: The dataclass; its fields are made by `mediatrans.settings.setting`. The command
            receives their values as keyword arguments.
        keep_unset: Whether a flag that is not given is None instead of the field's default. Bounds
            are then checked by the dataclass, since other values may be combined with the flags.
        groups: The headings in order; other headings follow them.
        without: The fields that get no flag.
    """
    types = get_type_hints(kind)
    declared = [
        field
        for field in fields(kind)
        if setting_of(field).flag != "" and field.name not in without
    ]
    order = {group: place for place, group in enumerate(groups)}
    declared.sort(key=lambda field: order.get(setting_of(field).group, len(order)))

    def decorate(command: _Function) -> _Function:
        for field in reversed(declared):
            command = _option(field, types[field.name], keep_unset)(command)
        return command

    return decorate


def _option(field: "Field[Any]", kind: Any, keep_unset: bool) -> Callable[[_Function], _Function]:
    declared = setting_of(field)
    default = None if field.default is MISSING else field.default
    is_flag = kind is bool
    name = field.name.replace("_", "-")
    words = (declared.flag or f"--{name}").split("/")
    if is_flag and keep_unset:
        words = [f"--{name}/--no-{name}"]
    how: dict[str, Any] = {
        "cls": Flag,
        "group": declared.group,
        "help": declared.help + _default_note(declared, default),
        "metavar": None if is_flag else declared.metavar,
        "default": None if keep_unset or declared.multiple else default,
    }
    if declared.multiple:
        how["multiple"] = True
    if declared.parse is not None:
        how["callback"] = _callback(declared.parse)
        if isinstance(default, int | float) and not declared.multiple:
            how["type"] = str  # click would take the default's type for that of all values
    elif is_flag and not keep_unset:
        how["is_flag"] = True
    else:
        how["type"] = _click_type(kind, None if keep_unset else declared)
    return click.option(*words, field.name, **how)


def _callback(parse: Callable[[Any], Any]) -> Callable[..., Any]:
    def read(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


def _click_type(kind: Any, declared: Setting | None) -> Any:
    if isinstance(kind, UnionType):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind))
    if kind is Path:
        return _PathType(path_type=Path)
    if declared is None or (declared.least is None and declared.most is None):
        return kind
    least, most = declared.least, declared.most
    if kind in (int, float):
        if kind is float:
            return click.FloatRange(least, most)
        return click.IntRange(
            None if least is None else int(least), None if most is None else int(most)
        )
    return kind


def _default_note(declared: Setting, default: Any) -> str:
    """The note on the default that ends a flag's help."""
    text = declared.default
    if text is None:
        text = "" if default is None or default is False else str(default)
        text = "on" if default is True else text
    return f"  [default: {text}]" if text else ""
