"""What is said of a setting where it is declared: its help, its flag, its bounds, what it changes.

The command line makes its flags from this, and the manifest what an output depends on.
"""

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from typing import Any, Literal

__all__ = ["Changes", "Setting", "setting", "setting_of"]

Changes = Literal["nothing", "last bits", "output"]
"""What another value of a setting changes: no pixel, last bits and figures alone, or the output."""

_KEY = "mediatrans"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said of one setting.

    Attributes:
        help: What it does, as `--help` shows it.
        group: The heading it stands under in `--help`.
        flag: Its flags as click writes them, "-o/--output"; None derives one from the name, an
            empty text makes none.
        metavar: What stands for its value in `--help`; None leaves that to its type.
        least: Smallest value.
        most: Largest value.
        parse: Reads a value from the command line; raises ValueError, whose text is shown.
        multiple: Whether the flag may be given several times; `parse` then takes all of them.
        default: What `--help` shows as default; None shows the value itself, an empty text nothing.
        changes: What another value changes. A new setting counts as one that changes the output
            until it says otherwise.
        of: The kind of output that it changes, "image" or "video"; None means both.
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


def setting(default: Any, said: Setting) -> Any:
    """A dataclass field with what is said of it.

    Args:
        default: Its value where nothing is given; a function makes a new one each time.
        said: Its help, flag, bounds and so on.
    """
    if callable(default):
        return field(default_factory=default, metadata={_KEY: said})
    return field(default=default, metadata={_KEY: said})


def setting_of(declared: "Field[Any]") -> Setting:
    """What is said of a field that `setting` made."""
    said: Setting = declared.metadata[_KEY]
    return said
