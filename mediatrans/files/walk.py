"""The walk through a folder: its files in order, and what could not be read."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mediatrans.files.publish import is_part

__all__ = ["WalkProblem", "walk"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WalkProblem:
    """A file or folder that the walk could not reach.

    Attributes:
        path: The file or folder.
        problem: What is wrong, as a clause.
        remedy: What the user can do, as a clause.
    """

    path: Path
    problem: str
    remedy: str


def walk(
    folder: Path,
    wanted: Callable[[Path], bool],
    *,
    hidden: bool = True,
    repeats: bool = True,
) -> Iterator[Path | WalkProblem]:
    """The files of a folder and its subfolders; a folder's own files come before its subfolders'.

    Names are in alphabetical order. Links are followed, except one to a folder that contains it,
    which is reported. Unfinished part files are left out, and so is everything that is not a
    regular file.

    Args:
        folder: The folder.
        wanted: Called with each file; if it returns False, the file is neither yielded nor
            reported.
        hidden: Whether files and folders with names that begin with a dot are included.
        repeats: Whether a folder that several links point to is walked once per link; False walks
            it once.

    Yields:
        Files, and problems: broken links, circular links, folders that cannot be listed.
    """
    unlisted: list[OSError] = []
    above = {folder: frozenset({folder.resolve()})}
    seen = {folder.resolve()}
    for place, folders, files in os.walk(folder, onerror=unlisted.append, followlinks=True):
        here = Path(place)
        containing = above.pop(here)
        kept = []
        for name in sorted(folders):
            path, resolved = here / name, (here / name).resolve()
            if name.startswith(".") and not hidden:
                continue
            if resolved in containing:
                yield WalkProblem(path, "a link to a folder that contains it", "remove the link")
            elif repeats or resolved not in seen:
                kept.append(name)
                above[path] = containing | {resolved}
                seen.add(resolved)
        folders[:] = kept
        yield from _files(here, files, wanted, hidden)
    for error in unlisted:
        yield WalkProblem(
            Path(error.filename),
            f"the folder cannot be listed ({error.strerror})",
            "grant permission to read it",
        )


def _files(
    folder: Path, names: list[str], wanted: Callable[[Path], bool], hidden: bool
) -> Iterator[Path | WalkProblem]:
    """The files of one folder."""
    for name in sorted(names):
        path = folder / name
        if is_part(path) or (name.startswith(".") and not hidden) or not wanted(path):
            continue
        if path.is_file():
            yield path
        elif path.exists():
            _log.info("%s: not a regular file, ignored", path)
        else:
            yield WalkProblem(path, "a broken link", "remove the link")
