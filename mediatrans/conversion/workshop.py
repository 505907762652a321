"""What a process needs to do tasks: the options, and the generators that it has loaded."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import av

from mediatrans import __version__
from mediatrans.conversion.manifest import Entry, Manifest, input_identity
from mediatrans.conversion.options import ConvertOptions, settings_of
from mediatrans.conversion.task import Task
from mediatrans.errors import InputError, ModelError
from mediatrans.files.publish import Fingerprint
from mediatrans.media.endpoints import Sink, Source
from mediatrans.media.formats import Kind
from mediatrans.media.frames import MediaInfo, VideoInfo
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read.sources import Input, SourceOpener, open_source
from mediatrans.media.write.segments.segmented_sink import Resumable, segment_length
from mediatrans.media.write.sinks import Output, SinkOpener, open_sink
from mediatrans.quality.cycle import CycleMonitor, CycleSummary
from mediatrans.translate.chain import STAGES, Chain
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.engine import EngineOpener
from mediatrans.translate.stages.stage import StageMaker
from mediatrans.translate.translator import Translator
from mediatrans.zoo.find import Generator, find

__all__ = ["Workshop"]


class Workshop:
    """The options of a conversion and what is built from them, once a process.

    It can be pickled: what is loaded is then loaded again where it arrives.

    Args:
        generator: The direction of a model that translates.
        options: How to convert.
        source_opener: Gives the source of an input.
        sink_opener: Gives the sink of an output.
        engine_opener: Loads a graph.
        stages: The stages around the generator, from the innermost out.

    Attributes:
        generator: The direction of a model that translates.
        options: How to convert.
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
        self.options = options
        self._open_source = source_opener
        self._open_sink = sink_opener
        self._open_engine = engine_opener
        self._stages = stages
        self._manifests: dict[Path, Manifest] = {}

    @classmethod
    def of(cls, to: str, options: ConvertOptions, **openers: Any) -> Self:
        """The workshop of the model that translates to a domain; `openers` as for `Workshop`.

        Raises:
            ModelError: No model translates to it, two in one place do, or the file is bad.
        """
        return cls(find(to, options.model), options, **openers)

    def __getstate__(self) -> dict[str, Any]:
        loaded = ("translator", "inverse", "chain")
        return {k: v for k, v in self.__dict__.items() if k not in loaded} | {"_manifests": {}}

    @cached_property
    def translator(self) -> Translator:
        """The loaded generator."""
        how = self.options
        return Translator(
            self.generator, device=how.device, threads=how.threads, opener=self._open_engine
        )

    @cached_property
    def inverse(self) -> Translator | None:
        """The loaded reverse generator; None where there is none, or nothing is checked."""
        return self.translator.inverse() if self.options.check_every else None

    @cached_property
    def chain(self) -> Chain:
        """The stages around the loaded generator."""
        return Chain(self.translator.stage, self._stages, self.options.strength)

    def load(self) -> None:
        """Load what is needed to do tasks, on this thread; later on others will ask for it.

        Raises:
            ModelError: A file is missing, changed or breaks the graph contract.
            DeviceError: The device that was asked for does not start.
        """
        _ = self.chain, self.inverse

    def check_unchanged(self) -> None:
        """Make sure that the files of the model are still those that were loaded.

        Raises:
            ModelError: One was replaced, changed or taken away.
        """
        self.translator.check_unchanged()
        if self.inverse is not None:
            self.inverse.check_unchanged()

    def model_error(self) -> ModelError | None:
        """What has become of the model's files since they were loaded, or None."""
        try:
            self.check_unchanged()
        except ModelError as error:
            return error
        return None

    def source(self, task: Task) -> Source:
        """The source of a task, to be opened by its `with` block."""
        return self._open_source(Input(task.input, task.kind, task.frames), self.options)

    def sink(self, output: Output) -> Sink:
        """The sink of an output, to be opened by its `with` block."""
        return self._open_sink(output, self.options)

    def monitor(self, kind: Kind) -> CycleMonitor | None:
        """What measures the round trip of a file, or None where nothing is measured."""
        if self.inverse is None:
            return None
        return CycleMonitor(self.inverse, self.options.check_every if kind == "video" else 1)

    def resumable(
        self, task: Task, info: MediaInfo, notes: Callable[[int, int], Any]
    ) -> Resumable | None:
        """What is needed to write a video in segments; None for what is written in one piece.

        Args:
            task: The task.
            info: Its source.
            notes: Gives what else is to be kept with the frames of a segment.

        Raises:
            InputError: The input cannot be looked at.
        """
        if STDIO in (task.input, task.output) or not isinstance(info, VideoInfo):
            return None
        how = self.options
        length = segment_length(info, task.output, how.batch_size, how.segment_frames)
        if length is None:
            return None
        identity = {**self._made_with(task), "segment_frames": length}
        return Resumable(identity, length, notes, task.refuse_taken)

    def note(
        self,
        task: Task,
        fingerprint: Fingerprint,
        frames: int,
        cycle: CycleSummary | None,
        *,
        is_partial: bool,
    ) -> None:
        """Write an output down in the manifest of its folder, if it has one.

        Raises:
            OSError: The disk is full, or the folder was taken away.
        """
        if task.home is None or task.origin is None:
            return
        manifest = self._manifests.setdefault(task.home, Manifest(task.home))
        name = manifest.name_of(task.output)
        manifest.add(Entry(name, task.origin, fingerprint, frames, cycle, is_partial))

    def _made_with(self, task: Task) -> dict[str, Any]:
        """What a segment of a video depends on."""
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
            **settings_of(self.options),
            "mediatrans": __version__,
            "pyav": av.__version__,
        }


def _identity_of(task: Task) -> Mapping[str, Any]:
    """What tells a task's video from another, and from itself after a change."""
    identity = input_identity(task.input)
    if task.frames:  # the folder's own time changes with whatever else is put into it
        listing = json.dumps([input_identity(frame) for frame in task.frames])
        digest = hashlib.sha256(listing.encode()).hexdigest()
        return {"input": identity["path"], "frames": digest}
    return {
        "input": identity["path"],
        "input_size": identity["size"],
        "input_time": identity["mtime_ns"],
    }
