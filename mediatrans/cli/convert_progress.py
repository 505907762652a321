"""The terminal output of `convert`: the model, a progress bar, one line or JSON object per file."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mediatrans.cli.closing_table import closing_table
from mediatrans.cli.estimate import Estimates
from mediatrans.cli.report_files import ReportFiles
from mediatrans.cli.row_text import describe_row
from mediatrans.cli.terminal import echo_row, fitted, json_line, stderr_console
from mediatrans.cli.unfinished import Unfinished
from mediatrans.conversion.job import Job
from mediatrans.conversion.observer import Observer
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.files.walk import LeftOut, count_left_out, describe_left_out
from mediatrans.media.formats import advice_for
from mediatrans.printable import printable
from mediatrans.quality.report.rows import (
    JobReport,
    Report,
    Status,
    failed_limits,
)
from mediatrans.translate.translator import Translator
from mediatrans.zoo.find import Generator

__all__ = ["ConvertProgress"]


class ConvertProgress(Observer):
    """Prints the progress to stderr and one result per file to stdout.

    Args:
        limits: The quality limits; a file below one gets an extra line.
        files: The reports that will be written, checked before any work starts; None for none.
        command_line: The running command, quoted for a shell.
        as_json: Whether results are JSON objects.
        quiet: Whether only failures are shown.
        piped: Whether stdout carries a video; results then go to stderr.

    Attributes:
        model: The model's name; empty until it is loaded.
        generator: The generator that translates; None until the jobs are known, and the report
            may be written.
        rows: The finished jobs.
        files_left_out: What is left out of input folders.
    """

    def __init__(
        self,
        limits: Mapping[str, float],
        files: ReportFiles | None = None,
        *,
        command_line: str = "",
        as_json: bool = False,
        quiet: bool = False,
        piped: bool = False,
    ) -> None:
        self.model = ""
        self.generator: Generator | None = None
        self._jobs = 0
        self.rows: Sequence[JobReport] = ()
        self.files_left_out: tuple[LeftOut, ...] = ()
        self._limits = limits
        self._report_files = files
        self._command_line = command_line
        self._unfinished = Unfinished()
        self._has_manifest = False
        self._as_json = as_json
        self._quiet = quiet
        self._piped = piped
        self._console = stderr_console()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[limit]}", markup=False),
            console=self._console,
            disable=quiet or not self._console.is_interactive,
            transient=True,
        )
        self._files: TaskID | None = None
        self._frames: dict[Path, TaskID] = {}
        self._estimates = Estimates([])
        self._limit = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def summarise(self, report: Report) -> None:
        """Print what was left out, and of several inputs the worst, and how many succeeded."""
        if self._quiet:
            return
        self._print_left_out(report)
        if len(report.jobs) < 2:
            return
        table = closing_table(report.jobs)
        if table is not None:
            self._console.print(table, soft_wrap=False)
        counts = report.counts()
        statuses = [status for status in get_args(Status) if counts[status]]
        summary = ", ".join(f"{counts[status]} {status}" for status in statuses)
        took = timedelta(seconds=round(sum(row.seconds for row in report.jobs)))
        self._print(f"{len(report.jobs)} files in {took}: {summary}")

    def written(self, reports: Sequence[Path]) -> None:
        """Print where the reports are."""
        if not self._quiet:
            for path in reports:
                self._print(f"report: {path}")

    def interruption(self) -> str:
        """What an interrupted run has done, a sentence."""
        return f"The run was interrupted: {len(self.rows)} of {self._jobs} files had ended."

    def _print_left_out(self, report: Report) -> None:
        counts = count_left_out(report.left_out)
        if not counts:
            return
        self._print(describe_left_out(report.left_out))
        for label in counts:
            if advice := advice_for(Path(f"x{label}")):
                self._print(f"        {label}: {advice}")

    def left_out(self, files: Sequence[LeftOut]) -> None:
        """Keep what is left out for the report of an interrupted run."""
        self.files_left_out = tuple(files)

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """Print the model and start counting files.

        Raises:
            OutputError: The report cannot be written, or would replace a file of this run.
        """
        if self._report_files is not None:
            self._report_files.check(
                path for job in jobs for path in (job.input, job.output) if path is not None
            )
        self._has_manifest = any(job.home for job in jobs)
        self._estimates = Estimates(jobs)
        self._jobs = len(jobs)
        generator = translator.generator
        self.model = generator.name
        self.generator = generator
        if not self._quiet:
            self._print(
                f"{generator.origin} -> {generator.to} with {generator.name} "
                f"(found in {generator.place}), {translator.identity}"
            )
        if len(jobs) > 1:
            self._files = self._bar.add_task("files", total=len(jobs), limit="")

    def collecting(self, rows: Sequence[JobReport]) -> None:
        """Keep the rows for the report of an interrupted run."""
        self.rows = rows

    def _print(self, line: str, style: str | None = None) -> None:
        text = fitted(printable(line), is_terminal=self._console.is_interactive)
        self._console.print(text, style=style, markup=False, highlight=False)

    def begun(self, job: Job, frames: int, total: int | None, size: tuple[int, int] | None) -> None:
        """Show a new progress bar for a video, and where it is resumed."""
        self._estimates.begun(job, size)
        self._unfinished.begun(job, total)
        if job.kind == "image":
            return
        # The frames of an earlier run count, but not as speed.
        self._remove_bar(job.input)
        name = printable(job.input.name)
        self._frames[job.input] = self._bar.add_task(name, completed=frames, total=total, limit="")
        if not frames or self._quiet:
            return
        if frames == total:
            self._print(f"{job.input}: resumed after the last of {total} frames")
        else:
            # What a container says of its frames is approximate.
            of_all = "" if total is None else f" of about {total}"
            self._print(f"{job.input}: resumed at frame {frames + 1}{of_all}")

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """Advance the progress bar of a video; pictures are counted as files."""
        estimate = self._estimates.translated(job, frames, total, time.monotonic())
        if estimate is not None and not self._quiet:
            self._print(estimate if job.kind == "image" else f"{job.input}: {estimate}")
        if job.kind == "image":
            if self._files is not None:
                self._bar.update(self._files, limit=self._limit)
            return
        self._unfinished.begun(job, total)
        if job.input in self._frames:
            bar = self._frames[job.input]
            self._bar.update(bar, completed=frames, total=total, limit=self._limit)

    def _remove_bar(self, path: Path) -> None:
        if path in self._frames:
            self._bar.remove_task(self._frames.pop(path))

    def limited(self, bottleneck: Bottleneck) -> None:
        """Remember the bottleneck, which is shown beside the progress bar."""
        self._limit = f"limited by {bottleneck}"

    def kept(self, job: Job, folder: Path) -> None:
        """Remember how much of an interrupted video is kept, and where."""
        self._unfinished.kept(job, folder)

    def resume_hint(self) -> str:
        """What is kept after an interruption, and how to resume; empty if nothing has begun."""
        kept = self._unfinished.sentences()
        if not kept and self._has_manifest and self.rows:
            kept = "Finished work is kept."
        return f"{kept} Resume with: {self._command_line}" if kept else ""

    def finished(self, row: JobReport) -> None:
        """Print the result of one input."""
        self._remove_bar(row.input)
        kept = self._unfinished.ended(row.input)
        if self._files is not None:
            self._bar.advance(self._files)
        if self._as_json:
            with self._bar_aside():
                click.echo(json_line(row.to_dict()))
        below = ", ".join(failed_limits(row, self._limits))
        if row.status in ("failed", "partial"):
            self._print(f"{row.status:<7} {row.error}", style="red")
            if kept:
                self._print(f"kept    {kept}; resume with: {self._command_line}")
        elif not self._as_json and not self._quiet:
            with self._bar_aside():
                echo_row(f"{row.status:<7} {describe_row(row)}", err=self._piped)
        if below:
            self._print(f"below   {row.output}: {below}", style="yellow")

    @contextmanager
    def _bar_aside(self) -> Iterator[None]:
        """Take the bars off the screen while something is printed that is not rich's."""
        is_drawn = self._bar.live.is_started
        if is_drawn:
            self._bar.stop()
        yield
        if is_drawn:
            self._bar.start()


class _Speed(ProgressColumn):
    """A column with the steps per second of a task."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")
