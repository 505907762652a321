"""The declaration of a setting: its help text, its flag, its bounds and what it changes.

The command line generates its flags from it. The manifest reads from it which settings an output
depends on.
"""

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from typing import Any, Literal

__all__ = ["Changes", "Setting", "setting", "setting_of"]

Changes = Literal["nothing", "last bits", "output"]
"""What another value of a setting changes: nothing in the output, only rounding errors and figures,
or the output."""

_KEY = "mediatrans"


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting.

    Attributes:
        help: The text in `--help`.
        group: The heading in `--help`.
        flag: The flags in click's notation, for example "-o/--output". None derives one from the
            field's name; an empty string makes no flag.
        metavar: The placeholder of the value in `--help`; None derives it from the type.
        least: Smallest value.
        most: Largest value.
        parse: Parses a value from the command line; raises ValueError with a message for the user.
        multiple: Whether the flag may be repeated; `parse` then gets all values.
        default: The default shown in `--help`. None shows the value itself, an empty string
            nothing.
        changes: What another value changes; "output" unless declared otherwise.
        of: The kind of output that it affects, "image" or "video"; None means both.
    """

    help: str
    group: str
    flag: str | None = None
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    parse: Callable[[Any], Any] | None = None
    multiple: bool = False
    default: str | None = None
    changes: Changes = "output"
    of: Literal["image", "video"] | None = None


def setting(default: Any, declared: Setting) -> Any:
    """A dataclass field with the declaration of a setting.

    Args:
        default: The default value, or a function that makes a new one each time.
        declared: Help, flag, bounds and so on.
    """
    if callable(default):
        return field(default_factory=default, metadata={_KEY: declared})
    return field(default=default, metadata={_KEY: declared})


def setting_of(declaring: "Field[Any]") -> Setting:
    """The declaration of a field that was made by `setting`."""
    declared: Setting = declaring.metadata[_KEY]
    return declared
