"""What a `--device` word says: the one reader of "auto", "cpu", "cuda" and "cuda:N"."""

import re
from dataclasses import dataclass
from typing import Literal

from mediatrans.errors import UsageError

__all__ = ["DEVICE_WORDS", "DeviceWord", "read_device_word"]

DEVICE_WORDS = "auto|cpu|cuda[:N]"
"""The words that are known, as `--help` shows them."""

# ASCII digits alone: str.isdigit takes superscripts, str.isdecimal every script's digits.
_CUDA = re.compile(r"cuda(?::([0-9]{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeviceWord:
    """A device as the user named it.

    Attributes:
        kind: "auto" takes the best that starts; the others are meant literally.
        index: Which of several; None where none was named.
    """

    kind: Literal["auto", "cpu", "cuda"]
    index: int | None = None


def read_device_word(word: str) -> DeviceWord:
    """Read a `--device` word; whether the device is there is for its user to find out.

    Args:
        word: "auto", "cpu", "cuda" or "cuda:N" with N in ASCII digits.

    Raises:
        UsageError: It is none of them.
    """
    if word == "auto":
        return DeviceWord("auto")
    if word == "cpu":
        return DeviceWord("cpu")
    cuda = _CUDA.fullmatch(word)
    if cuda is None:
        raise UsageError(f"no device is called {word!r}", remedy="use auto, cpu, cuda or cuda:N")
    return DeviceWord("cuda", None if cuda[1] is None else int(cuda[1]))
