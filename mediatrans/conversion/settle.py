"""What results become: rows of the report, in the order of the plan, and the run's exit code."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.observer import Observer
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.plan import Job
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.errors import ExitCode, ModelError
from mediatrans.quality.report.rows import JobReport, Report

__all__ = ["Settlement"]

log = logging.getLogger(__name__)


class Settlement:
    """The events of a run, told to its observer as rows of the jobs of the plan.

    Args:
        jobs: What was planned.
        observer: Is called with each row, in the order in which the jobs end; those that need no
            work come at their place in the plan.

    Attributes:
        rows: The rows until now.
    """

    def __init__(self, jobs: Sequence[Job], observer: Observer) -> None:
        self.rows: list[JobReport] = []
        self._jobs = {job.output: job for job in jobs if job.ready}
        self._waiting = list(reversed(jobs))
        self._ended: set[Path] = set()
        self._observer = observer
        self._clock_s = time.monotonic()

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Pass it on."""
        self._observer.translated(self._jobs[task.output], frames, total)

    def limited(self, bottleneck: Bottleneck) -> None:
        """Pass it on."""
        self._observer.limited(bottleneck)

    def kept(self, task: Task, folder: Path) -> None:
        """Pass it on."""
        self._observer.kept(self._jobs[task.output], folder)

    def ended(self, result: Result) -> None:
        """Give the task's job its row, after those before it that need no work."""
        self._leave_out()
        self._ended.add(result.task.output)
        self._finish(_row(result))

    def finish(self) -> None:
        """Give their rows to the jobs that are left, which need no work."""
        for job in reversed(self._waiting):
            if not job.ready:
                self._finish(_decided(job))

    def report(self, model: str, limits: Mapping[str, float], changed: ModelError | None) -> Report:
        """The report of the whole run.

        Args:
            model: The model's name.
            limits: Lowest mean allowed of each figure.
            changed: What has become of the model's files since they were loaded, or None.
        """
        if changed is not None:
            log.error("%s", changed)
        codes = [] if changed is None else [changed.exit_code]
        return Report.of(model, self.rows, limits, codes)

    def _leave_out(self) -> None:
        """Give their rows to the jobs that the plan has decided, up to the first still to end."""
        while self._waiting:
            job = self._waiting[-1]
            if job.ready and job.output not in self._ended:
                return
            self._waiting.pop()
            if not job.ready:
                self._finish(_decided(job))

    def _finish(self, row: JobReport) -> None:
        now_s = time.monotonic()
        row = replace(row, seconds=now_s - self._clock_s)
        self._clock_s = now_s
        self.rows.append(row)
        self._observer.finished(row)


def _row(result: Result) -> JobReport:
    """The row of a task that was done."""
    task, failure = result.task, result.failure
    row = JobReport(task.input, task.output, task.kind, "ok")
    if failure is not None and not result.is_partial:
        return replace(row, status="failed", error=failure.says, exit_code=failure.exit_code)
    notes, code = result.notes, ExitCode.OK
    if result.check_failure is not None:
        notes = (*notes, f"the round trip was not measured: {result.check_failure.says}")
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
    )
    if failure is not None:
        says = f"{failure.says}; {result.frames} frames before it were kept"
        row = replace(row, status="partial", error=says, exit_code=failure.exit_code)
    return row


def _decided(job: Job) -> JobReport:
    """The row of a job that the plan has decided."""
    row = JobReport(job.input, job.output, job.kind, "skipped", reason=job.skip)
    if job.error is not None:
        failure = Failure.of(job.input, job.error)
        return replace(
            row, status="failed", error=failure.says, reason=None, exit_code=failure.exit_code
        )
    if job.done is not None:
        row = replace(row, frames=job.done.frames, cycle=job.done.cycle)
    return row
