"""The straight line: plan -> source -> translator -> monitor -> sink -> report."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import av

from mediatrans import __version__
from mediatrans.conversion.manifest import Entry, Manifest, input_identity
from mediatrans.conversion.options import ConvertOptions, settings_of
from mediatrans.conversion.overlap import ReadAhead, Stage, WriteBehind, slowest_stage
from mediatrans.conversion.plan import Job, plan
from mediatrans.conversion.video_job import encoding_of, open_video_job
from mediatrans.errors import ExitCode, InputError, MediatransError, ModelError, UsageError
from mediatrans.files.publish import Fingerprint
from mediatrans.media.frames import Frame
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read.picture_source import PictureSource
from mediatrans.media.write.codecs import probe_encoder
from mediatrans.media.write.picture_sink import PictureSink
from mediatrans.quality.cycle import CycleMonitor, CycleSummary
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.translate.stages.blend import blend
from mediatrans.translate.stages.repeats import Repeats
from mediatrans.translate.translator import Translator

__all__ = ["Observer", "convert"]

log = logging.getLogger(__name__)

_QUEUE_DEPTH = 4


class Observer:
    """Told what happens, in the calling thread; override what is of interest."""

    def planned(self, translator: Translator, jobs: Sequence[Job]) -> None:
        """The model is loaded and the jobs are known; nothing has been read yet."""

    def translated(self, job: Job, frames: int, total: int | None) -> None:
        """So many frames of a job, of a total where that is known, have been translated."""

    def limited(self, stage: Stage) -> None:
        """So far this stage sets the pace; told before each `translated`."""

    def kept(self, job: Job, folder: Path) -> None:
        """A video could not be finished; the same call goes on from what the folder holds."""

    def finished(self, row: JobReport) -> None:
        """A job has ended."""


def convert(
    inputs: Path | str | Iterable[Path | str],
    to: str,
    options: ConvertOptions | None = None,
    observer: Observer | None = None,
) -> Report:
    """Translate pictures, folders and videos to a domain.

    A file that cannot be read, translated or written is reported and passed over.

    Args:
        inputs: A file or folder, or several, mixed.
        to: The domain to translate to, "winter" say.
        options: How; None takes the defaults.
        observer: Told of the progress; None tells nobody.

    Returns:
        What became of every input.

    Raises:
        ModelError: No model speaks that domain, two in one place do, or its files are bad.
        DeviceError: The device or the hardware encoder that was asked for does not start.
        UsageError: Nothing to convert, or options that contradict each other.
    """
    options = options or ConvertOptions()
    observer = observer or Observer()
    translator = Translator.load(
        to, model=options.model, device=options.device, threads=options.threads
    )
    given = [inputs] if isinstance(inputs, Path | str) else inputs
    domain = translator.generator.to
    jobs = plan([Path(path) for path in given], domain, options, translator.sha256)
    if any(job.kind == "video" and job.ready for job in jobs):
        probe_encoder(encoding_of(options))
    observer.planned(translator, jobs)
    run = _Run(translator, options, observer)
    for kind, group in groupby(jobs, key=lambda job: job.kind if job.ready else None):
        if kind == "image":
            run.convert_pictures(list(group))
        elif kind == "video":
            for job in group:
                run.convert_video(job)
        else:
            for job in group:
                run.leave_out(job)
    changed = run.model_error()
    if changed is not None:
        log.error("%s", changed)
    codes = [] if changed is None else [changed.exit_code]
    return Report.of(translator.generator.name, run.rows, options.limits, codes)


class _Run:
    """One call of `convert`: the loaded translators, and a row for every job that has ended."""

    def __init__(self, translator: Translator, options: ConvertOptions, observer: Observer) -> None:
        self.rows: list[JobReport] = []
        self._translator = translator
        self._options = options
        self._observer = observer
        self._inverse = translator.inverse() if options.check_every else None
        self._manifests: dict[Path, Manifest] = {}
        self._model_error: ModelError | None = None
        self._clock_s = time.monotonic()
        self._slowest: Stage | None = None
        self._repeated = 0
        if options.limits and self._inverse is None:
            raise UsageError(
                "a quality limit needs the way back, and this model has none",
                path=translator.generator.path,
                remedy="name the model's folder, or drop --fail-under",
            )
        if options.check_every and self._inverse is None:
            log.warning(
                "%s: its pair's other file is not here, so there is no cycle check",
                translator.generator.path,
            )

    def model_error(self) -> ModelError | None:
        """What is wrong with the model's files since they were loaded, or None."""
        if self._model_error is None:
            try:
                self._translator.check_unchanged()
                if self._inverse is not None:
                    self._inverse.check_unchanged()
            except ModelError as error:
                self._model_error = error
        return self._model_error

    def convert_video(self, job: Job) -> None:
        """Translate one video file."""
        monitor = self._monitor(every=self._options.check_every)
        count = 0

        def record(fingerprint: Fingerprint) -> None:
            cycle = monitor.summary() if monitor else None
            self._note(job, fingerprint, count, cycle, is_partial=video.damage is not None)

        try:
            if (error := self.model_error()) is not None:
                raise error
            with open_video_job(
                job,
                self._options,
                self._made_with(job),
                monitor,
                record,
                lambda folder: self._observer.kept(job, folder),
            ) as video:
                count = video.done
                # Closed before the sink and the source, also when this loop is left by an error.
                with closing(
                    self._stream(video.frames, video.write, monitor, border=video.border)
                ) as batches:
                    for batch in batches:
                        count += len(batch)
                        self._observer.translated(job, count, video.total)
                if count == 0:
                    raise InputError("it holds no frame", path=job.input)
        except Exception as error:
            self._fail(job, error)
        else:
            self._succeed(job, count, monitor.take() if monitor else None, video.damage)

    def convert_pictures(self, jobs: Sequence[Job]) -> None:
        """Translate picture files as one stream, so that they overlap, each with its own row."""
        ends: SimpleQueue[tuple[int, Exception | None]] = SimpleQueue()
        notes: dict[int, tuple[str, ...]] = {}
        monitor = self._monitor(every=1)
        unsettled = dict(enumerate(jobs))

        def failed(index: int, error: Exception) -> None:
            ends.put((index, error))

        def settle() -> None:
            # Pictures end on the decoding and encoding threads; their rows are written on this one.
            while not ends.empty():
                index, error = ends.get()
                cycle = monitor.take(index) if monitor else None
                job = unsettled.pop(index, None)
                if job is not None and error is not None:
                    self._fail(job, error)
                elif job is not None:
                    self._succeed(job, 1, cycle, notes=notes.pop(index, ()))

        def record(index: int, fingerprint: Fingerprint) -> None:
            cycle = monitor.summary(index) if monitor else None
            self._note(jobs[index], fingerprint, 1, cycle)

        inputs = [job.input for job in jobs]
        outputs = [job.output for job in jobs if job.output]
        try:
            with (
                PictureSource(inputs, failed, max_pixels=self._options.max_pixels) as source,
                PictureSink(outputs, failed, quality=self._options.quality, record=record) as sink,
            ):

                def write(frame: Frame) -> None:
                    notes[frame.index] = frame.still.notes if frame.still else ()
                    sink.write(frame)
                    ends.put((frame.index, None))

                with closing(self._stream(source, write, monitor, failed)) as batches:
                    for batch in batches:
                        settle()
                        if (changed := self.model_error()) is not None:
                            raise changed
                        self._observer.translated(jobs[batch[-1].index], 1, 1)
        except Exception as error:
            settle()
            for job in unsettled.values():
                self._fail(job, error)
        finally:
            settle()

    def leave_out(self, job: Job) -> None:
        """Give a job that the plan has already decided its row."""
        if job.error is not None:
            self._fail(job, job.error)
        else:
            row = JobReport(job.input, job.output, job.kind, "skipped", reason=job.skip)
            if job.done is not None:
                figures = job.done.cycle
                cycle = CycleSummary.from_dict(figures) if figures else None
                row = replace(row, frames=job.done.frames, cycle=cycle)
            self._finish(row)

    def _stream(
        self,
        source: Iterable[Frame],
        write: Callable[[Frame], None],
        monitor: CycleMonitor | None,
        failed: Callable[[int, Exception], None] | None = None,
        border: int | None = None,
    ) -> Generator[list[Frame], None, None]:
        """Translate and write a source's frames; yields each batch when it is on its way out.

        A frame equal to the one before is not generated again, and one translation serves both.
        Frames that cannot be translated go to `failed`; without it their error is raised. Neither a
        batch nor that comparison reaches over a multiple of `border`.
        """
        with (
            ReadAhead(source, _QUEUE_DEPTH) as frames,
            WriteBehind(write, _QUEUE_DEPTH) as writer,
        ):
            translate = Repeats(self._translator.stage)
            for batch in _batches(frames, self._options.batch_size, border):
                if border and batch[0].index % border == 0:
                    translate.restart()
                pixels = [frame.pixels for frame in batch]
                try:
                    translated = translate(pixels)
                    if monitor is not None:
                        monitor.observe([frame.index for frame in batch], pixels, translated)
                except InputError as error:
                    if failed is None:
                        raise
                    for frame in batch:
                        failed(frame.index, error)
                else:
                    for frame, picture in zip(batch, translated, strict=True):
                        mixed = blend(frame.pixels, picture, self._options.strength)
                        writer.put(replace(frame, pixels=mixed))
                self._slowest, self._repeated = slowest_stage(frames, writer), translate.repeated
                self._observer.limited(self._slowest)
                yield batch

    def _monitor(self, every: int) -> CycleMonitor | None:
        return CycleMonitor(self._inverse, every) if self._inverse is not None else None

    def _made_with(self, job: Job) -> dict[str, Any]:
        """What a segment of a video depends on; nothing where it is written in one piece anyway."""
        if STDIO in (job.input, job.output):
            return {}
        try:
            source = _identity_of(job)
        except OSError as error:
            raise InputError(
                f"cannot be read ({error.strerror})", path=job.input, remedy="check the file"
            ) from error
        return {
            **source,
            "model": self._translator.sha256,
            "way back": self._inverse.sha256 if self._inverse else None,
            "engine": self._translator.identity,
            **settings_of(self._options),
            "mediatrans": __version__,
            "PyAV": av.__version__,
        }

    def _note(
        self,
        job: Job,
        fingerprint: Fingerprint,
        frames: int,
        cycle: CycleSummary | None,
        *,
        is_partial: bool = False,
    ) -> None:
        """Write an output down in the manifest of its folder, if it has one.

        Raises:
            OutputError: Meanwhile something is there under its name.
        """
        job.refuse_taken()
        if job.home is None or job.origin is None or job.output is None:
            return
        manifest = self._manifests.setdefault(job.home, Manifest(job.home))
        figures = asdict(cycle) if cycle else None
        name = manifest.name_of(job.output)
        manifest.add(Entry(name, job.origin, fingerprint, frames, figures, is_partial))

    def _succeed(
        self,
        job: Job,
        frames: int,
        cycle: CycleSummary | None,
        damage: InputError | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        row = JobReport(
            job.input, job.output, job.kind, "ok", frames=frames, cycle=cycle, notes=notes
        )
        repeated = self._repeated if job.kind == "video" else 0
        row = replace(row, limited_by=self._slowest, repeated_frames=repeated)
        if damage is not None:
            says = f"{damage}; {frames} frames before it were kept"
            row = replace(row, status="partial", error=says, exit_code=damage.exit_code)
        self._finish(row)

    def _fail(self, job: Job, error: Exception) -> None:
        code = error.exit_code if isinstance(error, MediatransError) else ExitCode.INTERNAL
        if code == ExitCode.INTERNAL:
            log.error("%s: this is a bug in mediatrans", job.input, exc_info=error)
        is_named = job.input == STDIO or str(job.input) in str(error)
        says = str(error) if is_named else f"{job.input}: {error}"
        row = JobReport(job.input, job.output, job.kind, "failed", error=says, exit_code=code)
        self._finish(row)

    def _finish(self, row: JobReport) -> None:
        now_s = time.monotonic()
        row = replace(row, seconds=now_s - self._clock_s)
        self._clock_s = now_s
        self.rows.append(row)
        self._observer.finished(row)


def _identity_of(job: Job) -> dict[str, Any]:
    """What tells a job's video from another, and from itself after a change."""
    identity = input_identity(job.input)
    if job.frames:  # the folder's own time changes with whatever else is put into it
        listing = json.dumps([input_identity(frame) for frame in job.frames])
        digest = hashlib.sha256(listing.encode()).hexdigest()
        return {"input": identity["path"], "frames": digest}
    return {
        "input": identity["path"],
        "input size": identity["size"],
        "input time": identity["mtime_ns"],
    }


def _batches(
    frames: Iterable[Frame], size: int, border: int | None = None
) -> Iterator[list[Frame]]:
    """Group frames that follow each other and have one size, none over a border."""
    batch: list[Frame] = []
    for frame in frames:
        is_new = border is not None and frame.index % border == 0
        if batch and (is_new or frame.pixels.shape != batch[0].pixels.shape):
            yield batch
            batch = []
        batch.append(frame)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
