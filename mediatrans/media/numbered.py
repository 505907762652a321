"""The pictures of a folder in the order of their numbers.

Imports no media library, so that planning a job loads no media library.
"""

import re
from pathlib import Path

from mediatrans.files.walk import is_hidden
from mediatrans.media.formats import kind_of

__all__ = ["numbered_pictures"]


def numbered_pictures(folder: Path) -> list[Path]:
    """The picture files directly inside a folder; frame 9 comes before frame 10.

    Args:
        folder: The folder; its subfolders and what is hidden are ignored.

    Raises:
        OSError: The folder cannot be listed.
    """
    # Regular files first: a pipe would have to be opened to tell its kind.
    files = (path for path in folder.iterdir() if not is_hidden(path.name) and path.is_file())
    return sorted((path for path in files if kind_of(path) == "image"), key=_by_number)


def _by_number(path: Path) -> tuple[list[tuple[int, str]], str]:
    # re.split puts text at even positions and digits at odd ones, so equal types are compared.
    parts = re.split(r"(\d+)", path.name)
    order = [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]
    return order, path.name
