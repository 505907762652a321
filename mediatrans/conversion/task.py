"""The task and its result.

Both can be pickled, so a task can run in this process, in another process or on another machine.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from mediatrans.conversion.manifest import Origin
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.errors import ExitCode, InputError, MediatransError, OutputError
from mediatrans.files.buckets import StoredObject
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.media.formats import Kind
from mediatrans.media.frames import Mark, Segment, Stretch
from mediatrans.media.pipe_formats import STDIO
from mediatrans.quality.cycle import CycleSummary
from mediatrans.quality.figures import FileFigures
from mediatrans.quality.samples import Sample
from mediatrans.quality.verdict import Verdict

__all__ = ["Failure", "Result", "Span", "Task"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of consecutive frames of a video.

    Attributes:
        first: Index of the first frame.
        end: Index after the last frame; None is the end of the video.
        after: The mark of the frame before the first, to seek to. None counts the frames from the
            beginning of the video.
        stretch: The frames that are read, from some before the first up to the end, if they are
            known by their timestamps; None finds them by `after`.
    """

    first: int
    end: int | None
    after: Mark | None = None
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One input and its output.

    Attributes:
        input: The file; a folder if `frames` are given; `-` for standard input.
        output: The final name of the output; `-` for standard output.
        kind: "image" or "video".
        frames: The pictures of a folder that is converted as one video, in order.
        home: The output folder whose manifest lists the output; None for a single file.
        origin: What the output is made from; None without a manifest.
        replaces: Whether an existing output may be replaced.
        span: The part of a video to convert; None converts all of it.
        is_deferred: Whether the output is finished, but published by another process.
        stored: The object in a bucket that the input stands for; None for a file.
    """

    input: Path
    output: Path
    kind: Kind
    frames: tuple[Path, ...] = ()
    home: Path | None = None
    origin: Origin | None = None
    replaces: bool = False
    span: Span | None = None
    is_deferred: bool = False
    stored: StoredObject | None = None

    def refuse_taken(self) -> None:
        """Refuse to replace an output that did not exist when the plan was made.

        Raises:
            OutputError: The output exists.
        """
        if self.output == STDIO or self.replaces:
            return
        if os.path.lexists(self.output):
            raise OutputError(
                "the output exists already",
                path=self.output,
                remedy="use --overwrite or another -o",
            )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed or was cut short.

    Attributes:
        message: The message; it names the file.
        exit_code: The exit code of the process if this were the only task.
    """

    message: str
    exit_code: ExitCode

    @classmethod
    def of(cls, path: Path, error: Exception) -> "Failure":
        """The failure for an error of an input."""
        if isinstance(error, MemoryError):
            error = InputError(
                "not enough memory to convert it",
                path=path,
                remedy="scale it down, or free some memory",
            )
        code = error.exit_code if isinstance(error, MediatransError) else ExitCode.INTERNAL
        is_named = path == STDIO or str(path) in str(error)
        return cls(str(error) if is_named else f"{path}: {error}", code)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a task.

    Attributes:
        task: The task.
        frames: Frames of the output, including those of an earlier run.
        cycle: The figures of the cycle check; None if nothing was checked.
        fingerprint: The fingerprint of the output; None if there is none.
        failure: Why the task failed or the input could not be read to its end; None on success.
        is_partial: Whether the output holds only what could be read before the failure.
        segment: The last segment that was written; None for a task without a span.
        before: The mark of the frame before a span, as it was read for the span; None if it was
            not.
        check_failure: Why the round trip could not be measured; None if it was measured.
        limited_by: The bottleneck; None if nothing was written.
        repeated: Frames that equal the one before and were not generated again.
        notes: Remarks that the output does not show, for the report.
        kept: The folder from which the same command resumes a failed task, or None.
        figures: The figures of the written file; None if it was not measured.
        verdict: The verdict on it; None if it was not measured.
        samples: Pictures of some of its moments, if they were asked for.
    """

    task: Task
    frames: int = 0
    cycle: CycleSummary | None = None
    fingerprint: Fingerprint | None = None
    failure: Failure | None = None
    is_partial: bool = False
    segment: Segment | None = None
    before: Mark | None = None
    check_failure: Failure | None = None
    limited_by: Bottleneck | None = None
    repeated: int = 0
    notes: tuple[str, ...] = ()
    kept: Path | None = None
    figures: FileFigures | None = None
    verdict: Verdict | None = None
    samples: tuple[Sample, ...] = ()
