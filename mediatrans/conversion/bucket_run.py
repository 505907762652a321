"""A conversion from or to buckets: the same road as for files, with a mirror at both ends.

Before the plan is made, the inputs in buckets get placeholders in the mirror. Before it is compared
with what exists, the outputs in buckets get theirs, with a manifest. The workers fetch an input
when it is read. What is finished in the mirror is uploaded. What is shown has addresses.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.bucket_manifest import read_manifest
from mediatrans.conversion.bucket_names import NamedObserver, Names
from mediatrans.conversion.events import Events
from mediatrans.conversion.job import Job
from mediatrans.conversion.observer import Observer
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.outputs import holds
from mediatrans.conversion.uploads import Uploads
from mediatrans.errors import InputError, MediatransError, UsageError
from mediatrans.files.addresses import is_url, refuse_urls, url_of
from mediatrans.files.buckets import StoredObject
from mediatrans.files.mirror import Mirror, mirrored
from mediatrans.files.store_errors import StoreError
from mediatrans.files.walk import LeftOut
from mediatrans.media.animation import ANIMATION_SUFFIXES, animation_of
from mediatrans.quality.report.rows import Report

__all__ = ["ANIMATION", "BucketRun", "bucket_run"]

_MEGABYTE = 1_000_000
_HEAD = 1 << 18
_GIF_FRAME = b"\x2c" + bytes(8) + b"\x00\x02\x00"

ANIMATION = b"GIF89a" + bytes(7) + 2 * _GIF_FRAME + b"\x3b"
"""What a placeholder holds whose input is an animation: a GIF of two empty frames."""


@contextmanager
def bucket_run(paths: Sequence[Path], options: ConvertOptions) -> Iterator["BucketRun"]:
    """Prepare a conversion whose inputs or outputs may be addresses.

    Args:
        paths: The inputs.
        options: The options.

    Raises:
        UsageError: An address holds credentials, or buckets cannot be used with these options.
        OutputError: The mirror cannot be written.
    """
    output = options.output
    refuse_urls(
        [*paths, *([output] if output else [])],
        "an input or output",
        "download it first, or name its bucket: s3://BUCKET/KEY",
        also_buckets=False,
    )
    given = [path for path in (*paths, output) if path is not None and is_url(path)]
    if not given:
        yield BucketRun(list(paths), options, None)
        return
    urls = [url_of(path) for path in given]
    if options.fps is not None:
        raise UsageError(
            "--fps needs a local folder, and the input or output is in a bucket",
            remedy="copy the pictures to this machine first",
        )
    with mirrored(urls, options.spool_limit_mb * _MEGABYTE) as mirror:
        names = Names(mirror)
        try:
            with names.in_log():
                run = BucketRun(
                    [mirror.local(path) for path in paths],
                    replace(options, output=output and mirror.local(output)),
                    mirror,
                )
                yield run
        except MediatransError as error:
            raise names.error(error) from error


class BucketRun:
    """The two ends of a conversion that may be in buckets.

    Args:
        paths: The inputs, in the mirror if they are in buckets.
        options: The options, with an output in the mirror if it is in a bucket.
        mirror: The mirror; None if nothing is in a bucket.

    Attributes:
        paths: As given.
        options: As given.
        mirror: As given.
    """

    def __init__(self, paths: list[Path], options: ConvertOptions, mirror: Mirror | None) -> None:
        self.paths = paths
        self.options = options
        self.mirror = mirror
        self._objects: dict[Path, StoredObject] = {}
        self._refused: list[Job] = []
        if mirror is None:
            return
        output = options.output
        if output is not None and mirror.holds(output) and not _names_a_file(output):
            output.mkdir(parents=True, exist_ok=True)  # every name is a folder in a bucket
        for path in paths:
            if mirror.holds(path):
                self._find(mirror, path)

    def _find(self, mirror: Mirror, given: Path) -> None:
        """List an input, once, and make placeholders."""
        url = mirror.url(given)
        store = mirror.store(url)
        try:
            found = store.find(url)
        except StoreError as error:
            self._refuse(given, error)
            return
        for one in found.values():
            if one.url.endswith("/"):
                continue  # stands for a folder
            try:
                self._objects[mirror.put_placeholder(one)] = one
            except ValueError:
                path = mirror.root / one.url.replace("://", "/", 1)
                problem = "no file of this system can have this name"
                self._refused.append(Job.refused(path, problem, "copy it to another name"))
        doubtful = {
            self._objects[place].url: place
            for place in self._objects
            if place.is_relative_to(given) and place.suffix.lower() in ANIMATION_SUFFIXES
        }
        wanted = [url for url, place in doubtful.items() if self._objects[place].size]
        for name, head in store.heads(wanted, _HEAD):
            place = doubtful[name]
            if isinstance(head, StoreError):
                self._refuse(place, head)
            elif _is_animation(mirror, self._objects[place], place, head):
                mirror.put_placeholder(self._objects[place], ANIMATION)

    def _refuse(self, path: Path, error: StoreError) -> None:
        refusal = InputError(error.problem, path=path, remedy=error.remedy)
        self._refused.append(Job(path, error=refusal))

    def look_up(self, jobs: list[Job]) -> list[Job]:
        """Take over the outputs that exist in buckets, and their manifests, for the plan.

        Args:
            jobs: The jobs.

        Returns:
            The jobs, with the objects of their inputs.

        Raises:
            OutputError: A bucket cannot be listed.
        """
        mirror = self.mirror
        if mirror is None:
            return jobs
        refused = {job.input: job for job in self._refused}
        jobs = [
            replace(refused.pop(job.input, job), stored=self._objects.get(job.input))
            for job in jobs
        ]
        jobs += refused.values()
        outputs = [job for job in jobs if job.ready and job.output and mirror.holds(job.output)]
        homes = dict.fromkeys(job.home or job.output for job in outputs)
        for home in homes:
            assert home is not None
            url = mirror.url(home)
            names = [
                job.output.relative_to(home).as_posix() if job.home else ""
                for job in outputs
                if job.output and (job.home or job.output) == home
            ]
            try:
                found = mirror.store(url).find(url)
                if names != [""]:
                    read_manifest(mirror.store(url), url, found, home, names)
                elif url in found:
                    mirror.put_placeholder(found[url])
            except StoreError as error:
                raise error.as_output() from None
        return jobs

    def observer(self, observer: Observer) -> Observer:
        """An observer that is told addresses."""
        return observer if self.mirror is None else NamedObserver(observer, Names(self.mirror))

    def named(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs with addresses."""
        return list(jobs) if self.mirror is None else [*map(Names(self.mirror).job, jobs)]

    def left_out(self, files: list[LeftOut]) -> list[LeftOut]:
        """What is left out, with addresses."""
        return files if self.mirror is None else [*map(Names(self.mirror).left_out, files)]

    @contextmanager
    def uploading(self, events: Events) -> Iterator[Events]:
        """Events that upload what is finished; all of it is there at the end of the block."""
        if self.mirror is None:
            yield events
            return
        uploads = Uploads(events, self.mirror)
        try:
            yield uploads
        except BaseException:
            uploads.abandon()
            raise
        uploads.finish()

    def report(self, report: Report) -> Report:
        """A report with addresses."""
        return report if self.mirror is None else Names(self.mirror).report(report)


def _names_a_file(output: Path) -> bool:
    return any(holds(output.suffix.lower(), kind) for kind in ("image", "video"))


def _is_animation(mirror: Mirror, one: StoredObject, place: Path, head: bytes) -> bool:
    """Whether an input is an animation; it is read whole if its first bytes do not show that."""
    mirror.put_placeholder(one, head)
    if one.size > len(head) and animation_of(place) is None and _is_undecided(place, head):
        with suppress(InputError):  # reading it meets the error again
            mirror.fetch(one, place)
    found = animation_of(place) is not None
    mirror.put_placeholder(one)
    return found


def _is_undecided(place: Path, head: bytes) -> bool:
    suffix = place.suffix.lower()
    if suffix == ".gif":
        return True
    return b"ANIM" in head if suffix == ".webp" else b"IDAT" not in head
