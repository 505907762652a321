"""The walk through a folder: its files in order, links followed, and what could not be walked."""

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
    """A file or folder below the walked one that cannot be had.

    Attributes:
        path: The file or folder.
        problem: What is wrong, a clause.
        remedy: What the user can do, a clause.
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
    """The files of a folder and of those below it, a folder's own before those of its folders.

    Names are in alphabetical order. Links are followed; one that leads to a folder which contains
    it is reported, not followed. Files that another process is still writing are left out, and so
    is what is no regular file, a pipe for example.

    Args:
        folder: The folder.
        wanted: Whether a file is of interest, by its name; others are neither yielded nor
            reported.
        hidden: Whether files and folders whose names begin with a dot are walked.
        repeats: Whether a folder that several links lead to is walked under each of its names;
            False walks it under the first.

    Yields:
        Files, and problems: links that lead nowhere or in a circle, folders that cannot be listed.
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
            Path(error.filename), f"cannot be listed ({error.strerror})", "allow reading"
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
            _log.info("%s: not a regular file, left out", path)
        else:
            yield WalkProblem(path, "a link that leads nowhere", "remove the link")
