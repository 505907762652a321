"""The walk through a folder: its files in order, and what could not be read."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mediatrans.files.publish import is_part

__all__ = [
    "LeftOut",
    "WalkProblem",
    "count_left_out",
    "describe_left_out",
    "is_hidden",
    "walk",
]

_log = logging.getLogger(__name__)

# Kept by systems and devices beside the files of a folder: previews, trash, settings.
_SYSTEM = frozenset(
    {
        "__macosx", "network trash folder", "temporary items", "thedbtemplate", "icon\r",
        "$recycle.bin", "recycler", "recycled", "system volume information", "thumbs.db",
        "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "lost+found", "lost.dir",
        "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@transcode", "@tmp",
    }
)  # fmt: skip


def is_hidden(name: str) -> bool:
    """Whether a file or folder is left out of a folder by its name: hidden, or of the system.

    Names that begin with a dot are hidden, as are `._x.jpg` and `.thumbnails`. Systems keep names
    such as `__MACOSX`, `@eaDir`, `$RECYCLE.BIN` and `Thumbs.db` for themselves.

    Args:
        name: The name, without its folder.
    """
    return name.startswith(".") or name.casefold() in _SYSTEM


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that was found and is not wanted.

    Attributes:
        path: The file or folder.
        is_hidden: Whether it is left out by its name, see `is_hidden`.
        is_result: Whether it is a result of an earlier run.
    """

    path: Path
    is_hidden: bool
    is_result: bool = False

    @property
    def label(self) -> str:
        """What it is counted as: "hidden", "earlier results", its suffix, or "no suffix"."""
        if self.is_result:
            return "earlier results"
        return "hidden" if self.is_hidden else self.path.suffix.lower() or "no suffix"


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


def count_left_out(files: Iterable[LeftOut]) -> dict[str, int]:
    """How many files and folders are left out by their labels, the most frequent label first."""
    return dict(Counter(file.label for file in files).most_common())


def describe_left_out(files: Sequence[LeftOut]) -> str:
    """What is left out in words: "3 files left out (.dng 2, .psd 1)"."""
    counts = ", ".join(f"{label} {count}" for label, count in count_left_out(files).items())
    return f"{len(files)} file{'' if len(files) == 1 else 's'} left out ({counts})"


def walk(
    folder: Path, wanted: Callable[[Path], bool], *, repeats: bool = True
) -> Iterator[Path | LeftOut | WalkProblem]:
    """The files of a folder and its subfolders; a folder's own files come before its subfolders'.

    Names are in alphabetical order. Links are followed, except one to a folder that contains it,
    which is reported. What is hidden or of the system is left out, and so is everything that is
    not a regular file; no file is opened here.

    Args:
        folder: The folder.
        wanted: Called with each regular file, and with broken links; those for which it returns
            False are left out.
        repeats: Whether a folder that several links point to is walked once per link; False walks
            it once.

    Yields:
        Files; what is left out, except hidden files that would not be wanted anyway; and problems:
        broken links, circular links, folders that cannot be listed.
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
            if is_hidden(name):
                yield LeftOut(path, is_hidden=True)
            elif resolved in containing:
                yield WalkProblem(path, "a link to a folder that contains it", "remove the link")
            elif repeats or resolved not in seen:
                kept.append(name)
                above[path] = containing | {resolved}
                seen.add(resolved)
        folders[:] = kept
        yield from _files(here, files, wanted)
    for error in unlisted:
        yield WalkProblem(
            Path(error.filename),
            f"the folder cannot be listed ({error.strerror})",
            "grant permission to read it",
        )


def _files(
    folder: Path, names: list[str], wanted: Callable[[Path], bool]
) -> Iterator[Path | LeftOut | WalkProblem]:
    """The files of one folder."""
    for name in sorted(names):
        path = folder / name
        if is_part(path):
            continue
        if path.is_file():
            if not wanted(path):
                if not is_hidden(name):
                    yield LeftOut(path, is_hidden=False)
            elif is_hidden(name):
                yield LeftOut(path, is_hidden=True)
            else:
                yield path
        elif path.exists():
            _log.info("%s: not a regular file, ignored", path)
        elif not is_hidden(name) and wanted(path):
            yield WalkProblem(path, "a broken link", "remove the link")
