"""The paths of outputs, and the checks that an output can be written there."""

import os
from collections import Counter
from pathlib import Path

from mediatrans.errors import OutputError, UsageError
from mediatrans.files.names import FolderPath, is_too_long
from mediatrans.media.formats import (
    PICTURE_SUFFIXES,
    VIDEO_OUTPUT_SUFFIXES,
    Kind,
    is_picture_output,
    picture_output_suffix,
    video_output_suffix,
)
from mediatrans.media.pipe_formats import STDIO

__all__ = [
    "PREVIEW_MARK",
    "holds",
    "output_path",
    "output_suffix",
    "real_path",
    "refusal",
    "too_long",
    "unwritable",
]

PREVIEW_MARK = "-preview"
"""The part of an output's name that marks a preview, which never replaces a whole result."""


def output_path(
    output: Path | None,
    derived: Path,
    name: str,
    kind: Kind,
    *,
    alone: bool,
    file_format: str | None,
) -> Path:
    """The path of one output.

    Args:
        output: The path given with -o, or None. A `FolderPath` need not exist.
        derived: The path derived from the input, used if -o was not given.
        name: The file name in a folder given with -o.
        kind: The kind of the output.
        alone: Whether this is the only input, so `output` may be a file.
        file_format: The format given with --format, or None.

    Raises:
        UsageError: The output cannot be written to that path.
    """
    if output is None:
        return derived
    if output == STDIO and kind == "image":
        raise UsageError("a picture cannot be written to a pipe", remedy="name a file with -o")
    if output == STDIO:
        return STDIO
    if not alone or output.is_dir() or isinstance(output, FolderPath):
        return output / name
    suffix = derived.suffix
    if kind == "video" and output.suffix.lower() not in (*VIDEO_OUTPUT_SUFFIXES, suffix):
        raise UsageError(
            f"{output} is no existing folder and has no suffix of a video",
            remedy=f"write {output}{os.sep} for a new folder, or use one of "
            f"{', '.join(VIDEO_OUTPUT_SUFFIXES)}",
        )
    if kind == "image" and not is_picture_output(output):
        raise UsageError(
            f"{output} is no existing folder and has no suffix of a picture",
            remedy=f"write {output}{os.sep} for a new folder, or use the suffix {suffix}",
        )
    if file_format and output.suffix.lower() != suffix.lower():
        raise UsageError(
            f"-o {output} and --format {file_format} contradict each other",
            remedy="drop one of them",
        )
    return output


def output_suffix(path: Path, kind: Kind, file_format: str | None) -> str:
    """The suffix of a file's translation.

    Args:
        path: The input.
        kind: The kind of the input.
        file_format: The format given with --format, or None. It is ignored if it cannot hold the
            kind. A picture format does not turn films into animations, since a folder may hold
            pictures and films.
    """
    suffix = f".{file_format}"
    is_film = kind == "video" and path.suffix.lower() not in PICTURE_SUFFIXES
    if holds(suffix, kind) and not (is_film and suffix in PICTURE_SUFFIXES):
        return suffix
    return picture_output_suffix(path) if kind == "image" else video_output_suffix(path)


def holds(suffix: str, kind: Kind) -> bool:
    """Whether a picture or a video can be written with this suffix."""
    if kind == "video":
        return suffix in VIDEO_OUTPUT_SUFFIXES
    return is_picture_output(Path(f"x{suffix}"))


def refusal(
    given: Path, output: Path, wanted: Counter[str], sources: set[str]
) -> OutputError | None:
    """The error of an output whose name cannot be used, or None.

    Args:
        given: The input.
        output: The output.
        wanted: The number of inputs for each output, by real path.
        sources: The real paths of all inputs of this run.
    """
    if output == STDIO:
        return None
    if is_too_long(output):
        return too_long(output)
    real = os.path.realpath(output)
    if wanted[real] > 1:
        return OutputError(
            f"another input has the same output {output}",
            path=given,
            remedy="convert them separately, each with its own -o",
        )
    if real in sources:
        return OutputError(
            "the output is also an input of this run", path=output, remedy="use another -o"
        )
    if output.is_dir():
        return OutputError("the output is a folder", path=output, remedy="use another -o")
    return None


def too_long(output: Path) -> OutputError:
    """The error of an output whose name the file system cannot hold."""
    return OutputError(
        "the name of the output is too long for the file system",
        path=output,
        remedy="name a shorter one with -o",
    )


def unwritable(output: Path) -> OutputError | None:
    """The error of an output whose folder cannot be written to, or None.

    Args:
        output: The output.
    """
    parent = next((p for p in output.absolute().parents if p.exists()), Path("/"))
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return None
    return OutputError(
        f"cannot be written: {parent} is not a writable folder",
        path=output,
        remedy="use another -o",
    )


def real_path(path: Path) -> Path:
    """The real path; unlike Path.resolve, a loop of links does not raise."""
    return Path(os.path.realpath(path))
