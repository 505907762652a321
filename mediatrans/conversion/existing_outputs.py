"""What already exists under the outputs' names: up to date, ours, or somebody else's."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mediatrans.conversion.job import UP_TO_DATE, Job
from mediatrans.conversion.manifest import Entry, Manifest, Origin, State, input_identity
from mediatrans.conversion.options import ConvertOptions, settings_of
from mediatrans.conversion.outputs import unwritable
from mediatrans.errors import OutputError
from mediatrans.files.packed import Packed
from mediatrans.media.formats import Kind
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.write.segments.work_folder import is_published
from mediatrans.quality.check_options import LIMITS

__all__ = ["compare_with_existing"]


def compare_with_existing(jobs: list[Job], options: ConvertOptions, model_sha256: str) -> list[Job]:
    """Compare the existing outputs with the manifests."""
    manifests: dict[Path, Manifest] = {}
    settings: dict[tuple[Kind, str], dict[str, Any]] = {}
    looked = []
    for job in jobs:
        manifest = None
        if job.ready and job.home is not None and job.kind is not None:
            manifest = manifests.setdefault(job.home, Manifest(job.home))
            try:
                identity = job.stored.identity if job.stored else input_identity(job.input)
            except OSError as error:
                looked.append(
                    Job.refused(
                        job.input,
                        f"cannot be read ({error.strerror})",
                        "grant permission to read it",
                    )
                )
                continue
            how = job.kind, job.output.suffix.lower() if job.output else ""
            if how not in settings:
                settings[how] = settings_of(options, *how)
            job = replace(job, origin=Origin(identity, model_sha256, settings[how]))
        looked.append(_compared(job, manifest, options))
    return looked


def _compared(job: Job, manifest: Manifest | None, options: ConvertOptions) -> Job:
    if not job.ready or job.output is None or job.output == STDIO:
        return job
    if not os.path.lexists(job.output):
        return _checked_place(job, job.output)
    state: State = "foreign"
    entry = None
    if manifest is not None and job.origin is not None:
        state, entry = manifest.look_up(job.output, job.origin)
    if state == "current" and entry is not None and _is_measured(entry, options.limits):
        return replace(job, skip=UP_TO_DATE, done=entry)
    if options.overwrite or state != "foreign":
        return _checked_place(replace(job, replaces=True), job.output)
    if is_published(job.output):
        return job
    problem = "the output exists already"
    if manifest is not None and manifest.knows(job.output):
        problem = "the output was changed after it was written"
    error = OutputError(problem, path=job.output, remedy="use --overwrite or another -o")
    return replace(job, error=error)


def _checked_place(job: Job, output: Path) -> Job:
    """The job, with an error if its output's folder cannot be written to."""
    error = unwritable(output)
    return job if error is None else replace(job, error=error)


def _is_measured(packed: Packed[Entry], limits: Mapping[str, float]) -> bool:
    """Whether all figures with a limit are known."""
    if not limits:
        return True
    entry = packed.unpacked()
    means = {LIMITS[name].figure for name in limits}
    known = set() if entry.figures is None else set(entry.figures.statistics)
    if entry.cycle is not None:
        known |= {LIMITS["psnr"].figure, LIMITS["ssim"].figure}
    return means <= known
