"""`mediatrans check`: judge outputs that exist against their inputs, without converting."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mediatrans.cli.command import Command
from mediatrans.cli.flags import settings_flags
from mediatrans.cli.report_files import ReportFiles, report_option
from mediatrans.cli.terminal import echo, echo_row, json_line
from mediatrans.errors import ExitCode, Interrupted
from mediatrans.quality.check_options import CheckOptions

__all__ = ["command"]

_EXAMPLES = (
    (
        "check summer.mp4 summer-winter.mp4 --model summer2winter",
        "Judge a video, with the round trip of the model.",
    ),
    (
        "check photos/ photos-winter/ --fail-under structure=0.8",
        "Exit with 7 where something was put into a picture or left out.",
    ),
)


@click.command(
    "check", cls=Command, examples=_EXAMPLES, short_help="Judge outputs against their inputs."
)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.argument("result", metavar="OUTPUT", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME|FOLDER|FILE", help="The model that made OUTPUT.")
@click.option(
    "--to",
    metavar="DOMAIN",
    help="The domain of OUTPUT.  [default: the one that its name ends in]",
)
@click.option("--device", default="auto", show_default=True, help="As for convert.")
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per input.")
@settings_flags(CheckOptions)
def command(
    source: Path,
    result: Path,
    model: str | None,
    to: str | None,
    device: str,
    reports: tuple[Path, ...],
    as_json: bool,
    **settings: Any,
) -> int:
    """Judge a picture, a video or a folder against the input that it was made from.

    Nothing is converted. The model is the one named, or an installed one of the domain that the
    output's name ends in. Without one, change, structure and flicker are measured; with one, the
    round trip and what it hides as well.
    """
    from mediatrans.cli.row_text import describe_row
    from mediatrans.conversion.check import check, find_generator
    from mediatrans.files.addresses import refuse_urls
    from mediatrans.quality.report.rows import JobReport, Report, failed_limits

    refuse_urls(
        [source, result],
        "what is checked",
        "convert measures what it writes into a bucket; copy other outputs to this machine first",
    )
    files = ReportFiles(reports)
    files.check([source, result])
    options = replace(CheckOptions(**settings), samples=files.has_page)
    rows: list[JobReport] = []

    def show(row: JobReport) -> None:
        rows.append(row)
        if as_json:
            click.echo(json_line(row.to_dict()))
        elif row.status in ("ok", "skipped"):
            echo_row(f"{row.status:<7} {describe_row(row)}")
        if row.status == "failed":
            echo_row(f"{row.status:<7} {row.error}", err=True)
        if below := ", ".join(failed_limits(row, options.limits)):
            echo(f"below   {row.output}: {below}", err=True)

    generator = find_generator(result, to, model)
    try:
        report = check(source, result, generator, options, device=device, on_row=show)
    except KeyboardInterrupt as stop:
        code = stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT
        name = "" if generator is None else generator.name
        report = replace(Report.of(name, rows, options.limits), exit_code=code)
        files.write(report, generator, f"The run was interrupted after {len(rows)} files.")
        raise
    files.write(report, generator)
    for path in files.paths:
        echo(f"report: {path}", err=True)
    return int(report.exit_code)
