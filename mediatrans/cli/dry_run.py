"""The plan that `convert --dry-run` shows: what would be written, and how videos are divided."""

from collections.abc import Sequence
from pathlib import Path

import click

from mediatrans.cli.terminal import echo, json_line
from mediatrans.conversion.bucket_run import BucketRun, bucket_run
from mediatrans.conversion.encoder_trial import try_encoders
from mediatrans.conversion.executors.choice import planned_workers
from mediatrans.conversion.job import Job
from mediatrans.conversion.options import ConvertOptions, with_working_size
from mediatrans.conversion.plan import plan
from mediatrans.conversion.survey import Division, division_of
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import ExitCode, batch_exit_code
from mediatrans.files.walk import LeftOut, describe_left_out
from mediatrans.media.pipe_formats import STDIO
from mediatrans.zoo.card import sha256_of
from mediatrans.zoo.find import Generator, find

__all__ = ["show_plan"]


def show_plan(
    inputs: Sequence[Path], to: str, options: ConvertOptions, *, as_json: bool
) -> ExitCode:
    """Print the plan of a conversion, and convert nothing.

    Args:
        inputs: The files, folders and addresses.
        to: The domain.
        options: The options of the conversion.
        as_json: Whether each input is a JSON object.

    Returns:
        The exit code that the plan alone would have.

    Raises:
        UsageError: The requested encoder does not exist or refuses its options.
        DeviceError: The requested hardware encoder does not start.
    """
    generator = find(to, options.model)
    generator.verify()
    options = with_working_size(options, generator.working_size)
    left_out: list[LeftOut] = []
    with bucket_run(inputs, options) as buckets:
        jobs = plan(
            buckets.paths,
            generator.to,
            buckets.options,
            sha256_of(generator.path),
            left_out.append,
            look_up=buckets.look_up,
        )
        jobs = try_encoders(jobs, buckets.options)
        echo(f"{generator.path} ({generator.place})", err=True)
        divisions = _divisions(jobs, generator, buckets)
        jobs = buckets.named(jobs)
        left_out = buckets.left_out(left_out)
    piped = options.output == STDIO
    for job, division in zip(jobs, divisions, strict=True):
        if as_json:
            click.echo(json_line(_row(job, division)))
        else:
            echo(_line(job, division), err=piped)
    if left_out:
        echo(describe_left_out(left_out), err=True)
    return batch_exit_code(job.error.exit_code for job in jobs if job.error)


def _divisions(
    jobs: Sequence[Job], generator: Generator, buckets: BucketRun
) -> list[Division | None]:
    """How each video is divided; None for all else, and for what is still in a bucket."""
    options = buckets.options
    workers = planned_workers(options)
    if workers is None or STDIO in (*buckets.paths, options.output):
        return [None] * len(jobs)
    workshop = Workshop(generator, options)
    return [
        division_of(job.task(), workshop, workers)
        if job.ready and job.kind == "video" and job.stored is None
        else None
        for job in jobs
    ]


def _action(job: Job) -> str:
    return "convert" if job.ready else "skip" if job.error is None else "fail"


def _row(job: Job, division: Division | None) -> dict[str, object]:
    return {
        "input": str(job.input),
        "output": str(job.output) if job.output else None,
        "kind": job.kind,
        "action": _action(job),
        "reason": job.skip or (str(job.error) if job.error else None),
        "spans": None if division is None else division.spans,
        "one_span_because": None if division is None else division.reason,
    }


def _line(job: Job, division: Division | None) -> str:
    if job.error is not None:
        return f"fail  {job.error}"
    if not job.ready:
        return f"skip  {job.input}: {job.skip}"
    said = [] if division is None else [_words(division)]
    if job.replaces:
        said = ["replaced", *said]
    more = f" ({', '.join(said)})" if said else ""
    return f"convert  {job.input} -> {job.output}{more}"


def _words(division: Division) -> str:
    if division.spans > 1:
        return f"{division.spans} spans"
    return f"one span: {division.reason}" if division.reason else "one span"
