"""A task and its result: what one process is asked to do, and what became of it.

Both can be pickled, so that a task may be done in this process, in another, on another machine.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from mediatrans.conversion.manifest import Origin
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.errors import ExitCode, InputError, MediatransError, OutputError
from mediatrans.files.publish import Fingerprint
from mediatrans.media.formats import Kind
from mediatrans.media.frames import Mark, Segment
from mediatrans.media.pipe_formats import STDIO
from mediatrans.quality.cycle import CycleSummary

__all__ = ["Failure", "Result", "Span", "Task"]


@dataclass(frozen=True, slots=True)
class Span:
    """Some frames of a video in a row.

    Attributes:
        first: Index of the first frame.
        end: Index of the frame after the last one; None goes to the video's end.
        after: The mark of the frame before the first; None has the frames counted from the
            beginning of the video.
    """

    first: int
    end: int | None
    after: Mark | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One input and what is to be made of it.

    Attributes:
        input: The file; the folder where `frames` are given; `-` for standard input.
        output: The final name of its translation; `-` for standard output.
        kind: "image" or "video".
        frames: The pictures of a folder that is converted as one video, in their order.
        home: The output folder whose manifest tells of the output; None for a lone file.
        origin: What the output is made from; None where it is in no manifest.
        replaces: Whether what is there under the output's name may be replaced.
        span: The segment of a video that is to be made; None makes the whole output.
    """

    input: Path
    output: Path
    kind: Kind
    frames: tuple[Path, ...] = ()
    home: Path | None = None
    origin: Origin | None = None
    replaces: bool = False
    span: Span | None = None

    def refuse_taken(self) -> None:
        """Make sure that nothing would be replaced which the plan did not see.

        Raises:
            OutputError: Something is there under the output's name.
        """
        if self.output == STDIO or self.replaces:
            return
        if os.path.lexists(self.output):
            raise OutputError(
                "exists already", path=self.output, remedy="use --overwrite or another -o"
            )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed, or broke off.

    Attributes:
        says: The message, which names the file.
        exit_code: What it would make the process return.
    """

    says: str
    exit_code: ExitCode

    @classmethod
    def of(cls, path: Path, error: Exception) -> "Failure":
        """The failure that an error of an input is."""
        if isinstance(error, MemoryError):
            error = InputError(
                "there is not enough memory for it",
                path=path,
                remedy="scale it down, or free some memory",
            )
        code = error.exit_code if isinstance(error, MediatransError) else ExitCode.INTERNAL
        is_named = path == STDIO or str(path) in str(error)
        return cls(str(error) if is_named else f"{path}: {error}", code)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a task.

    Attributes:
        task: The task.
        frames: Frames of the output, those of an earlier run included.
        cycle: The cycle check, or None where nothing was checked.
        fingerprint: The output's file; None where there is none.
        failure: Why it failed, or what its input broke off with; None where all went well.
        is_partial: Whether the output holds what could be read before the failure.
        segment: What was written, where the task has a span.
        check_failure: Why the round trip could not be measured, though it should; None if it was.
        limited_by: The stage that set the pace; None where nothing was written.
        repeated: Frames equal to the one before, which were not generated again.
        notes: What happened on the way that the output does not show.
        kept: The folder from which the same command goes on, where the task failed.
    """

    task: Task
    frames: int = 0
    cycle: CycleSummary | None = None
    fingerprint: Fingerprint | None = None
    failure: Failure | None = None
    is_partial: bool = False
    segment: Segment | None = None
    check_failure: Failure | None = None
    limited_by: Bottleneck | None = None
    repeated: int = 0
    notes: tuple[str, ...] = ()
    kept: Path | None = None
