"""Ways to damage a file, drawn by hypothesis."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

_WORDS = (
    b"1", b"2", b"0", b"-1", b"1e999", b"inf", b"nan", b"0.5", b"true", b'""', b'"a"', b'"../../x"',
    b'"a\\u0000b"', b"{}", b"[]", b'["a", "b"]', b"[1, 2]", b"[" * 3000, b"9" * 5000, b"1979-05-27",
)  # fmt: skip
_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF)
_TEXT = ("word", "word", "word", "cut", "copy", "byte")
_BINARY = ("bit", "bit", "byte", "byte", "number", "number", "noise", "cut", "copy", "end")
_TIMES = (1, 1, 1, 2, 2, 3, 5, 8)
_HEADER = 400


@dataclass(frozen=True)
class Case:
    """A damaged file.

    Attributes:
        suffix: What its name ends in.
        content: Its bytes.
        made: How it was made, to tell a finding by.
    """

    suffix: str
    content: bytes
    made: str


def damaged(seeds: Mapping[str, bytes], *, text: bool = False) -> st.SearchStrategy[Case]:
    """One of the seeds with one to eight damages, now and then under another's suffix."""
    # Drawn one by one, most numbers would be small: all damage would sit in the first bytes.
    return st.randoms(use_true_random=True).map(lambda random: make_case(seeds, random, text=text))


def make_case(seeds: Mapping[str, bytes], random: Random, *, text: bool = False) -> Case:
    """Damage one of the seeds."""
    origin = random.choice(sorted(seeds))
    suffix = random.choice(sorted(seeds)) if random.random() < 0.05 else origin
    content = bytearray(seeds[origin])
    names = _TEXT if text else _BINARY
    done = [_damage(content, random, names) for _ in range(random.choice(_TIMES))]
    return Case(suffix, bytes(content), f"{origin} as {suffix}: {' '.join(done)}")


def _damage(content: bytearray, random: Random, names: tuple[str, ...]) -> str:
    """Damage a file once, and say how."""
    name = random.choice(names)
    size = len(content)
    # Headers are short, and most of what can go wrong is in them.
    at = random.randrange(1 + min(_HEADER, size) if random.random() < 0.5 else size + 1)
    length = random.randint(1, 64)
    match name:
        case "bit":
            if at < size:
                content[at] ^= 1 << random.randrange(8)
        case "byte":
            content[at : at + 1] = random.randbytes(1)
        case "number":
            width = random.choice((1, 2, 4, 8))
            value = random.choice(_NUMBERS) & ((1 << 8 * width) - 1)
            content[at : at + width] = value.to_bytes(width, random.choice(("big", "little")))
        case "noise":
            content[at : at + length] = random.randbytes(length)
        case "cut":
            del content[at : at + length]
        case "copy":
            content[at:at] = content[at : at + length]
        case "end":
            del content[at:]
        case "word":
            _replace_value(content, random)
    return f"{name}@{at}"


def _replace_value(content: bytearray, random: Random) -> None:
    """Give a key of a TOML file another value, so that most of it is still what it should be."""
    lines = bytes(content).split(b"\n")
    row = random.randrange(len(lines))
    key, equals, _ = lines[row].partition(b"=")
    if equals:
        lines[row] = key + equals + random.choice(_WORDS)
    content[:] = b"\n".join(lines)
