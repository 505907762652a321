"""The parser of `--device` values: "auto", "cpu", "cuda" and "cuda:N"."""

import re
from dataclasses import dataclass
from typing import Literal

from mediatrans.errors import UsageError

__all__ = ["DEVICE_WORDS", "DeviceWord", "read_device_word"]

DEVICE_WORDS = "auto|cpu|cuda[:N]"
"""The valid values, in the notation of `--help`."""

# ASCII digits only: str.isdigit accepts superscripts, str.isdecimal the digits of every script.
_CUDA = re.compile(r"cuda(?::([0-9]{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeviceWord:
    """A parsed `--device` value.

    Attributes:
        kind: "auto" uses the best device that starts; the others are used as named.
        index: The N of "cuda:N"; None without it.
    """

    kind: Literal["auto", "cpu", "cuda"]
    index: int | None = None


def read_device_word(word: str) -> DeviceWord:
    """Parse a `--device` value; whether the device exists is not checked.

    Args:
        word: "auto", "cpu", "cuda" or "cuda:N" with N in ASCII digits.

    Raises:
        UsageError: The value is none of them.
    """
    if word == "auto":
        return DeviceWord("auto")
    if word == "cpu":
        return DeviceWord("cpu")
    cuda = _CUDA.fullmatch(word)
    if cuda is None:
        raise UsageError(f"unknown device {word!r}", remedy="use auto, cpu, cuda or cuda:N")
    return DeviceWord("cuda", None if cuda[1] is None else int(cuda[1]))
