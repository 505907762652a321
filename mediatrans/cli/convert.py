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
from mediatrans.cli.report_files import ReportFiles, report_option
from mediatrans.cli.settings_files import preset_file_flag
from mediatrans.cli.several_domains import domains_of, for_domain, report_for_domain
from mediatrans.conversion.options import ConvertOptions
from mediatrans.errors import ExitCode, Interrupted, UsageError, batch_exit_code
from mediatrans.media.pipe_formats import STDIO

if TYPE_CHECKING:
    from mediatrans.cli.convert_progress import ConvertProgress

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
        "convert photos/ --to winter --report report.html",
        "Write a page with verdicts, figures and pictures of the worst files.",
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
@report_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per input.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@preset_file_flag
@settings_flags(ConvertOptions, groups=("Output", "Input", "Model", "Workers", "Quality"))
@click.pass_obj
def command(
    words: Sequence[str],
    /,
    inputs: tuple[Path, ...],
    to: tuple[str, ...],
    dry_run: bool,
    reports: tuple[Path, ...],
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> int:
    """Translate pictures, videos and folders to a domain.

    INPUTS may be mixed; folders are searched with their subfolders. What is in a bucket has an
    address: s3://BUCKET/FOLDER (extra s3), gs://, az:// or hf://. A single video may be read from
    standard input and written to standard output; both are spelled "-".
    """
    options = ConvertOptions(**settings)
    files = ReportFiles(reports, overwrite=options.overwrite)
    options = replace(options, samples=files.has_page)
    if as_json and options.output == STDIO:
        raise UsageError(
            "--json cannot be used with -o -, which writes the video to standard output",
            remedy="use --report instead of --json",
        )
    codes: list[ExitCode] = []
    domains = domains_of(to, inputs, options)
    for domain in domains:
        how, paths = options, files.paths
        if len(domains) > 1:
            how = for_domain(options, domain)
            paths = tuple(report_for_domain(path, domain) for path in paths)
        if dry_run:
            from mediatrans.cli.dry_run import show_plan

            codes.append(show_plan(inputs, domain, how, as_json=as_json))
            continue
        written = ReportFiles(paths, overwrite=options.overwrite)
        progress = _progress(how, written, words, as_json=as_json, quiet=quiet)
        codes.append(_convert(inputs, domain, how, progress, written))
    return int(batch_exit_code(codes))


def _progress(
    options: ConvertOptions,
    files: ReportFiles,
    words: Sequence[str],
    *,
    as_json: bool,
    quiet: bool,
) -> "ConvertProgress":
    from mediatrans.cli.convert_progress import ConvertProgress

    return ConvertProgress(
        options.limits,
        files,
        command_line=shlex.join(["mediatrans", *words]),
        as_json=as_json,
        quiet=quiet,
        piped=options.output == STDIO,
    )


def _convert(
    inputs: Sequence[Path],
    to: str,
    options: ConvertOptions,
    progress: "ConvertProgress",
    files: ReportFiles,
) -> ExitCode:
    from mediatrans.conversion.batch import convert
    from mediatrans.quality.report.rows import Report

    with progress:
        try:
            report = convert(inputs, to, options, progress)
        except KeyboardInterrupt as stop:
            report = Report.of(progress.model, progress.rows, options.limits)
            code = stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT
            if progress.generator is not None:
                report = replace(report, exit_code=code, left_out=progress.files_left_out)
                files.write(report, progress.generator, progress.interruption())
                progress.written(files.paths)
            signum = signal.SIGTERM if code == ExitCode.SIGTERM else signal.SIGINT
            raise Interrupted(signum, progress.resume_hint()) from stop
    progress.summarise(report)
    assert progress.generator is not None
    files.write(report, progress.generator)
    progress.written(files.paths)
    return report.exit_code
