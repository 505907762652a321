"""Addresses in place of the files of a mirror, in everything that is shown or reported."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.job import Job
from mediatrans.conversion.observer import Observer
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.errors import MediatransError
from mediatrans.files.mirror import Mirror
from mediatrans.files.walk import LeftOut
from mediatrans.quality.report.row_store import Rows
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.translate.translator import Translator

__all__ = ["NamedObserver", "Names"]


class Names:
    """The addresses of what is in a mirror.

    Args:
        mirror: The mirror.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def error(self, error: MediatransError) -> MediatransError:
        """An error with addresses."""
        named = type(error).__new__(type(error))  # their arguments differ
        named.__dict__.update(error.__dict__)
        named.args = (self._mirror.in_words(str(error)),)
        named.problem = self._mirror.in_words(error.problem)
        named.remedy = error.remedy and self._mirror.in_words(error.remedy)
        if isinstance(error.path, Path):
            named.path = self._mirror.shown(error.path)
        return named

    def job(self, job: Job) -> Job:
        """A job with addresses."""
        return replace(
            job,
            input=self._mirror.shown(job.input),
            output=job.output and self._mirror.shown(job.output),
            home=job.home and self._mirror.shown(job.home),
            error=job.error and self.error(job.error),
        )

    def row(self, row: JobReport) -> JobReport:
        """A row with addresses."""
        return replace(
            row,
            input=self._mirror.shown(row.input),
            output=row.output and self._mirror.shown(row.output),
            error=row.error and self._mirror.in_words(row.error),
            notes=tuple(map(self._mirror.in_words, row.notes)),
        )

    def rows(self, rows: Sequence[JobReport]) -> Sequence[JobReport]:
        """Rows with addresses."""
        return rows.through(self.row) if isinstance(rows, Rows) else [*map(self.row, rows)]

    def report(self, report: Report) -> Report:
        """A report with addresses."""
        return replace(
            report,
            jobs=self.rows(report.jobs),
            left_out=tuple(map(self.left_out, report.left_out)),
        )

    def left_out(self, file: LeftOut) -> LeftOut:
        """A file that is left out, with its address."""
        return replace(file, path=self._mirror.shown(file.path))

    @contextmanager
    def in_log(self) -> Iterator[None]:
        """Put addresses into the messages that are logged during the block."""

        def rename(record: logging.LogRecord) -> bool:
            words = record.getMessage()
            named = self._mirror.in_words(words)
            if named != words:
                record.msg, record.args = named, None
            return True

        handlers = [*logging.getLogger().handlers, *logging.getLogger("mediatrans").handlers]
        for handler in handlers:
            handler.addFilter(rename)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(rename)


class NamedObserver(Observer):
    """Passes all events on, with addresses.

    Args:
        observer: Where to.
        names: The addresses.
    """

    def __init__(self, observer: Observer, names: Names) -> None:
        self._observer = observer
        self._names = names
        self._jobs: dict[tuple[Path, Path | None], Job] = {}

    def left_out(self, files: Sequence[LeftOut]) -> None:
        """Pass on."""
        self._observer.left_out([self._names.left_out(file) for file in files])

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """Pass on."""
        named = [self._names.job(job) for job in jobs]
        self._jobs = {
            (job.input, job.output): shown for job, shown in zip(jobs, named, strict=True)
        }
        self._observer.planned(translator, named)

    def collecting(self, rows: Sequence[JobReport]) -> None:
        """Pass on."""
        self._observer.collecting(self._names.rows(rows))

    def _named(self, job: Job) -> Job:
        return self._jobs[job.input, job.output]

    def begun(self, job: Job, frames: int, total: int | None, size: tuple[int, int] | None) -> None:
        """Pass on."""
        self._observer.begun(self._named(job), frames, total, size)

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """Pass on."""
        self._observer.translated(self._named(job), frames, total)

    def limited(self, bottleneck: Bottleneck) -> None:
        """Pass on."""
        self._observer.limited(bottleneck)

    def kept(self, job: Job, folder: Path) -> None:
        """Pass on; the folder is on this disk."""
        self._observer.kept(self._named(job), folder)

    def finished(self, row: JobReport) -> None:
        """Pass on."""
        self._observer.finished(self._names.row(row))
