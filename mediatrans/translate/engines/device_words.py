"""The values of `--device`, for example "cuda:1" and "openvino:GPU", and of `--precision`."""

import re
from dataclasses import dataclass
from typing import Literal, cast

from mediatrans.errors import UsageError

__all__ = [
    "DEVICE_WORDS",
    "DeviceKind",
    "DeviceWord",
    "NumberFormat",
    "Precision",
    "read_device_word",
]

DEVICE_WORDS = "auto|cpu|cuda[:N]|tensorrt[:N]|openvino[:GPU]"
"""The valid values, in the notation of `--help`."""

DeviceKind = Literal["auto", "cpu", "cuda", "tensorrt", "openvino"]
"""The first part of a `--device` value."""

NumberFormat = Literal["float32", "bfloat16", "float16"]
"""A number format in which an engine computes."""

Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""A `--precision` value; "auto" is the fastest format whose result is near that of float32."""

# ASCII digits only: str.isdigit accepts superscripts, str.isdecimal the digits of every script.
_WORD = re.compile(
    r"(?P<alone>auto|cpu)|(?P<indexed>cuda|tensorrt)(:(?P<index>[0-9]{1,4}))?"
    r"|(?P<intel>openvino)(?P<gpu>:GPU)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class DeviceWord:
    """A parsed `--device` value.

    Attributes:
        kind: "auto" uses the best device that starts; the others are used as named.
        index: The N of "cuda:N" and "tensorrt:N"; None without it.
        is_intel_gpu: Whether it is "openvino:GPU".
    """

    kind: DeviceKind
    index: int | None = None
    is_intel_gpu: bool = False


def read_device_word(word: str) -> DeviceWord:
    """Parse a `--device` value; whether the device exists is not checked.

    Args:
        word: "auto", "cpu", "cuda", "cuda:N", "tensorrt", "tensorrt:N", "openvino" or
            "openvino:GPU", with N in ASCII digits.

    Raises:
        UsageError: The value is none of them.
    """
    found = _WORD.fullmatch(word)
    if found is None:
        raise UsageError(
            f"unknown device {word!r}",
            remedy="use auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N, openvino or openvino:GPU",
        )
    kind = found["alone"] or found["indexed"] or found["intel"]
    index = None if found["index"] is None else int(found["index"])
    return DeviceWord(cast("DeviceKind", kind), index, found["gpu"] is not None)
