"""The callbacks of a conversion, one class with a method for each event."""

from collections.abc import Sequence
from pathlib import Path

from mediatrans.conversion.job import Job
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.files.walk import LeftOut
from mediatrans.quality.report.rows import JobReport
from mediatrans.translate.translator import Translator

__all__ = ["Observer"]


class Observer:
    """Callbacks that do nothing; override those of interest. Called on the calling thread."""

    def left_out(self, files: Sequence[LeftOut]) -> None:
        """Called with what is left out of input folders, before `planned`."""

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """Called with the loaded model and all jobs, before anything is read."""

    def collecting(self, rows: Sequence[JobReport]) -> None:
        """Called with the rows of the report so far, which grow while the run goes on."""

    def begun(self, job: Job, frames: int, total: int | None, size: tuple[int, int] | None) -> None:
        """Called when the input and the output of a job are open.

        Args:
            job: The job.
            frames: Frames that an earlier, interrupted run has finished.
            total: Frames in all, including those; None if unknown.
            size: Width and height of the input in pixels; None if unknown.
        """

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """Called with the number of frames translated so far, and the total if it is known."""

    def limited(self, bottleneck: Bottleneck) -> None:
        """Called with the bottleneck of the run so far, before each `translated`."""

    def kept(self, job: Job, folder: Path) -> None:
        """Called for an unfinished video with the folder from which the same call resumes."""

    def finished(self, row: JobReport) -> None:
        """Called with the result of each job."""
