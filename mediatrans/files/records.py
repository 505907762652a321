"""Dataclasses as JSON and TOML: written by their fields, read back with their types checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import tomli_w

from mediatrans.files.toml_text import TomlError, read_toml

__all__ = [
    "RecordError",
    "from_json",
    "from_table",
    "from_toml",
    "json_text",
    "to_json",
    "to_table",
    "to_toml",
]

_T = TypeVar("_T")

_FRACTION = re.compile(r"-?[0-9]{1,40}(/[0-9]{1,40})?", re.ASCII)
_PLACE = re.compile(r"(.*) - at (?:`key` in )?`\$\.?(.*)`", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


class RecordError(ValueError):
    """A text or a table that is not the record it should be.

    Args:
        problem: What is wrong, a clause.
        field: The field it is wrong with, "fingerprint.size"; "" where it is the whole.
    """

    def __init__(self, problem: str, field: str = "") -> None:
        self.problem = problem
        self.field = field
        super().__init__(f"{field}: {problem}" if field else problem)


def from_table(kind: type[_T], table: object, *, extra_fields: bool = False) -> _T:
    """Build a dataclass from a table, as JSON and TOML give one.

    Nothing is coerced except what these formats cannot tell apart: a whole number is taken for a
    float, a list for a tuple, a text for a Path or a Fraction ("30000/1001").

    Args:
        kind: The dataclass; its fields may be nested dataclasses, Literals, tuples, dicts, unions.
        table: The table; fields with a default may be absent.
        extra_fields: Whether fields that the dataclass does not have are passed over.

    Raises:
        RecordError: A field is missing, of another type or unknown.
        Exception: Whatever else than ValueError and TypeError its `__post_init__` raises.
    """
    try:
        record = msgspec.convert(table, kind, dec_hook=_read_special, str_keys=True)
        unknown = None if extra_fields else _unknown_field(table, to_table(record))
    except msgspec.ValidationError as error:
        raise _record_error(kind, str(error)) from error
    except RecursionError as error:
        raise RecordError("nested too deeply") from error
    if unknown is not None:
        raise RecordError("unknown field", unknown)
    return record


def from_json(kind: type[_T], text: str | bytes, *, extra_fields: bool = False) -> _T:
    """Read a dataclass from JSON; arguments and errors as for `from_table`."""
    try:
        table = json.loads(text, parse_constant=_refuse_constant)
    except (RecursionError, ValueError) as error:
        raise RecordError(f"not JSON ({_reason(error)})") from error
    return from_table(kind, table, extra_fields=extra_fields)


def from_toml(kind: type[_T], text: str | bytes, *, extra_fields: bool = False) -> _T:
    """Read a dataclass from TOML; arguments and errors as for `from_table`."""
    try:
        table = read_toml(text)
    except TomlError as error:
        raise RecordError(f"not TOML ({error})") from error
    return from_table(kind, table, extra_fields=extra_fields)


def to_table(record: Any) -> dict[str, Any]:
    """A dataclass as a table of what JSON and TOML have, nested dataclasses included."""
    table: dict[str, Any] = msgspec.to_builtins(record, enc_hook=_write_special, str_keys=True)
    return table


def to_json(record: Any) -> str:
    """A dataclass as JSON on one line.

    Raises:
        ValueError: A number is infinite or NaN, which JSON does not have.
    """
    return json_text(to_table(record))


def json_text(value: object, indent: int | None = None) -> str:
    """JSON that any text can be in: names of files that are not UTF-8 are escaped.

    Args:
        value: What JSON can hold.
        indent: Spaces for each level; None makes one line.

    Raises:
        ValueError: A number is infinite or NaN, which JSON does not have.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def to_toml(record: Any) -> str:
    """A dataclass as TOML; fields that are None are left out, as TOML has no null."""
    return tomli_w.dumps(_without_none(to_table(record)))


def _read_special(kind: type, value: object) -> object:
    """What msgspec does not know: a Path or a Fraction from its text."""
    if kind not in (Path, Fraction):
        raise NotImplementedError(f"records do not hold {kind}")
    if not isinstance(value, str):
        raise TypeError("expected a text")
    if kind is Path:
        if "\0" in value:
            raise ValueError("a path cannot hold a null character")
        return Path(value)
    try:
        if _FRACTION.fullmatch(value):
            return Fraction(value)
    except ZeroDivisionError:
        pass
    raise ValueError("expected a fraction, as 30000/1001 is one")


def _write_special(value: object) -> str:
    if isinstance(value, Path | Fraction):
        return str(value)
    raise NotImplementedError(f"records do not hold {type(value)}")


def _record_error(kind: type, message: str) -> RecordError:
    """Msgspec's error in the words of this program: "Expected `int`, got `str` - at `$.a.b`"."""
    parts = _PLACE.fullmatch(message)
    problem, field = (parts[1], parts[2]) if parts else (message, "")
    if missing := _MISSING.fullmatch(problem):
        return RecordError("missing", f"{field}.{missing[1]}".lstrip("."))
    if problem.startswith("Invalid enum value"):
        choices = get_args(_type_at(kind, field))
        if choices:
            problem += f", expected one of {', '.join(map(str, choices))}"
    words = re.sub(r"`([^`]*)`", lambda quoted: _in_words(quoted[1]), problem)
    return RecordError(words[:1].lower() + words[1:], field)


def _in_words(types: str) -> str:
    return " or ".join(_WORDS.get(name, name) for name in types.split(" | "))


def _type_at(kind: Any, field: str) -> Any:
    """The Literal that a field such as "a.b" was declared with; None where there is none."""
    for name in field.split("."):
        if not is_dataclass(kind):
            return None
        kind = get_type_hints(kind).get(name)
        kind = next((part for part in get_args(kind) if is_dataclass(part)), kind)
    literals = [part for part in (kind, *get_args(kind)) if get_origin(part) is Literal]
    return literals[0] if literals else None


def _unknown_field(table: Any, known: Any, place: str = "") -> str | None:
    """The first field that a table has and the record that was made of it does not."""
    if isinstance(known, dict) and isinstance(table, Mapping):
        for key, value in table.items():
            here = f"{place}.{key}".lstrip(".")
            if str(key) not in known:
                return here
            if found := _unknown_field(value, known[str(key)], here):
                return found
    elif isinstance(known, list | tuple) and isinstance(table, list | tuple):
        for index, (value, part) in enumerate(zip(table, known, strict=False)):
            if found := _unknown_field(value, part, f"{place}[{index}]"):
                return found
    return None


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_without_none(part) for part in value]
    return value


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
