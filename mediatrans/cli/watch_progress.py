"""The terminal output of `watch`: the model once, then a line or a JSON object per file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mediatrans.cli.row_text import describe_row
from mediatrans.cli.terminal import echo, echo_row, json_line
from mediatrans.cli.unfinished import Unfinished
from mediatrans.conversion.job import UP_TO_DATE, Job
from mediatrans.conversion.observer import Observer
from mediatrans.errors import ExitCode, MediatransError
from mediatrans.quality.report.rows import JobReport, failed_limits
from mediatrans.translate.translator import Translator

__all__ = ["WatchProgress"]


class WatchProgress(Observer):
    """Prints results to stdout and the rest to stderr; its memory does not grow with the files.

    Files that are up to date are counted, and not named.

    Args:
        limits: The quality limits; a file below one gets an extra line.
        as_json: Whether results are JSON objects.
        quiet: Whether only failures are shown.

    Attributes:
        codes: The different exit codes of the files so far.
    """

    def __init__(self, limits: Mapping[str, float], *, as_json: bool, quiet: bool) -> None:
        self.codes: set[ExitCode] = set()
        self._limits = limits
        self._as_json = as_json
        self._quiet = quiet
        self._has_named_model = False
        self._unfinished = Unfinished()

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """Print the model, the first time, and how many files are up to date."""
        generator = translator.generator
        if not self._has_named_model and not self._quiet:
            echo(
                f"{generator.origin} -> {generator.to} with {generator.name} "
                f"(found in {generator.place}), {translator.identity}",
                err=True,
            )
        self._has_named_model = True
        skipped = sum(job.skip == UP_TO_DATE for job in jobs)
        if skipped and not self._quiet:
            echo(f"{skipped} file{'' if skipped == 1 else 's'} up to date", err=True)

    def begun(self, job: Job, frames: int, total: int | None, size: tuple[int, int] | None) -> None:
        """Remember a video that is being converted."""
        self._unfinished.begun(job, total)

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """Remember the length of a video."""
        self._unfinished.begun(job, total)

    def kept(self, job: Job, folder: Path) -> None:
        """Remember how much of an interrupted video is kept, and where."""
        self._unfinished.kept(job, folder)

    def unfinished(self) -> str:
        """What is kept of each unfinished video, in sentences; empty if there is none."""
        return self._unfinished.sentences()

    def finished(self, row: JobReport) -> None:
        """Print the result of one file."""
        self._unfinished.ended(row.input)
        self.codes.add(row.exit_code)
        if row.reason == UP_TO_DATE:
            return
        if self._as_json:
            click.echo(json_line(row.to_dict()))
        if row.status in ("failed", "partial"):
            echo_row(f"{row.status:<7} {row.error}", err=True)
        elif not self._as_json and not self._quiet:
            echo_row(f"{row.status:<7} {describe_row(row)}")
        if below := failed_limits(row, self._limits):
            self.codes.add(ExitCode.QUALITY)
            echo(f"below   {row.output}: {', '.join(below)}", err=True)

    def refused(self, error: MediatransError) -> None:
        """Print why a file is not converted."""
        self.codes.add(error.exit_code)
        echo(f"failed  {error}", err=True)
