"""The chain: the stages around a generator, as one call."""

from collections.abc import Sequence
from functools import partial

from mediatrans.translate.engines.engine import Engine, Pixels
from mediatrans.translate.stages.blend import blend
from mediatrans.translate.stages.generate import Generate
from mediatrans.translate.stages.pad import Pad
from mediatrans.translate.stages.repeats import Repeats
from mediatrans.translate.stages.stage import Stage, StageMaker
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["STAGES", "Chain", "generator_of"]

STAGES: dict[str, StageMaker] = {"repeats": Repeats}
"""The stages of a conversion, from the innermost out."""


def generator_of(engine: Engine, rule: SizeRule) -> Stage:
    """An engine that takes frames of any size.

    Args:
        engine: The loaded generator.
        rule: The sizes that its graph takes.
    """
    return Pad(Generate(engine), rule)


class Chain:
    """Frames in, their translations out, through every stage.

    Args:
        generator: What translates frames of any size.
        stages: The stages around it, from the innermost out.
        strength: How much of the translation `blended` takes.

    Attributes:
        memory: How many past frames a translation depends on.
    """

    def __init__(
        self, generator: Stage, stages: Sequence[StageMaker] = (), strength: float = 1.0
    ) -> None:
        self._stages = [generator]
        for make in stages:
            self._stages.append(make(self._stages[-1]))
        self._blend = partial(blend, strength=strength)
        self.memory = sum(stage.memory for stage in self._stages)

    @property
    def repeated(self) -> int:
        """Frames until now that were not generated, being equal to the one before."""
        return sum(stage.repeated for stage in self._stages if isinstance(stage, Repeats))

    def __call__(self, frames: Sequence[Pixels]) -> list[Pixels]:
        """Translate the next frames of a sequence; `Stage` has shapes and errors."""
        return self._stages[-1](frames)

    def blended(self, frame: Pixels, translated: Pixels) -> Pixels:
        """What is written: the blend of a frame and its translation.

        It stands apart from the call, since the cycle check is given the translation itself.

        Args:
            frame: uint8 [H, W, 3] RGB.
            translated: Its translation, the same shape.
        """
        return self._blend(frame, translated)

    def restart(self) -> None:
        """Forget the frames until now: another sequence begins."""
        for stage in self._stages:
            stage.restart()
