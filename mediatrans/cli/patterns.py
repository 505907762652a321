"""Patterns of file names among the words of a command line, for shells that do not expand them."""

import glob
from collections.abc import Sequence
from pathlib import Path

__all__ = ["expand_patterns"]


def expand_patterns(words: Sequence[str]) -> list[str]:
    """Replace each pattern (`*.jpg`, `**/*.png`) by the files that it fits, in order of name.

    A word that fits no file stays as it is, and so do options. A word that names an existing file
    is no pattern.

    Args:
        words: The words of a command line.
    """
    expanded: list[str] = []
    for word in words:
        is_pattern = not word.startswith("-") and glob.has_magic(word) and not Path(word).exists()
        # A pattern may be absolute, which Path.glob refuses.
        found = sorted(glob.glob(word, recursive=True)) if is_pattern else []  # noqa: PTH207
        expanded += found or [word]
    return expanded
