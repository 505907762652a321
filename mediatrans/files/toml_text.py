"""The reading of TOML that people write by hand: what is wrong in which line, and how to write it.

The words of the standard library's parser name a place, and what the grammar expects there.
"""

import re
import tomllib
from typing import Any, Final

__all__ = ["TomlError", "read_toml"]

_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_PAIR: Final = re.compile(r"""([\w.\-"']+)\s*=\s*(.*)""")
_COLON: Final = re.compile(r"([\w.\-]+)\s*:\s*(.+)")
_WORDS: Final = re.compile(r"-{0,2}(\w[\w\-]*)\s+(.+)")
_ITEM: Final = re.compile(r"([\w.=\-/]+)(,?)")
_COMMENT: Final = re.compile(r"\s+#.*$")
_NUMBER: Final = re.compile(r"([+-]?)(?=[.,]?\d)(\d*)(?:[.,](\d*))?")
_CURLY: Final = dict.fromkeys(map(ord, "“”„‟"), '"') | dict.fromkeys(map(ord, "‘’‚"), "'")
_SWITCHES: Final = dict.fromkeys(("true", "yes", "on"), "true") | dict.fromkeys(
    ("false", "no", "off"), "false"
)
_BAD_VALUE: Final = "Invalid value"  # the parser's words
_TWICE: Final = "Cannot overwrite a value"
_MOST_SHOWN: Final = 60


class TomlError(ValueError):
    """A text that is not TOML.

    Args:
        problem: What is wrong and where, a clause.
        remedy: How it is written, a clause; "" where it is not known.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}; {remedy}" if remedy else problem)


def read_toml(content: bytes | str) -> dict[str, Any]:
    """The content of a TOML file; the mark that some editors of Windows put first is passed over.

    Args:
        content: The bytes of the file, or its text.

    Raises:
        TomlError: It is not UTF-8, or not TOML.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        return tomllib.loads(f"{text}\n")  # at the very end of a text, the parser names no line
    except UnicodeDecodeError as error:
        raise TomlError("it is not UTF-8", "save it as UTF-8 in your editor") from error
    except RecursionError as error:
        raise TomlError("nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise _explained(text, str(error)) from error
    except ValueError as error:  # Python turns no text of thousands of digits into a number
        raise TomlError("a number has too many digits") from error


def _explained(text: str, message: str) -> TomlError:
    """The error of a text, with the line that the parser names."""
    lines = text.split("\n")
    found = _PLACE.search(message)
    if found is None or not 1 <= int(found[1]) <= len(lines):
        return TomlError(message[:1].lower() + message[1:])
    line = lines[int(found[1]) - 1].strip()
    shown = line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."
    reason = message[: found.start()]
    return TomlError(
        f"line {found[1]}, {shown}: {reason[:1].lower()}{reason[1:]}", _remedy(line, reason)
    )


def _remedy(line: str, reason: str) -> str:
    """How a line is written that the parser refuses; "" where nothing is known of it."""
    if line.startswith("["):
        return ""
    if reason == _TWICE:
        return "set it once"
    for pattern in (_PAIR, _COLON, _WORDS):
        if found := pattern.fullmatch(line):
            key, value = found.groups()
            written = _written(_without_comment(value))
            is_new = written and f"{key} = {written}" != line
            return f"write {key} = {written}" if is_new else ""
    item = _ITEM.fullmatch(line) if reason == _BAD_VALUE else None  # of a list over several lines
    return f'write "{item[1]}"{item[2]}' if item else ""


def _without_comment(value: str) -> str:
    return value if value.startswith(("'", '"')) else _COMMENT.sub("", value)


def _written(value: str) -> str:
    """A value as TOML has it: a number or a switch, else a text; "" for what is not understood."""
    straight = value.translate(_CURLY)
    if _is_value(straight):
        return straight
    if straight.lower() in _SWITCHES:
        return _SWITCHES[straight.lower()]
    number = _NUMBER.fullmatch(straight) if len(straight) <= _MOST_SHOWN else None
    if number:  # 18,5 and .5 and 1. and 020
        whole, part = int(number[2] or 0), number[3]
        return f"{number[1]}{whole}" if part is None else f"{number[1]}{whole}.{part or 0}"
    if straight.startswith("[") and straight.endswith("]"):
        parts = [_written(part.strip()) for part in straight[1:-1].split(",") if part.strip()]
        return f"[{', '.join(parts)}]" if all(parts) else ""
    return "" if straight.startswith(("[", "{")) else _quoted(straight.strip("\"'"))


def _quoted(text: str) -> str:
    """A text in quotes; "" for an empty one, and for one with quotes of the other kind in it."""
    if not text or '"' in text:
        return ""
    if "'" in text:
        escaped = text.replace("\\", "\\\\")
        return f'"{escaped}"'
    return f"'{text}'" if "\\" in text else f'"{text}"'


def _is_value(text: str) -> bool:
    try:
        return len(tomllib.loads(f"x = {text}")) == 1
    except (RecursionError, ValueError):
        return False
