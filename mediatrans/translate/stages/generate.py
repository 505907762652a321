"""The innermost stage: runs the engine on a batch."""

from collections.abc import Sequence

import numpy as np

from mediatrans.translate.engines.engine import Engine, Pixels

__all__ = ["Generate"]


class Generate:
    """Runs frames of one size through an engine, as one batch.

    Args:
        engine: The loaded generator.
    """

    memory = 0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate frames; their size must satisfy the model's `SizeRule`."""
        batch = frames[0][np.newaxis] if len(frames) == 1 else np.stack(frames)
        return list(self._engine.run(batch).image)

    def restart(self) -> None:
        """Does nothing: the stage has no memory."""
