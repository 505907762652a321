"""The values of `--work-size`, and the side at which a generator works."""

from typing import Literal

from mediatrans.translate.number_words import check_value, read_number
from mediatrans.zoo.size_rule import MAX_SIDE, MINIMUM

__all__ = ["WORK_SIZES", "WorkSize", "check_work_size", "read_work_size", "working_side"]

WORK_SIZES = "N|auto|full"
"""The valid values, in the notation of `--help`."""

_BOUNDS = f"{MINIMUM} to {MAX_SIDE}"

WorkSize = int | Literal["auto", "full"]
"""The shorter side in pixels, "auto" for the model's own working size, or "full" for no limit."""


def read_work_size(word: str) -> WorkSize:
    """Parse a `--work-size` value.

    Raises:
        ValueError: The value is not valid.
    """
    match word:
        case "auto" | "full":
            return word
    side = read_number(word, MINIMUM, MAX_SIDE)
    if side is None:
        raise ValueError(f"{word!r} is not auto, full or a number of pixels, {_BOUNDS}")
    return side


def check_work_size(work_size: WorkSize) -> None:
    """Check a value that does not come from the command line.

    Raises:
        UsageError: The value is not valid.
    """
    check_value(
        work_size,
        read_work_size,
        "the working size",
        "--work-size auto, full or for example 360",
    )


def working_side(work_size: WorkSize, models: int) -> int | None:
    """The length of a frame's shorter side at which the generator works; None for no limit.

    Args:
        work_size: The value of the option.
        models: The model's own working size.
    """
    if work_size == "full":
        return None
    return models if work_size == "auto" else work_size
