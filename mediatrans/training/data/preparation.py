"""Preparing downloaded pictures: checks, and the folder layout of the trainer."""

import errno
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.files.publish import output_errors, publishing_folder, recover_folder
from mediatrans.files.records import json_text, to_table
from mediatrans.training.data.folders import find_pictures
from mediatrans.training.data.inspection import Inspected, inspect_pictures
from mediatrans.training.watch import UNWATCHED, Watch

__all__ = ["MARKER", "Finding", "Linking", "Preparation", "Problem", "lay_out", "look_through"]

Problem = Literal["unreadable", "tiny", "duplicate", "in both domains", "grey"]
Linking = Literal["auto", "symlink", "hardlink", "copy"]

MARKER = "prepared.json"
"""The report in a prepared folder; a folder without it is never replaced."""

# What no other means would help against.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_WRITE_REMEDY = "free some space, or choose a folder you may write to with -o"

# A picture found twice stays where it is met first: in a test split rather than in training.
_SPLITS = ("testA", "testB", "trainA", "trainB")


@dataclass(frozen=True, slots=True)
class Finding:
    """A picture with something wrong.

    Attributes:
        path: The file.
        problem: What is wrong.
        detail: More of it: the reason, the size, the other file.
    """

    path: Path
    problem: Problem
    detail: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was found and which pictures go where.

    Attributes:
        splits: For trainA, trainB, testA and testB the files by their relative path there.
        findings: What is wrong with pictures, those that were kept all the same included.
    """

    splits: Mapping[str, Mapping[str, Path]]
    findings: tuple[Finding, ...]

    def counts(self) -> dict[str, int]:
        """Number of pictures per split, then per problem."""
        found = Counter(finding.problem for finding in self.findings)
        return {split: len(files) for split, files in self.splits.items()} | dict(found)


def look_through(
    folders: Mapping[str, Path],
    *,
    test_share: float = 0.1,
    least_side: int = 64,
    keep: Collection[Problem] = (),
    watch: Watch = UNWATCHED,
) -> Preparation:
    """Check every picture and decide which split it goes to.

    Without test folders a share of the pictures becomes the test split, by a hash of their
    pixels: the choice survives other names, new pictures and another machine.

    Args:
        folders: The folders of trainA and trainB, perhaps of testA and testB.
        test_share: Share of a domain that becomes its test split where it has none.
        least_side: Pictures whose shorter side has fewer pixels are tiny.
        keep: Problems in spite of which pictures are kept; unreadable ones never are.
        watch: Shows the progress.

    Raises:
        InputError: A domain is left with fewer than 2 training pictures.
    """
    findings: list[Finding] = []
    chosen = {
        split: _inspect_split(split, folders[split], least_side, findings, watch)
        for split in _SPLITS
        if split in folders
    }
    findings += _repetitions(chosen)
    out = {finding.path for finding in findings if finding.problem not in keep}
    splits: dict[str, dict[str, Path]] = {}
    for domain in "AB":
        train, test = f"train{domain}", f"test{domain}"
        splits[train] = {}
        for split in (train, test):
            for name, picture in chosen.get(split, {}).items():
                if picture.path not in out:
                    is_test = split == test or (
                        test not in folders and _rank(picture.digest) < test_share
                    )
                    splits.setdefault(test if is_test else train, {})[name] = picture.path
        if len(splits[train]) < 2:
            left_out = Counter(finding.problem for finding in findings)
            reasons = ", ".join(f"{count} {problem}" for problem, count in left_out.items())
            raise InputError(
                f"{len(splits[train])} usable training pictures, at least 2 are needed"
                + (f" (found: {reasons})" if reasons else ""),
                path=folders[train],
                remedy="give more pictures, or keep some of those with --keep",
            )
    return Preparation(splits, tuple(findings))


def lay_out(
    preparation: Preparation,
    folder: Path,
    linking: Linking = "auto",
    overwrite: bool = False,
    watch: Watch = UNWATCHED,
) -> str:
    """Make trainA, trainB, testA and testB with links to the originals, and the report.

    Args:
        preparation: What goes where.
        folder: The folder to make.
        linking: "auto" takes symbolic links, hard links where those are not allowed, else copies.
        overwrite: Replace a folder that was prepared before.
        watch: Shows the progress.

    Returns:
        How the pictures were put there: "symlink", "hardlink" or "copy".

    Raises:
        OutputError: The folder exists, or cannot be written.
        UsageError: A kind of link was asked for that does not work here.
    """
    with output_errors(folder, what="the prepared folder", remedy=_WRITE_REMEDY):
        recover_folder(folder)
    if folder.exists() and not (overwrite and (folder / MARKER).is_file()):
        prepared = (folder / MARKER).is_file()
        raise OutputError(
            "prepared before" if prepared else "this exists and was not made by prepare",
            path=folder,
            remedy="replace it with --overwrite" if prepared else "choose another folder with -o",
        )
    placer = _Placer(linking)
    with publishing_folder(folder, what="the prepared folder", remedy=_WRITE_REMEDY) as part:
        for split, files in preparation.splits.items():
            laid = watch.watch(files.items(), f"laying out {split}", len(files))
            for name, original in laid:
                placer.place(original, part / split / name)
        (part / MARKER).write_text(_report(preparation), encoding="utf-8")
    return placer.means


class _Placer:
    """Puts pictures in their places by the first means that works here, then by that one alone."""

    def __init__(self, linking: Linking) -> None:
        self._asked = linking
        self._means: list[str] = list(_MEANS) if linking == "auto" else [linking]

    @property
    def means(self) -> str:
        """The means that works, as far as is known."""
        return self._means[0]

    def place(self, original: Path, place: Path) -> None:
        """Put one picture in its place.

        Raises:
            UsageError: The means that was asked for does not work here.
            OSError: It cannot be copied either.
        """
        place.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                _MEANS[self.means](original, place)
            except OSError as error:
                if self.means == "copy" or error.errno in _OF_THE_DISK:
                    raise
                if len(self._means) == 1:
                    raise UsageError(
                        f"no {self._asked} can be made here ({error.strerror})",
                        path=place,
                        remedy="take --links auto or copy",
                    ) from error
                del self._means[0]
            else:
                return


def _symlink(original: Path, place: Path) -> None:
    place.symlink_to(original.resolve())


def _hardlink(original: Path, place: Path) -> None:
    place.hardlink_to(original.resolve())


def _copy(original: Path, place: Path) -> None:
    shutil.copy2(original, place)


_MEANS: Mapping[str, Callable[[Path, Path], None]] = {
    "symlink": _symlink,
    "hardlink": _hardlink,
    "copy": _copy,
}


def _inspect_split(
    split: str, folder: Path, least_side: int, findings: list[Finding], watch: Watch
) -> dict[str, Inspected]:
    """The readable pictures of a folder by their relative path."""
    names = find_pictures(folder)
    readable = {}
    inspected = watch.watch(inspect_pictures(folder, names), f"checking {split}", len(names))
    for name, picture in zip(names, inspected, strict=True):
        if picture.unreadable is not None:
            findings.append(Finding(picture.path, "unreadable", picture.unreadable))
            continue
        readable[name] = picture
        if picture.shorter_side < least_side:
            findings.append(Finding(picture.path, "tiny", f"{picture.shorter_side} px"))
        if picture.grey:
            findings.append(Finding(picture.path, "grey", "black and white"))
    return readable


def _repetitions(chosen: Mapping[str, Mapping[str, Inspected]]) -> list[Finding]:
    """Pictures that are found twice, and those that are found in both domains."""
    first: dict[str, tuple[str, Path]] = {}
    found: dict[Path, Finding] = {}
    for split, pictures in chosen.items():
        for picture in pictures.values():
            domain, other = first.setdefault(picture.digest, (split[-1], picture.path))
            if other == picture.path:
                continue
            if domain != split[-1]:
                for here, there in ((picture.path, other), (other, picture.path)):
                    found[here] = Finding(here, "in both domains", f"the same as {there}")
            else:
                found.setdefault(
                    picture.path, Finding(picture.path, "duplicate", f"the same as {other}")
                )
    return list(found.values())


def _rank(digest: str) -> float:
    return int(digest[:16], 16) / 2**64


@dataclass(frozen=True, slots=True)
class _Report:
    """The content of `prepared.json`."""

    version: int
    counts: dict[str, int]
    findings: tuple[Finding, ...]


def _report(preparation: Preparation) -> str:
    report = _Report(1, preparation.counts(), preparation.findings)
    return json_text(to_table(report), indent=2) + "\n"
