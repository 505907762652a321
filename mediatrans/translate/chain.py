"""The chain: a generator and the stages around it as one callable."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mediatrans.translate.engines.engine import Engine, Pixels
from mediatrans.translate.stages.blend import blend
from mediatrans.translate.stages.generate import Generate
from mediatrans.translate.stages.repeats import Repeats
from mediatrans.translate.stages.restore import Restore
from mediatrans.translate.stages.stage import Inner, Stage, StageMaker
from mediatrans.translate.stages.tiles import GenerateTiles, Tiling
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["STAGES", "Chain", "generator_of", "memory_of"]

STAGES: dict[str, StageMaker] = {"repeats": Repeats}
"""The stages of a conversion, innermost first."""


def generator_of(
    engine: Engine,
    rule: SizeRule,
    side: int | None = None,
    *,
    threads: int | None = None,
    path: Path | None = None,
    in_series: bool = False,
    tiling: Tiling | None = None,
) -> Stage:
    """A stage that translates frames of any size with an engine.

    Args:
        engine: The loaded generator.
        rule: The picture sizes that its graph accepts.
        side: The working size: the length of a frame's shorter side; None for no limit.
        threads: The number of threads that restore the full size; None for one per core.
        path: The graph's file, for messages.
        in_series: Whether a frame gets the same bytes in every batch.
        tiling: How frames larger than a tile are divided; None leaves them whole.
    """
    generate = Generate(engine, rule, path, in_series=in_series)
    if tiling is None:
        return Restore(generate, side, threads)
    return Restore(GenerateTiles(generate, engine, rule, tiling), side, threads)


def memory_of(stages: Sequence[StageMaker]) -> int:
    """The number of past frames that a chain with these stages depends on.

    No generator is needed to tell: each frame that it translates depends on that frame alone.

    Args:
        stages: As for `Chain`.
    """
    return sum(make(_not_called).memory for make in stages)


def _not_called(frames: Sequence[Pixels], /) -> list[Pixels]:
    raise NotImplementedError


class Chain:
    """Translates frames through the generator and all stages.

    Args:
        generator: The innermost stage, which translates frames of any size.
        stages: The stages around it, innermost first.
        strength: The share of the translation in `blended`, 0 to 1.

    Attributes:
        memory: The number of past frames that a translation depends on.
    """

    def __init__(
        self, generator: Stage, stages: Sequence[StageMaker] = (), strength: float = 1.0
    ) -> None:
        self._asked = self._generated = 0
        self._generator = generator
        self._stages = [generator]
        outermost: Inner = self._generate
        for make in stages:
            outermost = stage = make(outermost)
            self._stages.append(stage)
        self._outermost = outermost
        self._blend = partial(blend, strength=strength)
        self.memory = sum(stage.memory for stage in self._stages)

    @property
    def repeated(self) -> int:
        """The number of frames so far that a stage could answer without generating them."""
        return self._asked - self._generated

    def __call__(self, frames: Sequence[Pixels]) -> list[Pixels]:
        """Translate the next frames of a sequence; shapes and errors are those of `Stage`."""
        translated = self._outermost(frames)
        self._asked += len(frames)
        return translated

    def _generate(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        translated = self._generator(frames)
        self._generated += len(frames)
        return translated

    def blended(self, frame: Pixels, translated: Pixels) -> Pixels:
        """The blend of a frame and its translation, which is written to the output.

        It is separate from the call, since the cycle check needs the translation itself.

        Args:
            frame: The source frame, uint8 [H, W, 3] RGB.
            translated: Its translation, the same shape.
        """
        return self._blend(frame, translated)

    def restart(self, before: Sequence[Pixels] = (), batch: int = 1) -> None:
        """Forget the past frames before another sequence.

        Args:
            before: The frames before its first one, which only warm up the stages.
            batch: The number of frames per call while they do.
        """
        for stage in self._stages:
            stage.restart()
        for first in range(0, len(before), batch):
            self(before[first : first + batch])
