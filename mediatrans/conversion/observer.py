"""Who watches a conversion: one class of callbacks, all of them on the calling thread."""

from collections.abc import Sequence
from pathlib import Path

from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.plan import Job
from mediatrans.quality.report.rows import JobReport
from mediatrans.translate.translator import Translator

__all__ = ["Observer"]


class Observer:
    """Callbacks for what happens, on the calling thread; override what is of interest."""

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """The model is loaded and the jobs are known; nothing has been read yet."""

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """So many frames of a job, of a total where that is known, have been translated."""

    def limited(self, bottleneck: Bottleneck) -> None:
        """So far this stage sets the pace; called before each `translated`."""

    def kept(self, job: Job, folder: Path) -> None:
        """A video could not be finished; the same call goes on from what the folder holds."""

    def finished(self, row: JobReport) -> None:
        """A job has ended."""
