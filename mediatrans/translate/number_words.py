"""Values of options that are a whole number or one of a few words."""

from collections.abc import Callable

from mediatrans.errors import UsageError

__all__ = ["check_value", "read_number"]

_MOST_DIGITS = 8


def read_number(word: str, least: int, most: int | None = None) -> int | None:
    """A whole number; None if the word is none or is out of bounds.

    Args:
        word: ASCII digits only: `int` accepts the digits of every script, signs and underscores.
        least: The least number.
        most: The largest one; None for any of eight digits.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS):
        return None
    number = int(word)
    return number if number >= least and (most is None or number <= most) else None


def check_value(value: object, read: Callable[[str], object], what: str, examples: str) -> None:
    """Check a value that does not come from the command line.

    Args:
        value: The value.
        read: Parses it as the command line does; raises ValueError.
        what: What it is.
        examples: The flag with values that are valid.

    Raises:
        UsageError: It is not valid.
    """
    try:
        read(str(value))
    except ValueError as error:
        raise UsageError(f"{what} {error}", remedy=f"use {examples}") from None
