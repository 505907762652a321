"""Where outputs go, and what keeps one from being written there."""

import os
from collections import Counter
from pathlib import Path

from mediatrans.errors import OutputError, UsageError
from mediatrans.media.formats import (
    PICTURE_SUFFIXES,
    VIDEO_OUTPUT_SUFFIXES,
    Kind,
    is_picture_output,
    picture_output_suffix,
    video_output_suffix,
)
from mediatrans.media.pipe_formats import STDIO

__all__ = ["holds", "output_path", "output_suffix", "real_path", "refusal", "unwritable"]


def output_path(
    output: Path | None,
    derived: Path,
    name: str,
    kind: Kind,
    *,
    alone: bool,
    file_format: str | None,
) -> Path:
    """Where one file is written.

    Args:
        output: What was asked for, or None.
        derived: The output where nothing was asked for.
        name: The output's name in a folder.
        kind: What it holds.
        alone: Nothing else is converted, so `output` may be a file.
        file_format: The format that was asked for, or None.

    Raises:
        UsageError: It cannot be written there.
    """
    if output is None:
        return derived
    if output == STDIO and kind == "image":
        raise UsageError("pictures are not written to a pipe", remedy="name a file with -o")
    if output == STDIO:
        return STDIO
    if not alone or output.is_dir():
        return output / name
    suffix = derived.suffix
    if kind == "video" and output.suffix.lower() not in (*VIDEO_OUTPUT_SUFFIXES, suffix):
        raise UsageError(
            f"{output} cannot hold a video",
            remedy=f"end it in one of {', '.join(VIDEO_OUTPUT_SUFFIXES)}, or name a folder",
        )
    if kind == "image" and not is_picture_output(output):
        raise UsageError(
            f"{output} cannot hold a picture",
            remedy=f"name an output that ends in {suffix}, or an existing folder",
        )
    if file_format and output.suffix.lower() != suffix.lower():
        raise UsageError(f"{output} is not --format {file_format}", remedy="drop one of them")
    return output


def output_suffix(path: Path, kind: Kind, file_format: str | None) -> str:
    """The suffix a file's translation gets.

    Args:
        path: The input.
        kind: What it holds.
        file_format: The format that was asked for, or None; it counts where it can hold the kind.
            Those of pictures make no animations of films: a folder may hold both.
    """
    suffix = f".{file_format}"
    is_film = kind == "video" and path.suffix.lower() not in PICTURE_SUFFIXES
    if holds(suffix, kind) and not (is_film and suffix in PICTURE_SUFFIXES):
        return suffix
    return picture_output_suffix(path) if kind == "image" else video_output_suffix(path)


def holds(suffix: str, kind: Kind) -> bool:
    """Whether a file of this suffix can be written with a picture or a video in it."""
    if kind == "video":
        return suffix in VIDEO_OUTPUT_SUFFIXES
    return is_picture_output(Path(f"x{suffix}"))


def refusal(
    given: Path, output: Path, wanted: Counter[str], sources: set[str]
) -> OutputError | None:
    """Why an output's name cannot be used, or None.

    Args:
        given: The input it is made of.
        output: The output.
        wanted: How many inputs want each output, by real paths.
        sources: What is read in this run, by real paths.
    """
    if output == STDIO:
        return None
    real = os.path.realpath(output)
    if wanted[real] > 1:
        return OutputError(
            f"another input would write the same output {output}",
            path=given,
            remedy="convert them one by one, each with its own -o",
        )
    if real in sources:
        return OutputError("is an input of this run", path=output, remedy="name another -o")
    if output.is_dir():
        return OutputError("is a folder", path=output, remedy="name another -o")
    return None


def unwritable(output: Path) -> OutputError | None:
    """Why an output's folder cannot be written to, or None.

    Args:
        output: The output.
    """
    parent = next((p for p in output.absolute().parents if p.exists()), Path("/"))
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return None
    return OutputError(
        f"cannot be written: {parent} is not a folder you may write to",
        path=output,
        remedy="name another place with -o",
    )


def real_path(path: Path) -> Path:
    """Where a path leads; a loop of links, at which Path.resolve raises, leads to itself."""
    return Path(os.path.realpath(path))
