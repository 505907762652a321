"""The plan of a conversion: one job per input file, all checked before any work starts."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.contradictions import refuse_contradictions
from mediatrans.conversion.earlier_results import EarlierResults, named_results
from mediatrans.conversion.existing_outputs import compare_with_existing
from mediatrans.conversion.job import Job
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.output_conflicts import RESULT_IS_INPUT, check_outputs
from mediatrans.conversion.outputs import (
    PREVIEW_MARK,
    output_path,
    output_suffix,
    real_path,
    too_long,
)
from mediatrans.conversion.run_options import Shard
from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.files.names import is_too_long
from mediatrans.files.walk import LeftOut, WalkProblem, is_hidden, walk
from mediatrans.media.formats import Kind, advice_for, is_supported, kind_of
from mediatrans.media.numbered import numbered_pictures
from mediatrans.media.pipe_formats import STDIO

__all__ = ["plan"]

log = logging.getLogger(__name__)

_FRAMES_SUFFIX = ".mp4"

_STDIN_FILES = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")

LookUp = Callable[[list[Job]], list[Job]]
"""Called with the jobs before their outputs are compared with what exists."""

Leave = Callable[[LeftOut], None]
"""Called with each file or folder in an input folder that is left out."""


def plan(
    inputs: Sequence[Path],
    to: str,
    options: ConvertOptions,
    model_sha256: str = "",
    leave: Leave = lambda _: None,
    *,
    within: EarlierResults | None = None,
    look_up: LookUp = lambda jobs: jobs,
) -> list[Job]:
    """Turn inputs into jobs; an input that cannot be converted becomes a job with an error.

    Args:
        inputs: Files and folders.
        to: The domain; derived names end in it.
        options: The options. With a shard, only its part of the jobs is returned.
        model_sha256: The generator's digest; outputs of another generator are out of date.
        leave: Called with what is left out of input folders.
        within: The results in a folder that holds the inputs, which are files. They get the place
            below the folder of `-o` that the conversion of the whole folder would give them.
        look_up: Called with all jobs, before the shard is taken; returns them.

    Raises:
        UsageError: There are no inputs, or -o does not fit them.
        OutputError: The file system cannot hold the name given with -o.
    """
    refuse_contradictions(inputs, options)
    if within is not None:
        within.refresh()
        jobs = [_job_within(given, options, within) for given in inputs]
    else:
        beside = options.output is None
        results = named_results(inputs, to, model_sha256, are_beside=beside)
        jobs = _jobs(inputs, to, options, model_sha256, leave, results)
        if jobs and all(job.skip for job in jobs):  # nothing but results: they are what is meant
            jobs = _jobs(inputs, to, options, model_sha256, lambda _: None, None)
    for job in jobs:
        _warn_of_new_container(job, options)
    jobs = look_up(check_outputs(jobs, overwrite=options.overwrite))
    if options.shard is not None:
        jobs = _part(jobs, options.shard)
    return compare_with_existing(jobs, options, model_sha256)


def _jobs(
    inputs: Sequence[Path],
    to: str,
    options: ConvertOptions,
    model_sha256: str,
    leave: Leave,
    results: Mapping[Path, str] | None,
) -> list[Job]:
    """The jobs of files and folders; None for the named results translates all results as well."""
    jobs: list[Job] = []
    alone = len(inputs) == 1
    for given in inputs:
        if results and given in results and given.is_file():
            kind = kind_of(given, options.reader_limit_s)
            jobs.append(Job(given, kind=kind, skip=results[given]))
            continue
        earlier = EarlierResults(given, to, model_sha256)
        skips = results is not None
        jobs += _jobs_of(given, options, earlier, leave, alone=alone, skips=skips)
    return jobs


def _part(jobs: list[Job], shard: Shard) -> list[Job]:
    """The jobs of a shard. What is skipped, such as results of other shards, moves no job."""
    work = [job for job in jobs if job.skip in (None, RESULT_IS_INPUT)]
    mine = {id(job) for job in work[shard.number - 1 :: shard.count]}
    every = {id(job) for job in work}
    return [job for job in jobs if id(job) in mine or (id(job) not in every and shard.number == 1)]


def _jobs_of(
    given: Path,
    options: ConvertOptions,
    earlier: EarlierResults,
    leave: Leave,
    *,
    alone: bool,
    skips: bool,
) -> list[Job]:
    try:
        if given == STDIO:
            return [_stdin_job(earlier.to, options)]
        if str(given) in _STDIN_FILES:
            raise InputError("it is standard input", path=given, remedy="write - in its place")
        if not given.exists():
            # A link to itself does not exist, either.
            raise InputError("no such file or folder", path=given, remedy="check the name")
        if given.is_dir() and options.fps is not None:
            return [_frames_job(given, options, earlier, leave, alone=alone)]
        if given.is_dir():
            return _folder_jobs(given, options, earlier, leave, alone=alone, skips=skips)
        if not given.is_file():
            raise InputError(
                "not a regular file", path=given, remedy="name a file, or pipe it in as -"
            )
        return [_file_job(given, earlier.to, options, alone=alone)]
    except (InputError, OutputError) as error:
        return [Job(given, error=error)]
    except OSError as error:
        return [Job(given, error=InputError(f"cannot be read ({error.strerror})", path=given))]


def _warn_of_new_container(job: Job, options: ConvertOptions) -> None:
    is_named = job.output == options.output or options.file_format is not None
    is_file = job.input != STDIO and not job.frames
    if job.kind != "video" or job.output is None or is_named or not is_file:
        return
    old, new = job.input.suffix.lower(), job.output.suffix
    if old != new:
        log.warning("%s: cannot write %s; writing %s instead", job.input, old, new)


def _file_job(path: Path, to: str, options: ConvertOptions, *, alone: bool) -> Job:
    kind = kind_of(path, options.reader_limit_s)
    if kind is None:
        raise InputError(
            f"the suffix {path.suffix!r} is not that of a supported picture or video format",
            path=path,
            remedy=advice_for(path) or "give the file its usual suffix",
        )
    suffix = output_suffix(path, kind, options.file_format)
    mark = _preview_mark(kind, options)
    derived = path.with_name(f"{path.stem}-{to}{mark}{suffix}")
    output, home = _place(derived, f"{path.stem}{mark}{suffix}", kind, options, alone=alone)
    return Job(path, output, kind, home=home)


def _job_within(path: Path, options: ConvertOptions, earlier: EarlierResults) -> Job:
    """The job of a file as the conversion of a folder has it."""
    assert options.output is not None
    assert earlier.root is not None
    if reason := earlier.reason(path):
        return Job(path, skip=reason)
    try:
        job = _file_job(path, earlier.to, options, alone=False)
    except (InputError, OutputError) as error:
        return Job(path, error=error)
    assert job.output is not None
    place = options.output / path.parent.relative_to(earlier.root)
    return _kept_inside(replace(job, output=place / job.output.name), options.output)


def _preview_mark(kind: Kind, options: ConvertOptions) -> str:
    """The part of an output's name that marks a preview, which never replaces a whole video."""
    return PREVIEW_MARK if kind == "video" and options.preview is not None else ""


def _stdin_job(to: str, options: ConvertOptions) -> Job:
    name = f"stdin-{to}.{options.file_format or 'mkv'}"
    output, _ = _place(Path(name), name, "video", options, alone=True)
    return Job(STDIO, output, "video")


def _frames_job(
    folder: Path, options: ConvertOptions, earlier: EarlierResults, leave: Leave, *, alone: bool
) -> Job:
    named = folder.resolve() if folder.name in ("", "..") else folder
    pictures = numbered_pictures(folder)
    results = {path for path in pictures if earlier.reason(path)}
    if len(results) == len(pictures):  # nothing but results: they are what is meant
        results.clear()
    frames = tuple(path for path in pictures if path not in results)
    if not frames:
        raise InputError(
            "no pictures in this folder", path=folder, remedy="check the folder, or drop --fps"
        )
    suffix = output_suffix(Path(f"x{_FRAMES_SUFFIX}"), "video", options.file_format)
    mark = _preview_mark("video", options)
    derived = named.with_name(f"{named.name}-{earlier.to}{mark}{suffix}")
    # No manifest: it records single input files, not folders.
    output, _ = _place(derived, f"{named.name}{mark}{suffix}", "video", options, alone=alone)
    for path in sorted(set(folder.iterdir()) - set(frames)):
        if not is_hidden(path.name) and path.is_file() and real_path(path) != real_path(output):
            leave(LeftOut(path, is_hidden=False, is_result=path in results))
    return Job(folder, output, "video", frames=frames)


def _place(
    derived: Path, name: str, kind: Kind, options: ConvertOptions, *, alone: bool
) -> tuple[Path, Path | None]:
    """The path of one output, and its output folder if -o names a folder."""
    output = output_path(
        options.output, derived, name, kind, alone=alone, file_format=options.file_format
    )
    in_folder = options.output is not None and output not in (options.output, STDIO)
    return output, options.output if in_folder else None


def _folder_jobs(
    folder: Path,
    options: ConvertOptions,
    earlier: EarlierResults,
    leave: Leave,
    *,
    alone: bool,
    skips: bool,
) -> list[Job]:
    named = folder.resolve() if folder.name in ("", "..") else folder
    if options.output == STDIO:
        raise UsageError(
            "a folder cannot be written to a pipe",
            remedy="make one video of its pictures with --fps",
        )
    if options.output is None:
        mark = "" if options.preview is None else PREVIEW_MARK
        target = named.with_name(f"{named.name}-{earlier.to}{mark}")
    else:
        target = options.output if alone else options.output / named.name
    is_one_of_several = skips and not alone
    if not is_one_of_several:
        _refuse_target(folder, target)
    found = list(_walk(folder, target, options, earlier if skips else None, leave))
    if is_one_of_several:
        if found and all(job.skip for job in found):
            return found  # also where it is the output folder, which a pattern such as * finds
        _refuse_target(folder, target)
    jobs = [_kept_inside(job, target) for job in found]
    if not jobs:
        raise InputError(
            "no pictures or videos in this folder", path=folder, remedy="check the folder"
        )
    if options.preview is None:
        return jobs
    beyond = f"beyond --preview {options.preview}"
    first = {job.input for job in [job for job in jobs if job.skip is None][: options.preview]}
    return [
        replace(job, skip=beyond) if job.ready and job.input not in first else job for job in jobs
    ]


def _refuse_target(folder: Path, target: Path) -> None:
    """Refuse an output folder that an input folder cannot be written to."""
    if real_path(target).is_relative_to(real_path(folder)):
        raise OutputError(
            f"the output folder {target} is inside the input folder",
            path=folder,
            remedy="name a folder outside it with -o",
        )
    if is_too_long(target):
        raise too_long(target)
    if target.is_file():
        raise OutputError(
            "the output folder is an existing file", path=target, remedy="use another -o"
        )


def _walk(
    folder: Path,
    target: Path,
    options: ConvertOptions,
    earlier: EarlierResults | None,
    leave: Leave,
) -> Iterator[Job]:
    """The jobs of a folder in the order of their paths; None translates earlier results as well."""
    for found in walk(folder, is_supported):
        if isinstance(found, WalkProblem):
            yield Job.refused(found.path, found.problem, found.remedy)
        elif isinstance(found, LeftOut):
            leave(found)
        elif (kind := kind_of(found, options.reader_limit_s)) is None:
            continue
        elif earlier is not None and (reason := earlier.reason(found)):
            yield Job(found, kind=kind, skip=reason)
        else:
            suffix = output_suffix(found, kind, options.file_format)
            name = f"{found.stem}{_preview_mark(kind, options)}{suffix}"
            output = target / found.relative_to(folder).with_name(name)
            yield Job(found, output, kind, home=target)


def _kept_inside(job: Job, target: Path) -> Job:
    """The job, with an error if a link leads its output out of the output folder."""
    if job.output is None or real_path(job.output.parent).is_relative_to(real_path(target)):
        return job
    problem = f"{job.output.parent} is a link that leads out of the output folder"
    return replace(
        job,
        error=OutputError(problem, path=job.output, remedy="remove the link, or use another -o"),
    )
