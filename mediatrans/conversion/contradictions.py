"""Inputs and options that do not go together, refused before anything is looked at."""

from collections.abc import Sequence
from pathlib import Path

from mediatrans.conversion.options import KINDS, ConvertOptions
from mediatrans.conversion.outputs import holds, too_long
from mediatrans.errors import UsageError
from mediatrans.files.names import FolderPath, is_too_long
from mediatrans.media.pipe_formats import STDIO

__all__ = ["refuse_contradictions"]


def refuse_contradictions(inputs: Sequence[Path], options: ConvertOptions) -> None:
    """Refuse options and numbers of inputs that do not go together.

    Args:
        inputs: Files and folders.
        options: The options.

    Raises:
        UsageError: There are no inputs, or options do not fit them.
        OutputError: The file system cannot hold the name given with -o.
    """
    if not inputs:
        raise UsageError("nothing to convert", remedy="name pictures, videos or folders")
    if len(inputs) > 1 and STDIO in (*inputs, options.output):
        raise UsageError(
            "a pipe carries one video, but there are several inputs",
            remedy="convert the others separately",
        )
    if STDIO in inputs:
        _refuse_pipe(options.output)
    if options.output is not None and is_too_long(options.output):
        raise too_long(options.output)
    are_many = len(inputs) > 1 or (options.fps is None and inputs[0].is_dir())
    if are_many and options.output and _names_a_file(options.output):
        raise UsageError(
            f"{options.output} cannot hold several outputs",
            remedy="name a folder with -o, or make one video of a folder's pictures with --fps",
        )
    if options.fps is not None and not any(given.is_dir() for given in inputs):
        raise UsageError(
            "--fps needs a folder of pictures as input", remedy="name a folder, or drop --fps"
        )


def _names_a_file(output: Path) -> bool:
    """Whether a path ends in the suffix of a picture or video and is not an existing folder."""
    if isinstance(output, FolderPath) or output.is_dir():
        return False
    return any(holds(output.suffix.lower(), kind) for kind in KINDS)


def _refuse_pipe(output: Path | None) -> None:
    """Refuse outputs that a video from a pipe cannot have."""
    if output is None:
        raise UsageError(
            "input from a pipe is a video, and needs -o",
            remedy="use for example -o out.mkv, or -o - for standard output; name the file of a "
            "picture in place of -",
        )
    suffix = output.suffix.lower()
    if _names_a_file(output) and not holds(suffix, "video"):
        raise UsageError(
            f"{output} is the name of a picture, and input from a pipe is a video",
            remedy="name the picture's file in place of -, or use a suffix such as .mkv",
        )
