"""The files of `--report`: JSON, or a page where the name ends in .html."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mediatrans.errors import OutputError, UsageError
from mediatrans.files.addresses import refuse_urls
from mediatrans.files.names import is_too_long
from mediatrans.quality.report.page_files import is_page, is_page_name

if TYPE_CHECKING:
    from mediatrans.quality.report.rows import Report
    from mediatrans.zoo.find import Generator

__all__ = ["ReportFiles", "report_option"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def report_option(command: _Function) -> _Function:
    """A decorator that adds `--report`; the command receives all paths as `reports`."""
    return click.option(
        "--report",
        "reports",
        multiple=True,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write a report to this file: a page to look at if its name ends in .html, else JSON. "
        "May be repeated.",
    )(command)


class ReportFiles:
    """The reports that a command writes.

    Args:
        paths: Where to.
        overwrite: Whether one may replace a file that is not an earlier report.

    Raises:
        UsageError: Two reports have the same name, or one is an address.
    """

    def __init__(self, paths: Sequence[Path], *, overwrite: bool = False) -> None:
        refuse_urls(paths, "a report", "name a local file with --report")
        self.paths = tuple(paths)
        self._overwrite = overwrite
        places = [os.path.realpath(path) for path in paths]
        for path, place in zip(paths, places, strict=True):
            if places.count(place) > 1:
                raise UsageError(
                    f"{path}: two reports cannot have the same name",
                    remedy="name --report twice with two names, for example r.json and r.html",
                )

    @property
    def has_page(self) -> bool:
        """Whether one of them is a page, which needs pictures."""
        return any(map(is_page_name, self.paths))

    def check(self, used: Iterable[Path]) -> None:
        """Check that the reports can be written, before any work starts.

        Args:
            used: The inputs and outputs of the run.

        Raises:
            OutputError: One cannot be written, or would replace a file of this run.
        """
        if self.paths:
            files = {os.path.realpath(path) for path in used}
            for path in self.paths:
                self._check(path, files)

    def _check(self, path: Path, files: set[str]) -> None:
        from mediatrans.quality.report.rows import is_report

        place = os.path.realpath(path)
        remedy = "name another --report"
        if is_too_long(path):
            problem = "the name of the report is too long for the file system"
        elif os.path.lexists(path) and not path.is_file():
            problem = "exists already and is not a regular file"
        elif place in files:
            problem = "the report would replace a file of this run"
        elif (
            os.path.lexists(place)
            and not self._overwrite
            and not (is_report(Path(place)) or is_page(Path(place)))
        ):
            problem = "exists already and is not a report"
            remedy = f"use --overwrite, or {remedy}"
        elif not Path(place).parent.is_dir():
            problem = "the report cannot be written: its folder does not exist"
        elif not os.access(Path(place).parent, os.W_OK | os.X_OK):
            problem = "the report cannot be written: no permission to write to its folder"
        else:
            return
        raise OutputError(problem, path=path, remedy=remedy)

    def write(
        self, report: "Report", generator: "Generator | None", notice: str | None = None
    ) -> None:
        """Write the reports.

        Args:
            report: The result of the run.
            generator: The generator that translated; None if it is not known.
            notice: Why it is incomplete, a sentence; None if it is complete.

        Raises:
            OutputError: One cannot be written; what had its name is kept.
        """
        from mediatrans.files.publish import publishing

        for path in self.paths:
            with publishing(path) as part, part.open("w", encoding="utf-8") as file:
                if is_page_name(path):
                    file.writelines(_page(report, generator, path.parent, notice))
                else:
                    file.writelines(report.json_parts())


def _page(
    report: "Report", generator: "Generator | None", folder: Path, notice: str | None
) -> Iterator[str]:
    # Imported here, so that a JSON report does not load the template engine.
    from mediatrans.quality.report.conversion_page import conversion_page
    from mediatrans.quality.report.page import page_parts

    made = datetime.now().astimezone()
    return page_parts(conversion_page(report, generator, folder, made, notice))
