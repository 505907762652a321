"""`mediatrans prepare`: check downloaded pictures and lay them out for training."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo
from mediatrans.errors import InputError, UsageError

if TYPE_CHECKING:
    from mediatrans.training.data.preparation import Preparation, Problem

__all__ = ["command"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PrepareOptions:
    """What the command line asked for.

    Attributes:
        folders: Two folders, or one root.
        out: The folder to make, or None for the default.
        layout: How the pictures lie in `folders`.
        test_share: Share of the pictures that becomes the test split where there is none.
        least_side: Smaller pictures are tiny, px.
        keep: Problems that do not keep a picture out.
        linking: How pictures are put into their place.
        check: Report only, write nothing.
        overwrite: Replace what was prepared before.
    """

    folders: tuple[Path, ...]
    out: Path | None
    layout: Literal["auto", "two-folders", "root", "subfolders"]
    test_share: float
    least_side: int
    keep: "tuple[Problem, ...]"
    linking: Literal["auto", "symlink", "hardlink", "copy"]
    check: bool
    overwrite: bool


_EXAMPLES = (
    (
        "prepare summer/ winter/ --check",
        "Report what is wrong with the pictures, and write nothing.",
    ),
    (
        "prepare summer/ winter/ -o data/seasons",
        "Lay them out for training.",
    ),
)


@click.command(
    "prepare",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Check pictures and sort them for training.",
)
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="A/ B/ | ROOT"
)
@click.option(
    "-o",
    "--output",
    "--out",
    "out",
    type=click.Path(path_type=Path),
    help="Folder to make.  [default: data/<name>]",
)
@click.option(
    "--layout",
    type=click.Choice(["auto", "two-folders", "root", "subfolders"]),
    default="auto",
    show_default=True,
    help="How the pictures are laid out: A/ and B/; a root with trainA, trainB and perhaps testA, "
    "testB; or a root with two folders, one for each domain.",
)
@click.option(
    "--test-share",
    type=click.FloatRange(0, 0.9),
    default=0.1,
    show_default=True,
    help="Share of the pictures that becomes the test split where there is none.",
)
@click.option(
    "--min-side",
    "least_side",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Pictures whose shorter side has fewer pixels are tiny.",
)
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(["tiny", "duplicate", "grey"]),
    help="Keep such pictures; may be given several times.",
)
@click.option(
    "--links",
    "linking",
    type=click.Choice(["auto", "symlink", "hardlink", "copy"]),
    default="auto",
    show_default=True,
    help="auto: symbolic links, else hard links, else copies.",
)
@click.option("--check", is_flag=True, help="Report only, write nothing.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace what was prepared there before.")
def command(
    folders: tuple[Path, ...],
    out: Path | None,
    layout: Literal["auto", "two-folders", "root", "subfolders"],
    test_share: float,
    least_side: int,
    keep: "tuple[Problem, ...]",
    linking: Literal["auto", "symlink", "hardlink", "copy"],
    check: bool,
    overwrite: bool,
) -> None:
    """Check downloaded pictures and lay them out as trainA, trainB, testA and testB.

    Unreadable, tiny, repeated and black-and-white pictures are reported and left out. The
    originals stay where they are: the new folder holds links to them.
    """
    options = PrepareOptions(
        folders=folders,
        out=out,
        layout=layout,
        test_share=test_share,
        least_side=least_side,
        keep=keep,
        linking=linking,
        check=check,
        overwrite=overwrite,
    )
    run_preparation(options)


def run_preparation(options: PrepareOptions) -> None:
    """Check the pictures, report what was found and lay them out."""
    from mediatrans.cli.collection_progress import CollectionProgress
    from mediatrans.training.data.preparation import lay_out, look_through

    places, name, domains = _places(options)
    with CollectionProgress() as progress:
        preparation = look_through(
            places,
            test_share=options.test_share,
            least_side=options.least_side,
            keep=options.keep,
            watch=progress,
        )
    _tell(preparation, set(options.keep))
    if options.check:
        return
    out = options.out or Path("data") / name
    with CollectionProgress() as progress:
        means = lay_out(preparation, out, options.linking, options.overwrite, progress)
    echo(f"laid out by {means}: {out}", err=True)
    echo(f"train with: mediatrans train {out} --domains {domains}", err=True)


def _places(options: PrepareOptions) -> tuple[dict[str, Path], str, str]:
    """The folder of each split, a name for the result, and the domains for `train --domains`."""
    folders, layout = options.folders, options.layout
    for folder in folders:
        if not folder.is_dir():
            raise InputError("no such folder", path=folder, remedy="give a folder of pictures")
    if layout == "auto":
        is_root = (folders[0] / "trainA").is_dir()
        layout = "two-folders" if len(folders) == 2 else "root" if is_root else "subfolders"
    wanted = 2 if layout == "two-folders" else 1
    if len(folders) != wanted:
        raise UsageError(
            f"the layout {layout} takes {wanted} folder{'s' if wanted > 1 else ''}, "
            f"not {len(folders)}",
            remedy="give A/ and B/, or one root",
        )
    if layout == "root":
        return _root(folders[0]), folders[0].resolve().name, "NAME_A,NAME_B"
    a, b = folders if layout == "two-folders" else _subfolders(folders[0])
    if a.resolve() == b.resolve():
        raise UsageError(
            f"{a} and {b} are the same folder", remedy="give one folder for each domain"
        )
    names = a.resolve().name, b.resolve().name
    return {"trainA": a, "trainB": b}, "2".join(names), ",".join(names)


def _root(root: Path) -> dict[str, Path]:
    places = {split: root / split for split in ("trainA", "trainB", "testA", "testB")}
    there = {split: place for split, place in places.items() if place.is_dir()}
    for split in ("trainA", "trainB"):
        if split not in there:
            raise InputError(f"no folder {split} here", path=root, remedy="choose another --layout")
    return there


def _subfolders(root: Path) -> tuple[Path, Path]:
    found = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(found) != 2:
        raise InputError(
            f"{len(found)} folders here, not one for each domain",
            path=root,
            remedy="give the two folders themselves",
        )
    return found[0], found[1]


def _tell(preparation: "Preparation", kept: set[str]) -> None:
    by_problem: dict[str, list[str]] = {}
    for finding in preparation.findings:
        by_problem.setdefault(finding.problem, []).append(f"{finding.path}: {finding.detail}")
    for problem, lines in by_problem.items():
        echo(f"{problem}: {len(lines)}, {'kept' if problem in kept else 'left out'}")
        for line in lines[:_SHOWN]:
            echo(f"  {line}")
        if len(lines) > _SHOWN:
            echo(f"  and {len(lines) - _SHOWN} more")
    for split, files in preparation.splits.items():
        echo(f"{split}: {len(files)} pictures")
