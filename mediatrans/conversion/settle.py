"""The settlement of a run: results become rows of the report and an exit code."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.job import Job
from mediatrans.conversion.observer import Observer
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.errors import ExitCode, ModelError
from mediatrans.media.frames import Segment
from mediatrans.quality.report.row_store import Rows
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.quality.samples import MOST_FILES

__all__ = ["Settlement"]

log = logging.getLogger(__name__)


class Settlement:
    """Turns the events of a run into rows of the report, and passes them to an observer.

    A job is forgotten when its row is there, since there may be very many.

    Args:
        jobs: The planned jobs.
        observer: Called with each row in the order in which the jobs end. Jobs that need no work
            keep their place in the plan.
    """

    def __init__(self, jobs: Sequence[Job], observer: Observer) -> None:
        self._rows = Rows()
        self._row_places: list[int] = []
        self._jobs: list[Job | None] = list(jobs)
        self._places = {str(job.output): place for place, job in enumerate(jobs) if job.ready}
        self._next = 0
        self._observer = observer
        self._clock_s = time.monotonic()
        self._shown = 0
        observer.collecting(self._rows)
        self._leave_out()

    def tasks(self) -> Iterator[Task]:
        """The tasks of the jobs that are ready."""
        for place in range(len(self._jobs)):
            job = self._jobs[place]
            if job is not None and job.ready:
                yield job.task()

    def _job_of(self, task: Task) -> Job:
        job = self._jobs[self._places[str(task.output)]]
        assert job is not None, "it has not ended"
        return job

    def begun(
        self, task: Task, frames: int, total: int | None, size: tuple[int, int] | None
    ) -> None:
        """Forward to the observer."""
        self._observer.begun(self._job_of(task), frames, total, size)

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Forward to the observer."""
        self._observer.translated(self._job_of(task), frames, total)

    def limited(self, bottleneck: Bottleneck) -> None:
        """Forward to the observer."""
        self._observer.limited(bottleneck)

    def kept(self, task: Task, folder: Path) -> None:
        """Forward to the observer."""
        self._observer.kept(self._job_of(task), folder)

    def written(self, task: Task, segment: Segment) -> None:
        """Ignored: a row is about a whole file."""

    def ended(self, result: Result) -> None:
        """Add the row of a task, after those of earlier jobs that need no work."""
        self._leave_out()
        place = self._places[str(result.task.output)]
        row = _row(result)
        if row.samples:
            self._shown += 1
        self._finish(place, row if self._shown <= MOST_FILES else replace(row, samples=()))
        self._leave_out()

    def finish(self) -> None:
        """Add the rows of the remaining jobs that need no work."""
        for place in range(self._next, len(self._jobs)):
            job = self._jobs[place]
            if job is not None and not job.ready:
                self._finish(place, _decided(job))

    def report(self, model: str, limits: Mapping[str, float], changed: ModelError | None) -> Report:
        """The report of the whole run, with its rows in the order of the plan.

        Args:
            model: The model's name.
            limits: The lowest allowed mean of each figure.
            changed: The error if a model file changed since it was loaded, or None.
        """
        if changed is not None:
            log.error("%s", changed)
        codes = [] if changed is None else [changed.exit_code]
        places = self._row_places
        rows = self._rows.in_order(sorted(range(len(places)), key=places.__getitem__))
        return Report.of(model, rows, limits, codes)

    def _leave_out(self) -> None:
        """Add the rows of jobs that need no work, up to the first job that has not ended."""
        while self._next < len(self._jobs):
            place, job = self._next, self._jobs[self._next]
            if job is not None and job.ready:
                return
            self._next += 1
            if job is not None:
                self._finish(place, _decided(job))

    def _finish(self, place: int, row: JobReport) -> None:
        now_s = time.monotonic()
        row = replace(row, seconds=now_s - self._clock_s)
        self._clock_s = now_s
        self._rows.append(row)
        self._row_places.append(place)
        self._jobs[place] = None
        self._observer.finished(row)


def _row(result: Result) -> JobReport:
    """The row of a finished task."""
    task, failure = result.task, result.failure
    row = JobReport(task.input, task.output, task.kind, "ok")
    if failure is not None and not result.is_partial:
        return replace(row, status="failed", error=failure.message, exit_code=failure.exit_code)
    notes, code = result.notes, ExitCode.OK
    if result.check_failure is not None:
        notes = (*notes, f"the round trip was not measured: {result.check_failure.message}")
        is_bug = result.check_failure.exit_code == ExitCode.INTERNAL
        code = ExitCode.INTERNAL if is_bug else ExitCode.OK
    row = replace(
        row,
        frames=result.frames,
        cycle=result.cycle,
        limited_by=result.limited_by,
        repeated_frames=result.repeated,
        is_unmeasured=result.check_failure is not None,
        notes=notes,
        exit_code=code,
        figures=result.figures,
        verdict=result.verdict,
        samples=result.samples,
    )
    if failure is not None:
        message = f"{failure.message}; frames before it that were kept: {result.frames}"
        row = replace(row, status="partial", error=message, exit_code=failure.exit_code)
    return row


def _decided(job: Job) -> JobReport:
    """The row of a job that failed or was skipped in the plan."""
    row = JobReport(job.input, job.output, job.kind, "skipped", reason=job.skip)
    if job.error is not None:
        failure = Failure.of(job.input, job.error)
        return replace(
            row, status="failed", error=failure.message, reason=None, exit_code=failure.exit_code
        )
    if job.done is not None:
        done = job.done.unpacked()
        row = replace(
            row, frames=done.frames, cycle=done.cycle, figures=done.figures, verdict=done.verdict
        )
    return row
