"""An engine, a stage and an executor that the package does not have."""

import pickle
from collections.abc import Iterable, Sequence

import numpy as np

from mediatrans.conversion.events import Events
from mediatrans.conversion.line import run
from mediatrans.conversion.task import Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.stages.stage import Inner


class Elsewhere:
    """An executor that does each task as another process would: from its pickled parts."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        for task in tasks:
            there, tools = pickle.loads(pickle.dumps((task, workshop)))
            result: Result = pickle.loads(pickle.dumps(run(there, tools)))
            events.ended(result)


class Greying:
    """An engine that is none of ours."""

    identity = "greying 1"
    provider = "arithmetic"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        return Generated(np.full_like(images, 77))


class Trailing:
    """A stage that mixes each translation with those of the two frames before."""

    memory = 2

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self._past: list[Pixels] = []

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        mixed = []
        for made in self._inner(frames):
            self._past = [*self._past[-2:], made]
            mixed.append(np.mean(self._past, axis=0).astype(np.uint8))
        return mixed

    def restart(self) -> None:
        self._past = []
