"""The outputs of a plan compared with its other outputs and with its inputs."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.earlier_results import RECORDED
from mediatrans.conversion.job import Job
from mediatrans.conversion.outputs import refusal

__all__ = ["RESULT_IS_INPUT", "check_outputs"]

RESULT_IS_INPUT = "its result is among the inputs as well, and is not older"
"""Why the source of an earlier result is skipped."""


def check_outputs(jobs: Sequence[Job], *, overwrite: bool) -> list[Job]:
    """Refuse outputs of several inputs and outputs that would replace an input.

    The result of an input may be another input, which is skipped. If it is not older than its
    source, the source is skipped as well: whoever repeats `convert *.jpg` wants what is new.

    Args:
        jobs: The plan; all inputs are there, also those that are skipped.
        overwrite: Whether existing outputs are to be replaced.
    """
    # Strings instead of Paths: they need a fraction of the memory, and folders may be very large.
    wanted = Counter(os.path.realpath(job.output) for job in jobs if job.ready and job.output)
    # What is skipped is an input all the same: an output must not replace it. What a manifest lists
    # is compared with it later on.
    sources = {
        os.path.realpath(path)
        for job in jobs
        if job.error is None and job.skip != RECORDED
        for path in (job.input, *job.frames)
    }
    skipped = {os.path.realpath(job.input) for job in jobs if job.skip is not None}
    checked = []
    for job in jobs:
        if job.ready and job.output:
            output, real = job.output, os.path.realpath(job.output)
            is_result = real in sources and real in skipped and wanted[real] == 1
            if is_result and not overwrite and _is_current(output, job.input):
                job = replace(job, skip=RESULT_IS_INPUT)
            elif error := refusal(job.input, output, wanted, sources):
                job = replace(job, error=error)
        checked.append(job)
    return checked


def _is_current(result: Path, source: Path) -> bool:
    try:
        made, changed = result.stat().st_mtime_ns, source.stat().st_mtime_ns
    except OSError:
        return False
    return 0 < changed <= made  # 0 for what is in a bucket
