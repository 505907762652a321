"""`mediatrans convert`: translate pictures, folders and videos to a domain."""

import json
import shlex
import signal
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mediatrans.errors import ExitCode, Interrupted, UsageError, batch_exit_code
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read_options import MAX_PIXELS, MAX_SPOOL_MB

if TYPE_CHECKING:
    from mediatrans.cli.convert_progress import ConvertProgress
    from mediatrans.conversion.options import ConvertOptions
    from mediatrans.quality.report.rows import Report


def _limits(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, float]:
    limits = {}
    for value in values:
        name, _, number = value.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not NAME=NUMBER, as psnr=22 is") from None
    return limits


def _file_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else value.lower().removeprefix(".")


def _rate(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    try:
        return None if value is None else Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{value!r} is no rate, as 24 or 30000/1001 is") from None


@click.command("convert")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="DOMAIN", help="The domain to translate to.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write: a file for one input file, else a folder. "
    "Without it summer.mp4 gives summer-winter.mp4 and photos/ gives photos-winter/. "
    "- is standard output.",
)
@click.option(
    "--format",
    "file_format",
    callback=_file_format,
    metavar="NAME",
    help="Write pictures (png, jpg, webp, ...) or videos (mp4, mkv, webm, ...) in this format; "
    "the kind that it cannot hold keeps its own. With -o -: mkv or ts.  [default: as the input]",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="Of JPEG, AVIF and WebP, animated too.  [default: as the input]",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Blend: 0 is the source, 1 the translation. The round trip is measured without it.",
)
@click.option(
    "--fps",
    callback=_rate,
    metavar="RATE",
    help="Make a video of each folder's pictures, in the order of their numbers, at this rate.",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    default=MAX_PIXELS,
    show_default=True,
    metavar="N",
    help="Refuse larger pictures before they are decoded.",
)
@click.option(
    "--spool-limit",
    type=click.IntRange(1),
    default=MAX_SPOOL_MB,
    show_default=True,
    metavar="MB",
    help="How much of a piped video may lie on disk at one time.",
)
@click.option(
    "--model",
    metavar="NAME|FOLDER|FILE",
    help="The model. Without it, the one that speaks the domain: in ./models, "
    "in your data folder, among those that come with mediatrans.",
)
@click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option(
    "--batch-size", type=click.IntRange(1), default=1, show_default=True, help="Frames a call."
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda[:N]",
    help="Where the generator runs; only auto falls back to the CPU.",
)
@click.option(
    "--threads", type=click.IntRange(1), help="Threads of the generator.  [default: all cores]"
)
@click.option("--start", type=click.FloatRange(0), metavar="S", help="Begin videos at this second.")
@click.option("--end", type=click.FloatRange(0), metavar="S", help="End videos at this second.")
@click.option(
    "--preview",
    type=click.IntRange(1),
    metavar="N",
    help="Only the first N frames of a video and files of a folder; a video's own name then ends "
    "in -preview.",
)
@click.option(
    "--check-every",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    metavar="N",
    help="Measure the round trip of every picture and of one video frame in N; 0 measures none.",
)
@click.option(
    "--fail-under",
    multiple=True,
    callback=_limits,
    metavar="psnr=DB|ssim=X",
    help="Exit with 7 when the mean of a file's round trip is below this.",
)
@click.option(
    "--vcodec",
    metavar="ENCODER",
    help="FFmpeg's name of the video encoder: libx265, libsvtav1, h264_nvenc, ... It is opened "
    "before any work starts.  [default: libx264, libvpx-vp9 in WebM]",
)
@click.option(
    "--crf",
    type=click.FloatRange(0),
    metavar="Q",
    help="The video encoder's constant quality, lower is better.  [default: 18 for libx264]",
)
@click.option("--preset", metavar="NAME", help="A preset of the video encoder: slow, say.")
@click.option(
    "--verify",
    type=click.Choice(["fast", "full"]),
    default="fast",
    show_default=True,
    help="Look at the streams and packets of a finished video with a second FFmpeg, or decode all.",
)
@click.option(
    "--keep-partial",
    is_flag=True,
    help="Keep what could be read of a damaged video; the exit code is still 3.",
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a JSON report here."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each input.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.pass_obj
def command(
    words: Sequence[str],
    inputs: tuple[Path, ...],
    to: str,
    output: Path | None,
    file_format: str | None,
    quality: int | None,
    strength: float,
    fps: Fraction | None,
    max_pixels: int,
    spool_limit: int,
    model: str | None,
    overwrite: bool,
    dry_run: bool,
    batch_size: int,
    device: str,
    threads: int | None,
    start: float | None,
    end: float | None,
    preview: int | None,
    check_every: int,
    fail_under: dict[str, float],
    vcodec: str | None,
    crf: float | None,
    preset: str | None,
    verify: Literal["fast", "full"],
    keep_partial: bool,
    report: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Translate pictures, folders (with all that is below them) and videos, mixed.

    One video may come from standard input and go to standard output, both written as -.
    """
    from mediatrans.conversion.options import ConvertOptions

    if as_json and output == STDIO:
        raise UsageError(
            "-o - needs standard output for the video", remedy="use --report instead of --json"
        )
    options = ConvertOptions(
        output=output,
        file_format=file_format,
        quality=quality,
        strength=strength,
        fps=fps,
        max_pixels=max_pixels,
        spool_limit_mb=spool_limit,
        model=model,
        overwrite=overwrite,
        batch_size=batch_size,
        device=device,
        threads=threads,
        start_s=start,
        end_s=end,
        preview=preview,
        check_every=check_every,
        limits=fail_under,
        vcodec=vcodec,
        crf=crf,
        preset=preset,
        verification=verify,
        keep_partial=keep_partial,
    )
    if dry_run:
        return _show_plan(inputs, to, options, as_json=as_json)
    from mediatrans.cli.convert_progress import ConvertProgress

    again = shlex.join(["mediatrans", *words])
    progress = ConvertProgress(
        options.limits,
        report,
        again=again,
        as_json=as_json,
        quiet=quiet,
        piped=output == STDIO,
    )
    return _convert(inputs, to, options, progress, report)


def _convert(
    inputs: Sequence[Path],
    to: str,
    options: "ConvertOptions",
    progress: "ConvertProgress",
    report_path: Path | None,
) -> int:
    from mediatrans.conversion.batch import convert
    from mediatrans.quality.report.rows import Report

    with progress:
        try:
            report = convert(inputs, to, options, progress)
        except KeyboardInterrupt as stop:
            report = Report.of(progress.model, progress.rows, options.limits)
            code = stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT
            _write_report(replace(report, exit_code=code), report_path)
            signum = signal.SIGTERM if code == ExitCode.SIGTERM else signal.SIGINT
            raise Interrupted(signum, progress.way_on()) from stop
    progress.summarise(report)
    _write_report(report, report_path)
    return int(report.exit_code)


def _write_report(report: "Report", path: Path | None) -> None:
    from mediatrans.files.publish import publishing

    if path is None:
        return
    with publishing(path) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(report.json_parts())


def _show_plan(inputs: Sequence[Path], to: str, options: "ConvertOptions", *, as_json: bool) -> int:
    from mediatrans.conversion.plan import plan
    from mediatrans.zoo.card import sha256_of
    from mediatrans.zoo.find import find

    generator = find(to, options.model)
    jobs = plan(inputs, generator.to, options, sha256_of(generator.path))
    click.echo(f"{generator.path} ({generator.place})", err=True)
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
            click.echo(json.dumps(row, ensure_ascii=False))
        elif job.ready:
            replacing = " (replaces it)" if job.output and job.output.exists() else ""
            click.echo(f"{action}  {job.input} -> {job.output}{replacing}", err=piped)
        else:
            click.echo(f"{action}  {reason if job.error else f'{job.input}: {reason}'}", err=piped)
    return int(batch_exit_code(job.error.exit_code for job in jobs if job.error))
