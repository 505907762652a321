"""Which pictures a run learns from: the two folders, their splits and the hold-out."""

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediatrans.errors import InputError, UsageError
from mediatrans.files.walk import LeftOut, WalkProblem, walk
from mediatrans.media.formats import PICTURE_SUFFIXES

__all__ = ["Folders", "find_pictures", "parse_domains", "resolve_folders", "split_hold_out"]

_log = logging.getLogger(__name__)

_HELD_OUT_ONE_IN = 10
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the pictures of the two domains are.

    Attributes:
        domains: The names of domain a and domain b.
        train_a: Training pictures of a, nested folders included.
        train_b: Training pictures of b.
        test_a: Test pictures of a, or None.
        test_b: Test pictures of b, or None.
    """

    domains: tuple[str, str]
    train_a: Path
    train_b: Path
    test_a: Path | None = None
    test_b: Path | None = None

    @property
    def pair(self) -> str:
        """The pair's name, "summer2winter"."""
        return "2".join(self.domains)


def parse_domains(words: str | Sequence[str]) -> tuple[str, str]:
    """Two different domain names out of "summer,winter" or a list of both.

    Raises:
        UsageError: Not two names, twice the same, or characters that a file name cannot have.
    """
    names = words.split(",") if isinstance(words, str) else list(words)
    names = [name.strip() for name in names]
    bad = [name for name in names if not _DOMAIN.fullmatch(name)]
    if len(names) != 2 or names[0].casefold() == names[1].casefold():
        raise UsageError(
            f"domains {','.join(names)!r} are not two different names",
            remedy="write for example --domains summer,winter",
        )
    if bad:
        raise UsageError(
            f"domains {','.join(names)!r}: {bad[0]!r} has a character that is not allowed",
            remedy="use a letter or digit from a to z, A to Z or 0 to 9, then also - and _",
        )
    return names[0], names[1]


def resolve_folders(inputs: Sequence[Path], domains: str | Sequence[str] | None) -> Folders:
    """Find the training and test folders that the inputs stand for.

    Args:
        inputs: A/ and B/, or one ROOT that holds trainA, trainB and perhaps testA, testB.
        domains: Their names; without them the names of the two folders are taken.

    Raises:
        UsageError: Neither one nor two inputs, A and B the same, domains missing or malformed.
        InputError: A folder is missing.
    """
    if len(inputs) == 1:
        return _resolve_root(inputs[0], domains)
    if len(inputs) != 2:
        raise UsageError("give two folders of pictures, or one with trainA and trainB")
    for folder in inputs:
        if not folder.is_dir():
            raise InputError("no such folder", path=folder, remedy="give a folder of pictures")
    a, b = inputs
    real_a, real_b = a.resolve(), b.resolve()
    if real_a == real_b or real_a in real_b.parents or real_b in real_a.parents:
        raise UsageError(
            f"{a} and {b} hold the same pictures",
            remedy="give two separate folders, one for each domain",
        )
    return Folders(parse_domains(domains or (real_a.name, real_b.name)), a, b)


def _resolve_root(root: Path, domains: str | Sequence[str] | None) -> Folders:
    train_a, train_b = root / "trainA", root / "trainB"
    if not (train_a.is_dir() and train_b.is_dir()):
        raise InputError(
            "no folders trainA and trainB here", path=root, remedy="or give two folders, A/ and B/"
        )
    if domains is None:
        raise UsageError(
            "the names trainA and trainB do not name the domains",
            remedy="add --domains summer,winter",
        )
    tests = [folder if folder.is_dir() else None for folder in (root / "testA", root / "testB")]
    return Folders(parse_domains(domains), train_a, train_b, *tests)


def find_pictures(folder: Path) -> list[str]:
    """Relative paths ("/" between parts) of a folder's pictures by suffix, nested ones too, sorted.

    What is hidden or of the system is left out, by the same rule as in a conversion. Symbolic links
    are followed, and a folder that several lead to is looked into once. Folders that cannot be
    listed are logged as a warning; a link that leads nowhere is among the pictures, so that reading
    reports it.
    """
    names = []
    for found in walk(folder, _is_picture, repeats=False):
        if isinstance(found, LeftOut):
            continue
        path = found.path if isinstance(found, WalkProblem) else found
        if isinstance(found, WalkProblem) and path.is_dir():
            _log.warning("%s: %s; %s", path, found.problem, found.remedy)
        else:
            names.append(path.relative_to(folder).as_posix())
    return sorted(names)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES


def split_hold_out(
    names: Sequence[str], mode: Literal["auto", "always", "never"], has_test: bool
) -> tuple[list[str], list[str]]:
    """Split pictures into training pictures and held-out ones.

    One in ten is held out, chosen by a hash of its relative path: the choice survives new pictures
    and another machine. Small folders hold out at least one, as long as 2 stay for training.

    Args:
        names: Relative paths.
        mode: "auto" holds out only where there is no test split.
        has_test: Whether there is one.

    Returns:
        (training, held out), both in the order of `names`.
    """
    if mode == "never" or (mode == "auto" and has_test) or len(names) < 3:
        return list(names), []
    ranks = {name: _hash(name) for name in names}
    held = {name for name, rank in ranks.items() if rank % _HELD_OUT_ONE_IN == 0}
    if not held or len(names) - len(held) < 2:
        held = {min(ranks, key=lambda name: ranks[name])}
    return [n for n in names if n not in held], [n for n in names if n in held]


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
