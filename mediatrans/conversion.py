"""The straight line: plan -> source -> translator -> monitor -> sink -> report."""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from mediatrans.errors import ExitCode, InputError, MediatransError, UsageError
from mediatrans.media.codecs import probe_encoder
from mediatrans.media.frames import Frame, Source
from mediatrans.media.images import PictureSink, PictureSource
from mediatrans.media.overlap import ReadAhead, WriteBehind
from mediatrans.media.pipe_formats import STDIO
from mediatrans.opening import encoding_of, open_sink, open_source
from mediatrans.plan import ConvertOptions, Job, plan
from mediatrans.quality.monitor import CycleMonitor, CycleSummary
from mediatrans.quality.report import JobReport, Report
from mediatrans.translate.blend import blend
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
    jobs = plan([Path(path) for path in given], to, options)
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
    return Report.of(translator.generator.name, run.rows, options.limits)


class _Run:
    """One call of `convert`: the loaded translators, and a row for every job that has ended."""

    def __init__(self, translator: Translator, options: ConvertOptions, observer: Observer) -> None:
        self.rows: list[JobReport] = []
        self._translator = translator
        self._options = options
        self._observer = observer
        self._inverse = translator.inverse() if options.check_every else None
        self._clock_s = time.monotonic()
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

    def convert_video(self, job: Job) -> None:
        """Translate one video file."""
        options = self._options
        monitor = self._monitor(every=options.check_every)
        count = 0
        try:
            with (
                open_source(job, options) as source,
                open_sink(job, source.info, options) as sink,
                # Closed before the sink and the source, also when this loop is left by an error.
                closing(self._stream(source, sink.write, monitor)) as batches,
            ):
                for batch in batches:
                    count += len(batch)
                    self._observer.translated(job, count, source.info.frame_count)
                if count == 0:
                    raise InputError("it holds no frame", path=job.input)
        except Exception as error:
            self._fail(job, error)
        else:
            self._succeed(job, count, monitor.take() if monitor else None)

    def convert_pictures(self, jobs: Sequence[Job]) -> None:
        """Translate picture files as one stream, so that they overlap, each with its own row."""
        options = self._options
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
                    self._succeed(job, 1, cycle, notes.pop(index, ()))

        try:
            with (
                PictureSource(
                    [job.input for job in jobs], failed, max_pixels=options.max_pixels
                ) as source,
                PictureSink(
                    [job.output for job in jobs if job.output], failed, quality=options.quality
                ) as sink,
            ):

                def write(frame: Frame) -> None:
                    notes[frame.index] = frame.still.notes if frame.still else ()
                    sink.write(frame)
                    ends.put((frame.index, None))

                with closing(self._stream(source, write, monitor, failed)) as batches:
                    for batch in batches:
                        settle()
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
            self._finish(JobReport(job.input, job.output, job.kind, "skipped", error=job.skip))

    def _stream(
        self,
        source: Source,
        write: Callable[[Frame], None],
        monitor: CycleMonitor | None,
        failed: Callable[[int, Exception], None] | None = None,
    ) -> Generator[list[Frame], None, None]:
        """Translate and write a source's frames; yields each batch when it is on its way out.

        Frames that cannot be translated go to `failed`; without it their error is raised.
        """
        with (
            ReadAhead(source, _QUEUE_DEPTH) as frames,
            WriteBehind(write, _QUEUE_DEPTH) as writer,
        ):
            for batch in _batches(frames, self._options.batch_size):
                pixels = np.stack([frame.pixels for frame in batch])
                try:
                    translated = self._translator(pixels)
                    if monitor is not None:
                        monitor.observe([frame.index for frame in batch], pixels, translated)
                except InputError as error:
                    if failed is None:
                        raise
                    for frame in batch:
                        failed(frame.index, error)
                else:
                    translated = blend(pixels, translated, self._options.strength)
                    for frame, picture in zip(batch, translated, strict=True):
                        writer.put(replace(frame, pixels=picture))
                yield batch

    def _monitor(self, every: int) -> CycleMonitor | None:
        return CycleMonitor(self._inverse, every) if self._inverse is not None else None

    def _succeed(
        self, job: Job, frames: int, cycle: CycleSummary | None, notes: tuple[str, ...] = ()
    ) -> None:
        row = JobReport(
            job.input, job.output, job.kind, "ok", frames=frames, cycle=cycle, notes=notes
        )
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


def _batches(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    """Group frames that follow each other and have one size."""
    batch: list[Frame] = []
    for frame in frames:
        if batch and frame.pixels.shape != batch[0].pixels.shape:
            yield batch
            batch = []
        batch.append(frame)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
