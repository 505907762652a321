"""A job: one input file of the plan and what is to become of it."""

from dataclasses import dataclass
from pathlib import Path

from mediatrans.conversion.manifest import Entry, Origin
from mediatrans.conversion.task import Task
from mediatrans.errors import InputError, MediatransError
from mediatrans.files.buckets import StoredObject
from mediatrans.files.packed import Packed
from mediatrans.media.formats import Kind

__all__ = ["UP_TO_DATE", "Job"]

UP_TO_DATE = "up to date"
"""Why an input is skipped whose output would be the same again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One input file and its planned output.

    Attributes:
        input: The file; a folder if its pictures make one video or if it cannot be read; `-` for
            standard input.
        output: The output; None if the input cannot be converted.
        kind: "image" or "video"; None if unknown.
        error: Why the input cannot be converted; None for a job that is ready.
        skip: Why the input is skipped; None for a job that is ready.
        home: The output folder whose manifest lists the output; None for a single file.
        origin: What the output is made from; None without a manifest.
        done: The manifest's entry of an output that is up to date, else None.
        replaces: Whether an existing output may be replaced.
        frames: The pictures of a folder that is converted as one video, in order.
        stored: The object in a bucket that the input stands for; None for a file.
    """

    input: Path
    output: Path | None = None
    kind: Kind | None = None
    error: MediatransError | None = None
    skip: str | None = None
    home: Path | None = None
    origin: Origin | None = None
    done: Packed[Entry] | None = None
    replaces: bool = False
    frames: tuple[Path, ...] = ()
    stored: StoredObject | None = None

    @property
    def ready(self) -> bool:
        """Whether there is work to do."""
        return self.error is None and self.skip is None

    def task(self) -> Task:
        """The task of this job, which must be ready."""
        assert self.output is not None
        assert self.kind is not None
        return Task(
            input=self.input,
            output=self.output,
            kind=self.kind,
            frames=self.frames,
            home=self.home,
            origin=self.origin,
            replaces=self.replaces,
            stored=self.stored,
        )

    @classmethod
    def refused(cls, path: Path, problem: str, remedy: str) -> "Job":
        """The job of an input that cannot be read."""
        return cls(path, error=InputError(problem, path=path, remedy=remedy))
