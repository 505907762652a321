"""The trial of the encoders that a plan needs, before any work starts."""

from collections.abc import Sequence
from dataclasses import replace

from mediatrans.conversion.job import Job
from mediatrans.errors import UsageError
from mediatrans.media.write.codecs import Encoding, trial_encoding, try_encoder
from mediatrans.media.write.sinks import encoding_of
from mediatrans.media.write_options import WriteOptions

__all__ = ["try_encoders"]


def try_encoders(jobs: Sequence[Job], options: WriteOptions) -> list[Job]:
    """Open each encoder that videos will be written with, once.

    Args:
        jobs: The plan.
        options: The options of writing.

    Returns:
        The jobs. A video whose container's own encoder refuses the options has an error; those of
        other containers may still be converted.

    Raises:
        UsageError: The encoder that is asked for does not exist or refuses its options.
        DeviceError: The hardware encoder that is asked for does not start.
    """
    encoding = encoding_of(options)
    refusals: dict[Encoding, UsageError | None] = {}
    tried = []
    for job in jobs:
        wanted = None
        if job.ready and job.kind == "video" and job.output is not None:
            wanted = trial_encoding(encoding, job.output.suffix.lower())
        if wanted is not None and wanted not in refusals:
            refusals[wanted] = _refusal(wanted, is_named=encoding.codec is not None)
        error = refusals.get(wanted) if wanted is not None else None
        if error is not None:
            error = UsageError(error.problem, path=job.input, remedy=error.remedy)
            job = replace(job, error=error)
        tried.append(job)
    return tried


def _refusal(encoding: Encoding, *, is_named: bool) -> UsageError | None:
    try:
        try_encoder(encoding)
    except UsageError as error:
        if is_named:
            raise
        return error
    return None
