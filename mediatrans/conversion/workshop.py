"""The workshop of a process: the options of a conversion and the loaded generators."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import av

from mediatrans import __version__
from mediatrans.conversion.manifest import Entry, Manifest, input_identity
from mediatrans.conversion.options import ConvertOptions, settings_of, with_working_size
from mediatrans.conversion.task import Task
from mediatrans.errors import InputError, ModelError
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.mirror import Mirror
from mediatrans.media.endpoints import Sink, Source
from mediatrans.media.formats import Kind
from mediatrans.media.frames import MediaInfo
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read.sources import Input, SourceOpener, open_source
from mediatrans.media.write.segments.segmented_sink import Notes, Resumable, segment_length
from mediatrans.media.write.sinks import Output, SinkOpener, open_sink
from mediatrans.quality.capture import Capture
from mediatrans.quality.cycle import CycleMonitor, CycleSummary
from mediatrans.quality.figures import FileFigures
from mediatrans.quality.judging import Judge
from mediatrans.quality.spread import Spread, read_spread
from mediatrans.quality.verdict import Verdict
from mediatrans.translate.chain import STAGES, Chain, memory_of
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.domain_classifier import open_classifier
from mediatrans.translate.engines.engine import EngineOpener
from mediatrans.translate.stages.stabilise import METHOD, Stabilise
from mediatrans.translate.stages.stage import StageMaker
from mediatrans.translate.translator import Translator
from mediatrans.zoo.find import Generator

__all__ = ["Workshop"]

_READ_BACK = 2
"""One in this many of the frames whose round trip is measured is compared with the written file."""


class Workshop:
    """The options of a conversion and the objects that are built from them once per process.

    It can be pickled; the receiving process loads the generators again.

    Args:
        generator: The generator that translates.
        options: The options.
        source_opener: Returns the source of an input.
        sink_opener: Returns the sink of an output.
        engine_opener: Loads a graph.
        stages: The stages around the generator, innermost first.

    Attributes:
        generator: The generator that translates.
        options: The options, with the generator's working size in place of "auto".
        mirror: Where inputs in buckets are fetched to; None without any.
    """

    def __init__(
        self,
        generator: Generator,
        options: ConvertOptions,
        *,
        source_opener: SourceOpener = open_source,
        sink_opener: SinkOpener = open_sink,
        engine_opener: EngineOpener = open_engine,
        stages: Sequence[StageMaker] = tuple(STAGES.values()),
    ) -> None:
        self.generator = generator
        self.options = with_working_size(options, generator.working_size)
        self._open_source = source_opener
        self._open_sink = sink_opener
        self._open_engine = engine_opener
        self._stages = stages
        self.mirror: Mirror | None = None
        self._manifests: dict[Path, Manifest] = {}
        self._model_error: ModelError | None = None

    def __getstate__(self) -> dict[str, Any]:
        loaded = ("translator", "inverse", "_chains", "judge")
        return {k: v for k, v in self.__dict__.items() if k not in loaded} | {"_manifests": {}}

    @cached_property
    def translator(self) -> Translator:
        """The loaded generator."""
        how = self.options
        return Translator(
            self.generator,
            device=how.device,
            precision=how.precision,
            threads=how.threads,
            work_size=how.work_size,
            tile=how.tile,
            opener=self._open_engine,
        )

    @cached_property
    def inverse(self) -> Translator | None:
        """The loaded reverse generator; None if there is none or nothing is checked."""
        return self.translator.inverse() if self.options.check_every else None

    def chain(self, kind: Kind) -> Chain:
        """The stages around the loaded generator, for pictures or for videos."""
        return self._chains[kind]

    @cached_property
    def _chains(self) -> dict[Kind, Chain]:
        how, alone, series = self.options, self.translator.stage, self.translator.series_stage
        return {
            "image": Chain(
                alone if how.batch_size in ("auto", 1) else series,
                self._around("image"),
                how.strength,
            ),
            "video": Chain(
                alone if how.batch_size == 1 else series,
                self._around("video"),
                how.strength,
            ),
        }

    def _around(self, kind: Kind) -> list[StageMaker]:
        """The stages around the generator, innermost first."""
        is_steadied = kind == "video" and self.options.stabilise
        steadying = [partial(Stabilise, strength=self.options.stabilise)] if is_steadied else []
        return [*self._stages, *steadying]

    def memory(self, kind: Kind) -> int:
        """The number of past frames that a translation depends on; no model is loaded."""
        return memory_of(self._around(kind))

    def begin(self) -> None:
        """Begin a run: load the generators on this thread, before other threads use them.

        Raises:
            ModelError: A file is missing, changed or breaks the graph contract.
            DeviceError: The requested device does not start.
        """
        _ = self._chains, self.inverse
        if self.options.check_every:
            _ = self.judge
        self._manifests, self._model_error = {}, None

    def check_unchanged(self) -> None:
        """Check that the model files are still those that were loaded.

        Raises:
            ModelError: A file was replaced, changed or removed, now or earlier in the run.
        """
        self.refuse_known_change()
        try:
            self.translator.check_unchanged()
            if self.inverse is not None:
                self.inverse.check_unchanged()
        except ModelError as error:
            self._model_error = error
            raise

    def refuse_known_change(self) -> None:
        """Raise what an earlier check of the run has found, without another look at the files.

        Raises:
            ModelError: A file was found to be replaced, changed or removed.
        """
        if self._model_error is not None:
            raise self._model_error

    def model_error(self) -> ModelError | None:
        """The error if a model file changed since it was loaded, or None."""
        try:
            self.check_unchanged()
        except ModelError as error:
            return error
        return None

    def source(self, task: Task, *, keep_partial: bool = False) -> Source:
        """The source of a task; its `with` block opens it.

        Args:
            task: The task.
            keep_partial: Whether a damaged video is read as with this option, also without it.

        Raises:
            InputError: The input is in a bucket and cannot be fetched.
        """
        if task.stored is not None and self.mirror is not None:
            self.mirror.fetch(task.stored, task.input)
        is_checked = task.span is not None and task.span.stretch is not None
        wanted = Input(task.input, task.kind, task.frames, is_checked=is_checked)
        how = replace(self.options, keep_partial=True) if keep_partial else self.options
        return self._open_source(wanted, how)

    def sink(self, output: Output) -> Sink:
        """The sink of an output; its `with` block opens it."""
        return self._open_sink(output, self.options)

    def monitor(self, kind: Kind) -> CycleMonitor | None:
        """The cycle monitor of a file; None if nothing is measured."""
        if self.inverse is None:
            return None
        every = self.options.check_every if kind == "video" else 1
        return CycleMonitor(self.inverse, every, self.translator.working_side)

    def capture(self, kind: Kind, first: int = 0) -> Capture:
        """The capture of a picture, or of a video's frames at every other measured round trip.

        Args:
            kind: "image" or "video".
            first: Index of the first frame.
        """
        every = 1 if kind == "image" else _READ_BACK * self.options.check_every
        return Capture(every, self.translator.working_side, first)

    @cached_property
    def judge(self) -> Judge:
        """What written files are measured with."""
        return Judge(
            side=self.translator.working_side,
            inverse=self.inverse,
            classifier=open_classifier(self.generator),
            target=self.generator.to,
        )

    @cached_property
    def spread(self) -> Spread:
        """The percentiles of the figures in the model's card; none for a weaker translation."""
        if self.options.strength < 1:
            return {}
        return read_spread(self.generator.percentiles)

    def resumable(self, task: Task, info: MediaInfo, notes: Notes) -> Resumable | None:
        """The parameters for writing a video in segments; None for an output in a single piece.

        Args:
            task: The task.
            info: The task's source.
            notes: What else is stored with each segment.

        Raises:
            InputError: The input cannot be accessed.
        """
        length = self.segment_length(task, info)
        if length is None:
            return None
        return Resumable(self.identity_of(task, length), length, notes, task.refuse_taken)

    def segment_length(self, task: Task, info: MediaInfo) -> int | None:
        """Frames per segment of a task; None for an output in a single piece.

        Args:
            task: The task.
            info: The task's source.
        """
        if task.kind == "image" or STDIO in (task.input, task.output):
            return None
        how = self.options
        # A batch ends with its segment, so one that is chosen by measurement changes no segment.
        batch_size = 1 if how.batch_size == "auto" else how.batch_size
        memory = self.memory("video")
        return segment_length(info, task.output, batch_size, how.segment_frames, memory)

    def identity_of(self, task: Task, length: int) -> dict[str, Any]:
        """Everything that the segments of a video depend on, as JSON values.

        Args:
            task: The task.
            length: Frames per segment.

        Raises:
            InputError: The input cannot be accessed.
        """
        return {**self._made_with(task), "segment_frames": length}

    def note(
        self,
        task: Task,
        fingerprint: Fingerprint,
        frames: int,
        cycle: CycleSummary | None,
        *,
        is_partial: bool,
        figures: FileFigures | None = None,
        verdict: Verdict | None = None,
    ) -> None:
        """Add an output to the manifest of its folder, if it has one.

        The last entry of an output counts. The first is made before the output gets its name, the
        second when it has been measured.

        Raises:
            OSError: The disk is full, or the folder was removed.
        """
        if task.home is None or task.origin is None:
            return
        if task.home not in self._manifests:
            shard = self.options.shard
            self._manifests[task.home] = Manifest(task.home, shard.name if shard else None)
        manifest = self._manifests[task.home]
        name = manifest.name_of(task.output)
        to = self.generator.to
        made = fingerprint, frames, cycle, is_partial, figures, verdict, to
        manifest.add(Entry(name, task.origin, *made))

    def _made_with(self, task: Task) -> dict[str, Any]:
        """Everything that a segment of a video depends on."""
        try:
            source = _identity_of(task)
        except OSError as error:
            raise InputError(
                f"cannot be read ({error.strerror})", path=task.input, remedy="check the file"
            ) from error
        return {
            **source,
            "model": self.translator.sha256,
            "reverse_model": self.inverse.sha256 if self.inverse else None,
            "engine": self.translator.identity,
            "reverse_engine": self.inverse.identity if self.inverse else None,
            "stages": [getattr(make, "__qualname__", repr(make)) for make in self._stages],
            "stabiliser": METHOD if self.options.stabilise else None,
            **settings_of(self.options),
            "mediatrans": __version__,
            "pyav": av.__version__,
        }


def _identity_of(task: Task) -> Mapping[str, Any]:
    """What identifies the current content of a task's video."""
    identity = task.stored.identity if task.stored else input_identity(task.input)
    if task.frames:  # the folder's own time also changes with unrelated files
        listing = json.dumps([input_identity(frame) for frame in task.frames])
        digest = hashlib.sha256(listing.encode()).hexdigest()
        return {"input": identity["path"], "frames": digest}
    return {
        "input": identity["path"],
        "input_size": identity["size"],
        "input_time": identity.get("mtime_ns"),
        "input_change": identity.get("ctime_ns"),
        "input_number": identity.get("inode"),
        "input_tag": identity.get("etag"),
    }
