"""`mediatrans convert`: translate pictures, folders and videos to a domain."""

import shlex
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mediatrans.cli.command import Command
from mediatrans.cli.flags import settings_flags
from mediatrans.cli.settings_files import preset_file_flag
from mediatrans.cli.several_domains import domains_of, for_domain, report_for_domain
from mediatrans.cli.terminal import echo, json_line
from mediatrans.conversion.options import ConvertOptions, with_working_size
from mediatrans.errors import ExitCode, Interrupted, UsageError, batch_exit_code
from mediatrans.media.pipe_formats import STDIO

if TYPE_CHECKING:
    from mediatrans.cli.convert_progress import ConvertProgress
    from mediatrans.quality.report.rows import Report

__all__ = ["command"]

_EXAMPLES = (
    (
        "convert summer.mp4 --to winter",
        "Write summer-winter.mp4, with its sound and subtitles.",
    ),
    (
        "convert photos/ --to winter",
        "Write photos-winter/; run it again to convert only what is new.",
    ),
    (
        "convert photos/ film.mkv --to winter -n",
        "Show what would be written, and write nothing.",
    ),
    (
        "convert summer.mp4 --to winter --preview 50 --strength 0.8",
        "Try a setting on the first 50 frames.",
    ),
    (
        "convert photos/ --to winter --report report.json --fail-under psnr=22",
        "Measure the round trip, and exit with 7 where it is worse.",
    ),
    (
        "convert photos/ --to winter --to autumn -o out/",
        "Write out/winter/ and out/autumn/, if models translate to both.",
    ),
    (
        "convert - --to winter -o - < summer.mkv > winter.mkv",
        "Convert a video in a shell pipe.",
    ),
)


@click.command(
    "convert", cls=Command, examples=_EXAMPLES, short_help="Translate pictures, folders and videos."
)
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    multiple=True,
    metavar="DOMAIN",
    help="The domain to translate to. Several --to translate to each of them; -o then gets a "
    "folder for each, and --report a file.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done and exit.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a JSON report to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per input.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@preset_file_flag
@settings_flags(ConvertOptions, groups=("Output", "Input", "Model", "Quality"))
@click.pass_obj
def command(
    words: Sequence[str],
    /,
    inputs: tuple[Path, ...],
    to: tuple[str, ...],
    dry_run: bool,
    report: Path | None,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> int:
    """Translate pictures, videos and folders to a domain.

    INPUTS may be mixed; folders are searched with their subfolders. A single video may be read
    from standard input and written to standard output; both are spelled "-".
    """
    options = ConvertOptions(**settings)
    if as_json and options.output == STDIO:
        raise UsageError(
            "--json cannot be used with -o -, which writes the video to standard output",
            remedy="use --report instead of --json",
        )
    codes: list[ExitCode] = []
    domains = domains_of(to, inputs, options)
    for domain in domains:
        how, path = options, report
        if len(domains) > 1:
            how, path = for_domain(options, domain, inputs), report_for_domain(report, domain)
        if dry_run:
            codes.append(_show_plan(inputs, domain, how, as_json=as_json))
            continue
        progress = _progress(how, path, words, as_json=as_json, quiet=quiet)
        codes.append(_convert(inputs, domain, how, progress, path))
    return int(batch_exit_code(codes))


def _progress(
    options: ConvertOptions,
    report: Path | None,
    words: Sequence[str],
    *,
    as_json: bool,
    quiet: bool,
) -> "ConvertProgress":
    from mediatrans.cli.convert_progress import ConvertProgress

    return ConvertProgress(
        options.limits,
        report,
        command_line=shlex.join(["mediatrans", *words]),
        as_json=as_json,
        quiet=quiet,
        piped=options.output == STDIO,
        overwrite=options.overwrite,
    )


def _convert(
    inputs: Sequence[Path],
    to: str,
    options: ConvertOptions,
    progress: "ConvertProgress",
    report_path: Path | None,
) -> ExitCode:
    from mediatrans.conversion.batch import convert
    from mediatrans.quality.report.rows import Report

    with progress:
        try:
            report = convert(inputs, to, options, progress)
        except KeyboardInterrupt as stop:
            report = Report.of(progress.model, progress.rows, options.limits)
            code = stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT
            if progress.has_planned:
                report = replace(report, exit_code=code, left_out=progress.files_left_out)
                _write_report(report, report_path)
            signum = signal.SIGTERM if code == ExitCode.SIGTERM else signal.SIGINT
            raise Interrupted(signum, progress.resume_hint()) from stop
    progress.summarise(report)
    _write_report(report, report_path)
    return report.exit_code


def _write_report(report: "Report", path: Path | None) -> None:
    from mediatrans.files.publish import publishing

    if path is None:
        return
    with publishing(path) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(report.json_parts())


def _show_plan(
    inputs: Sequence[Path], to: str, options: ConvertOptions, *, as_json: bool
) -> ExitCode:
    from mediatrans.conversion.plan import plan
    from mediatrans.files.walk import LeftOut, describe_left_out
    from mediatrans.zoo.card import sha256_of
    from mediatrans.zoo.find import find

    generator = find(to, options.model)
    generator.verify()
    options = with_working_size(options, generator.working_size)
    left_out: list[LeftOut] = []
    jobs = plan(inputs, generator.to, options, sha256_of(generator.path), left_out.append)
    echo(f"{generator.path} ({generator.place})", err=True)
    piped = options.output == STDIO
    for job in jobs:
        action = "convert" if job.ready else "skip" if job.error is None else "fail"
        reason = job.skip or (str(job.error) if job.error else None)
        if as_json:
            row = {
                "input": str(job.input),
                "output": str(job.output) if job.output else None,
                "kind": job.kind,
                "action": action,
                "reason": reason,
            }
            click.echo(json_line(row))
        elif job.ready:
            replacing = " (replaced)" if job.output and job.output.exists() else ""
            echo(f"{action}  {job.input} -> {job.output}{replacing}", err=piped)
        else:
            echo(f"{action}  {reason if job.error else f'{job.input}: {reason}'}", err=piped)
    if left_out:
        echo(describe_left_out(left_out), err=True)
    return batch_exit_code(job.error.exit_code for job in jobs if job.error)
